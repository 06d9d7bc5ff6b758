"""Pixels: opening photos, fitting them to a model's canvas and back. No torch, no model."""

from pix2pix.photo.canvas import Canvas, to_canvas
from pix2pix.photo.decoding import Photo, open_photo

__all__ = ["Canvas", "Photo", "open_photo", "to_canvas"]
