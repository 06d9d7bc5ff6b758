"""Pixels: opening photos, fitting them to a model's canvas and back, and writing results. No torch."""

from pix2pix.photo.canvas import Canvas, to_canvas
from pix2pix.photo.decoding import Photo, open_photo
from pix2pix.photo.receipt import read_receipt, save_result

__all__ = ["Canvas", "Photo", "open_photo", "read_receipt", "save_result", "to_canvas"]
