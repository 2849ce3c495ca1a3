"""Picture bytes of any kind to (height, width, 3) float32 sRGB in [0, 1], or a clear refusal.

Handled: EXIF orientation, palettes, 1-bit, greyscale, alpha (kept aside, composited on white), 16-bit and
floating-point samples (scaled, not clipped), CMYK, embedded colour profiles, the first frame of an animation.
Refused before decoding: more pixels than `MOST_PIXELS`, a decompression bomb by any measure.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from runner.errors import ImageError

MOST_PIXELS = 200_000_000
LEAST_SIDE = 8

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        pixels: (height, width, 3) float32 sRGB in [0, 1], alpha composited on white.
        alpha: (height, width) float32 in [0, 1], or None where the file has none.
        source: as the recipe names it.
        sha256: of the file's bytes.
    """

    pixels: Pixels
    alpha: Pixels | None
    source: str
    sha256: str

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])


def read_picture(data: bytes, source: str) -> Picture:
    """Decode a picture.

    Args:
        data: a file's content.
        source: its name, for messages.

    Raises:
        ImageError: not a picture, damaged, too large or too small.
    """
    if not data:
        raise ImageError(f"{source}: is empty (0 bytes); a picture is a PNG, JPEG, WebP, TIFF or GIF file")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of bombs below twice its limit; ours is checked by hand.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            _refuse_by_size(image, source)
            image.load()
            alpha, pixels = _decode(image)
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError(
            f"{source}: is not a picture that can be read; supported are PNG, JPEG, WebP, TIFF, GIF, BMP; "
            "save it again as one of these"
        ) from None
    except Image.DecompressionBombError:
        raise _too_large(source, "far too many pixels") from None
    except MemoryError:
        raise _too_large(source, "more than fits in memory") from None
    except Exception as error:  # decoders raise what they like on damaged files
        raise ImageError(
            f"{source}: is damaged or cut short ({str(error).strip() or type(error).__name__}); the file must be "
            "whole; copy or save it again"
        ) from error
    return Picture(pixels, alpha, source, hashlib.sha256(data).hexdigest())


def _refuse_by_size(image: Image.Image, source: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_large(source, f"{width} x {height} pixels")
    if min(width, height) < LEAST_SIDE:
        raise ImageError(
            f"{source}: is {width} x {height} pixels; both sides must be at least {LEAST_SIDE}; use a larger picture"
        )


def _too_large(source: str, size: str) -> ImageError:
    return ImageError(
        f"{source}: has {size}; at most {MOST_PIXELS // 10**6} megapixels are read, so that a small file cannot "
        "fill the memory; scale it down first"
    )


def _decode(image: Image.Image) -> tuple[Pixels | None, Pixels]:
    """(alpha or None, pixels) of a loaded image."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"):
        return None, _deep_grey(image)
    alpha = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"), dtype=np.float32) / 255
    image = _to_srgb(image)
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    if alpha is not None:
        pixels = pixels * alpha[..., None] + (1 - alpha[..., None])
        alpha = None if bool((alpha == 1).all()) else alpha
    return alpha, pixels


def _deep_grey(image: Image.Image) -> Pixels:
    """16-bit, 32-bit or floating-point samples, scaled to [0, 1] by their type, not clipped to 8 bits."""
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are not numbers")
    if image.mode == "F":
        # Floating-point files are in [0, 1] by custom; others are stretched from their own extremes.
        low, high = values.min(), values.max()
        if low < 0 or high > 1:
            values = (values - low) / max(high - low, 1e-12)
    else:
        values = values / (65535 if values.max() <= 65535 else 2**31 - 1)
    return np.repeat(np.clip(values, 0, 1)[..., None], 3, axis=2).astype(np.float32)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Apply an embedded colour profile; a profile that cannot be used is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image
