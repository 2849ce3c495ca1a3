"""Picture bytes of any kind to (height, width, 3) float32 sRGB in [0, 1], or a clear refusal.

Supported: EXIF orientation, palettes, 1-bit, greyscale, alpha (returned apart, composited on white), 16-bit and
floating-point samples (scaled, not clipped), CMYK, embedded colour profiles, the first frame of an animation.
Refused before decoding: more pixels than `MAX_PIXELS`, a decompression bomb by any measure, and formats
whose readers start other programs.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.errors import ImageError
from orbifolio.runner.images.deep import read_deep_png

MAX_PIXELS = 170_000_000  # Pillow itself stops at 179 million
MIN_SIDE = 8  # pixels: less is an icon or a mistake, and shows a network nothing
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "JPEG2000", "PPM", "TGA")

# Files that are often mistaken for pictures: (first bytes, their offset in the file, what it is, cure).
_OTHERS = (
    (b"ftypheic", 4, "a HEIC photograph", "export it as JPEG"),
    (b"ftypmif1", 4, "a HEIF photograph", "export it as JPEG"),
    (b"%PDF", 0, "a PDF document", "export a page as PNG"),
    (b"%!PS", 0, "a PostScript drawing", "export it as PNG"),
    (b"<svg", 0, "an SVG drawing", "export it as PNG"),
    (b"<?xml", 0, "an XML file, perhaps an SVG drawing", "export it as PNG"),
    (b"<!doctype html", 0, "a web page", "name the picture itself"),
    (b"<html", 0, "a web page", "name the picture itself"),
)


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        pixels: (height, width, 3) float32 sRGB in [0, 1], alpha composited on white.
        alpha: (height, width) float32 in [0, 1], or None where the file has none.
        source: as the recipe names it.
        sha256: of the file's bytes.
    """

    pixels: F32
    alpha: F32 | None
    source: str
    sha256: str

    @property
    def width(self) -> int:
        """In pixels, after turning by EXIF."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels, after turning by EXIF."""
        return int(self.pixels.shape[0])


def read_picture(data: bytes, source: str) -> Picture:
    """The picture in a file's bytes.

    Args:
        data: all bytes of the file.
        source: how the recipe names it, for messages.

    Raises:
        ImageError: not a picture, damaged, too large or too small.
    """
    if not data:
        raise ImageError(f"{source}: is empty (0 bytes); a picture is a PNG, JPEG, WebP, TIFF or GIF file")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of bombs below twice its limit; ours is checked by hand.
            warnings.simplefilter("ignore")
            deep = _deep_tiff(data, source)
            if deep is None:
                image = Image.open(io.BytesIO(data), formats=FORMATS)
                _refuse_by_size(image.size, source)
                image.load()
                alpha, pixels = _decode(image, data)
            else:
                alpha, pixels = deep
    except ImageError:
        raise
    except UnidentifiedImageError:
        what, cure = _identify(data)
        raise ImageError(
            f"{source}: is {what}; supported are PNG, JPEG, WebP, AVIF, TIFF, GIF and BMP; {cure}"
        ) from None
    except Image.DecompressionBombError:
        raise _too_large(source, "far too many pixels") from None
    except MemoryError:
        raise _too_large(source, "more than fits in memory") from None
    except Exception as error:  # decoders raise what they like on damaged files
        reason = str(error).strip() or type(error).__name__
        raise ImageError(
            f"{source}: is damaged or cut short ({reason}); the file must be whole; copy or save it again"
        ) from error
    return Picture(pixels, alpha, source, hashlib.sha256(data).hexdigest())


def _identify(data: bytes) -> tuple[str, str]:
    start = data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for magic, offset, what, cure in _OTHERS:
        if (data if offset else start)[offset : offset + len(magic)].lower() == magic.lower():
            return what, cure
    return "not a picture that can be read", "save it again as one of these"


def _refuse_by_size(size: tuple[int, int], source: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large(source, f"{width} x {height} pixels")
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"{source}: is {width} x {height} pixels; both sides must be at least {MIN_SIDE}; use a larger picture"
        )


def _too_large(source: str, size: str) -> ImageError:
    return ImageError(
        f"{source}: has {size}; at most {MAX_PIXELS // 10**6} megapixels are read, so that a small file "
        "cannot fill the memory; scale it down first"
    )


def _decode(image: Image.Image, data: bytes) -> tuple[F32 | None, F32]:
    """(alpha or None, pixels) of a loaded image."""
    profiled = _has_other_profile(image)
    samples = None if profiled else read_deep_png(data)
    if samples is not None:
        return _split_alpha(_oriented(_whole(samples), _orientation(image)))
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"):
        return None, _deep_grey(np.asarray(image))
    alpha: Any = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"), dtype=np.float32) / 255
    elif image.mode == "P":
        image = image.convert("RGB")
    if profiled:
        image = _to_srgb(image)
    pixels: Any = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    return _composited(pixels, alpha)


def _split_alpha(samples: npt.NDArray[Any]) -> tuple[F32 | None, F32]:
    """(alpha or None, pixels) of samples in [0, 1] with one to four channels."""
    channels = samples.shape[2]
    colours = samples[..., :3] if channels >= 3 else np.repeat(samples[..., :1], 3, axis=2)
    return _composited(colours, samples[..., -1] if channels in (2, 4) else None)


def _composited(pixels: F32, alpha: F32 | None) -> tuple[F32 | None, F32]:
    """Lay a picture on white; an alpha that is 1 everywhere is none."""
    if alpha is None or bool((alpha == 1).all()):
        return None, np.ascontiguousarray(pixels, dtype=np.float32)
    return alpha, (pixels * alpha[..., None] + (1 - alpha[..., None])).astype(np.float32)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except (ValueError, TypeError, OSError, SyntaxError, struct.error):
        return 1


def _oriented(samples: F32, orientation: int) -> F32:
    """Turn and mirror as EXIF's number 1 to 8 says."""
    if orientation in (5, 6, 7, 8):
        samples = samples.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples


def _deep_tiff(data: bytes, source: str) -> tuple[F32 | None, F32] | None:
    """A TIFF with 16-bit or floating-point colour, which Pillow cuts or refuses; None for any other file."""
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    try:
        import tifffile  # here, since few pictures need it and it takes a seventh of a second

        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            shape, kind = page.shape, page.dtype
            if len(shape) != 3 or shape[2] not in (3, 4) or kind is None or page.photometric != 2:
                return None
            if kind.kind != "f" and kind != np.uint16:
                return None
            if 34675 in page.tags:
                return None  # an embedded colour profile, which Pillow applies
            _refuse_by_size((shape[1], shape[0]), source)
            orientation = page.tags.get("Orientation")
            values = page.asarray()
    except ImageError:
        raise
    except Exception:  # an unusual compression or a damaged file: Pillow decides
        return None
    samples = _whole(values) if kind == np.uint16 else _unit(values.astype(np.float64))
    return _split_alpha(_oriented(samples, 1 if orientation is None else int(orientation.value)))


def _deep_grey(values: npt.NDArray[Any]) -> F32:
    """16-bit, 32-bit or floating-point samples, scaled to [0, 1] by their type, not clipped to 8 bits."""
    if values.dtype.kind == "f":
        scaled = _unit(values.astype(np.float64))
    else:
        maximum = 65535 if values.max() <= 65535 else 2**31 - 1
        scaled = np.clip(values.astype(np.float64) / maximum, 0, 1).astype(np.float32)
    return np.repeat(scaled[..., None], 3, axis=2)


def _whole(samples: npt.NDArray[Any]) -> F32:
    """16-bit samples in [0, 1]."""
    return (samples.astype(np.float64) / 65535).astype(np.float32)


def _unit(values: F64) -> F32:
    """Floating-point files are in [0, 1] by custom; others are stretched from their own extremes."""
    if not np.isfinite(values).all():
        raise ValueError("it contains values that are not numbers")
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        values = (values - low) / max(high - low, 1e-12)
    return values.astype(np.float32)


def _has_other_profile(image: Image.Image) -> bool:
    """Whether the picture has a colour profile other than sRGB's own."""
    profile = image.info.get("icc_profile")
    if not profile:
        return False
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return "srgb" not in name.lower()


def _to_srgb(image: Image.Image) -> Image.Image:
    """Apply an embedded colour profile; a profile that cannot be used is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image
