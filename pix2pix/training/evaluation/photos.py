"""The photographs that a checkpoint is measured on; none of them is trained on."""

from pathlib import Path

from PIL import Image

GRADIO_PHOTOS = ("tower.jpg", "lion.jpg", "cheetah1.jpg")
SIDE = 256  # of a measured photo, in pixels


def open_photos(folder: Path | None = None) -> dict[str, Image.Image]:
    """The PNG photographs in ``folder`` by name; without a folder those that come with gradio. RGB.

    Raises:
        FileNotFoundError: there is none in ``folder``.
    """
    paths = sorted(folder.glob("*.png")) if folder else _photos_of_gradio()
    if not paths:
        raise FileNotFoundError(f"There are no PNG photographs in {folder}.")
    return {path.stem: Image.open(path).convert("RGB") for path in paths}


def _photos_of_gradio() -> list[Path]:
    from gradio.media import get_image  # a machine that only trains has no gradio

    return [Path(get_image(name)) for name in GRADIO_PHOTOS]


def measured_photo(photo: Image.Image) -> Image.Image:
    """The middle square of ``photo`` at SIDE x SIDE, so that the canvas is the photo itself."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
