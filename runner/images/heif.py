"""HEIC photographs, as phones take them, where `pillow-heif` is installed (`pip install 'orbifolio[heif]'`)."""

from __future__ import annotations

import io
from functools import cache
from importlib.util import find_spec

from PIL import Image


@cache
def reads_heif() -> bool:
    """Whether the package is here."""
    return find_spec("pillow_heif") is not None


def open_heif(data: bytes) -> Image.Image:
    """The file's main picture, not yet decoded.

    Raises:
        ImportError: the package is not here.
    """
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return Image.open(io.BytesIO(data), formats=("HEIF",))
