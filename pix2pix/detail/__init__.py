"""What was drawn small, at the photo's own size: how far the edit reaches, and the photo's detail in its colours."""

from pix2pix.detail.comparison import change
from pix2pix.detail.upsampling import full_size

__all__ = ["change", "full_size"]
