"""Picture files -> samples, by Pillow and, for TIFF's many depths, by our reading of its strips; within limits.

What a decoder would cost is judged before it begins: by the pixels that the header tells, the bytes that samples take,
and how often a JPEG goes over all its pixels.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from orbifolio.runner.arrays import U8
from orbifolio.runner.images.code_points import codes_of_heif, codes_of_png
from orbifolio.runner.images.formats import READ, is_heif, what_else, what_text
from orbifolio.runner.images.heif import open_heif, reads_heif
from orbifolio.runner.images.samples import StoredPicture, UnreadablePicture

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "JPEG2000", "PPM", "TGA")
MIN_SIDE = 8  # pixels: less is an icon or a mistake, and shows a network nothing
_SRGB_LIKE = 0.02  # from a PNG's gamma to 1 / 2.2: programs that mean sRGB write so
MAX_SCANS = 100
"""Of a JPEG, each of which goes over the whole picture: cameras and programs write 1 to 12, the tightest packers 64."""
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # that ends a scan: the coded data has none of these


@dataclass(frozen=True)
class Limits:
    """What a picture may cost.

    Attributes:
        pixels: at most.
    """

    pixels: int

    @property
    def bytes(self) -> int:
        """Of samples: as many pixels in 16-bit colour, or fewer of a deeper kind."""
        return 6 * self.pixels

    def refusal(self, size: str) -> UnreadablePicture:
        """Of a picture with more pixels."""
        return UnreadablePicture(
            f"has {size}; at most {self.pixels // 10**6} megapixels are read, so that a small file cannot fill the "
            "memory; scale it down first"
        )

    def check(self, width: int, height: int) -> None:
        """Judge a size that a header tells.

        Raises:
            UnreadablePicture: too large or too small.
        """
        if width * height > self.pixels:
            raise self.refusal(f"{width} x {height} pixels")
        if min(width, height) < MIN_SIDE:
            raise UnreadablePicture(
                f"is {width} x {height} pixels; both sides must be at least {MIN_SIDE}; use a larger picture"
            )


def decode(data: bytes, limits: Limits) -> StoredPicture:
    """The samples of a file's picture: of an animation the first frame, of several pictures the largest.

    Args:
        data: all bytes of the file.
        limits: what it may cost.

    Raises:
        UnreadablePicture: says why it is not read.
        PIL.UnidentifiedImageError: it is of no format that is read.
        Exception: decoders raise what they like on damaged files.
    """
    if not data:
        raise UnreadablePicture("is empty (0 bytes); a picture is a PNG, JPEG, WebP, TIFF or GIF file")
    heif = is_heif(data) and reads_heif()
    other = None if heif else what_else(data)
    if other is not None:
        raise _other(*other)
    if data[:4] in _TIFF:
        return _tiff(data, limits)
    if data[:3] == _JPEG:
        _judge_jpeg(data)
    try:
        image: Image.Image = open_heif(data) if heif else Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        text = what_text(data)
        raise UnidentifiedImageError if text is None else _other(*text) from None
    if image.format == "JPEG2000":
        _judge_jpeg2000(data, image.mode)
    limits.check(*image.size)
    codes = codes_of_png(data) if data[:8] == _PNG else None
    deep = _deep_png(data) if data[:8] == _PNG else None
    if deep is not None:
        values, image = deep
        return replace(_with_metadata(image, values), codes=codes)
    image.load()
    if image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
        codes = codes_of_heif(data)
    bits = data[24] if data[:8] == _PNG else 8
    if bits < 8 and image.mode == "L" and isinstance(image.info.get("transparency"), int):
        # Pillow spreads 2 and 4 bits over 8, and leaves the transparent grey as it is in the file.
        image.info["transparency"] *= 255 // (2**bits - 1)
    return replace(_from_pillow(image), codes=codes)


def _other(what: str, cure: str) -> UnreadablePicture:
    return UnreadablePicture(f"{what}; supported are {READ}; {cure}")


def _judge_jpeg2000(data: bytes, mode: str) -> None:
    """Name those of more than 8 bits in colour: Pillow rounds white up to what 8 bits show as black."""
    at = data.find(b"\xff\x4f\xff\x51")  # the code stream's start and its sizes (ISO 15444-1, A.5.1)
    bits = (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 8
    if bits > 8 and not mode.startswith("I"):
        raise UnreadablePicture(
            f"is a JPEG 2000 picture with {bits} bits a sample; in colour those of 8 bits are read; save it as 16-bit "
            "PNG or TIFF"
        )


def _tiff(data: bytes, limits: Limits) -> StoredPicture:
    from orbifolio.runner.images.tiff import Tiff  # with all codecs, which other formats need not wait for

    file = Tiff(data)
    limits.check(*file.size)
    if not file.for_pillow:
        return file.samples(limits.bytes)
    try:
        image = Image.open(io.BytesIO(file.first()), formats=("TIFF",))
        image.load()
    except (OSError, SyntaxError, KeyError, ValueError) as error:
        raise UnreadablePicture(
            f"is {file.describe()}, and cannot be unpacked ({str(error) or type(error).__name__}); save it again "
            "with 8 or 16 bits a sample in RGB"
        ) from None
    return _from_pillow(image, file.notes)


def _judge_jpeg(data: bytes) -> None:
    """Count the scans of a JPEG, and name the kinds that libjpeg does not decode."""
    scans, at = 0, 2
    while at + 5 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits = data[at + 4]
            if bits != 8 or marker in (0xC3, 0xCB) or marker & 0b100:
                kind = f"with {bits} bits a sample" if bits != 8 else "of a lossless or hierarchical kind"
                raise UnreadablePicture(f"is a JPEG {kind}; JPEGs of 8 bits are read; save it as 16-bit PNG or TIFF")
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + length
        if marker == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise UnreadablePicture(
                    f"is a JPEG of more than {MAX_SCANS} scans, each of which costs as much as the whole picture; at "
                    f"most {MAX_SCANS} are read; save it again"
                )
            end = _MARKER.search(data, at)
            if end is None:
                break
            at = end.start()


def _deep_png(data: bytes) -> tuple[npt.NDArray[Any], Image.Image] | None:
    """(samples, image) of a PNG with 16 bits in several channels; None of any other.

    Pillow drops the lower eight bits of such samples. But it reads either half of them: in big-endian order it keeps
    the first byte of each, in little-endian order the second. Grey with opacity has four bytes a pixel, as RGBA has.
    """
    bits, kind = data[24], data[25]
    if bits != 16 or kind not in (2, 4, 6):
        return None
    if kind == 4:
        image = _as(data, "RGBA", "RGBA")
        return np.ascontiguousarray(np.asarray(image)).view(">u2").astype(np.uint16), image
    mode = "RGB" if kind == 2 else "RGBA"
    image = _as(data, mode, f"{mode};16B")
    high = np.asarray(image).astype(np.uint16)
    high <<= 8
    high |= np.asarray(_as(data, mode, f"{mode};16L"))
    return high, image


def _as(data: bytes, mode: str, raw: str) -> Any:
    """A PNG whose rows Pillow takes for those of another layout of as many bytes."""
    image: Any = Image.open(io.BytesIO(data), formats=("PNG",))
    image._mode = mode
    image.tile = [(tile[0], tile[1], tile[2], raw) for tile in image.tile]
    image.load()
    return image


def _from_pillow(image: Image.Image, notes: tuple[str, ...] = ()) -> StoredPicture:
    """The samples of a loaded image of any mode."""
    if image.mode in ("P", "PA"):
        return _with_metadata(image, _looked_up(image), notes)
    if image.mode in ("YCbCr", "HSV"):
        image = image.convert("RGB")
    values = np.asarray(image)
    if image.mode == "1":
        values = values.astype(np.uint8) * np.uint8(255)
    elif image.mode == "LAB":
        values = (values ^ np.array([0, 128, 128], np.uint8)).astype(np.float32) / np.float32(255)
    elif image.mode == "I":  # what Pillow has no narrower mode for: 16 bits
        values = np.clip(values, 0, 65535).astype(np.uint16)
    return _with_metadata(image, values, notes)


def _looked_up(image: Image.Image) -> U8:
    """The colours of a palette's indices, with opacity where the file has any."""
    table = np.zeros((256, 4), np.uint8)
    entries = np.array(image.getpalette("RGBA") or [], np.uint8).reshape(-1, 4)
    table[: len(entries)] = entries
    hidden = image.info.get("transparency")
    if isinstance(hidden, bytes):
        table[: len(hidden), 3] = list(hidden[:256])
    elif isinstance(hidden, int) and hidden < 256:
        table[hidden, 3] = 0
    indices = np.asarray(image)
    if image.mode == "PA":
        return np.dstack([table[indices[..., 0], :3], indices[..., 1]])
    used = len(entries) if hidden is None else 256
    found: U8 = table[indices] if (table[:used, 3] < 255).any() else table[:, :3][indices]
    return found


_COLOURS: dict[str, Literal["grey", "rgb", "cmyk", "lab"]] = {"1": "grey", "L": "grey", "I": "grey", "F": "grey"}
_COLOURS |= {"RGB": "rgb", "P": "rgb", "CMYK": "cmyk", "LAB": "lab", "YCbCr": "rgb", "HSV": "rgb"}
_CHANNELS = {"grey": 1, "rgb": 3, "cmyk": 4, "lab": 3}


def _with_metadata(image: Image.Image, values: npt.NDArray[Any], notes: tuple[str, ...] = ()) -> StoredPicture:
    """An image's values with what else its file says of them."""
    values = values[..., None] if values.ndim == 2 else values
    colours = _COLOURS[image.mode.rstrip("AaX").partition(";")[0]]
    if image.format == "PNG" and values.shape[2] == 2:
        colours = "grey"  # read as if it were RGBA
    opacity: Literal["none", "straight", "premultiplied"] = "none"
    if values.shape[2] > _CHANNELS[colours]:
        opacity = "premultiplied" if image.mode in ("La", "RGBa") else "straight"
    if image.mode == "RGBX":
        values, opacity = values[..., :3], "none"
    hidden = image.info.get("transparency")
    return StoredPicture(
        np.ascontiguousarray(values),
        colours,
        top={"u1": 255.0, "u2": 65535.0}.get(values.dtype.str[1:], 1.0),
        opacity=opacity,
        key=None if hidden is None or opacity != "none" or image.mode == "P" else _key(image, hidden),
        profile=image.info.get("icc_profile") or b"",
        power=_power(image),
        orientation=_orientation(image),
        notes=notes,
    )


def _power(image: Image.Image) -> float:
    """Of a PNG that says it with neither a profile nor sRGB beside it (PNG 3, 4.3); 0 for about sRGB's own 2.2."""
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or image.info.get("icc_profile") or abs(gamma - 1 / 2.2) < _SRGB_LIKE:
        return 0.0
    return float(np.clip(1 / gamma, 0.1, 10))


def _key(image: Image.Image, hidden: Any) -> tuple[int, ...] | None:
    """The transparent colour of a picture without a palette, in its values."""
    wanted = 3 if image.mode == "RGB" else 1
    key = tuple(int(each) for each in (hidden if isinstance(hidden, tuple) else (hidden,)))
    return key if len(key) == wanted and not isinstance(hidden, bytes) else None


def _orientation(image: Image.Image) -> int:
    """EXIF's number; Pillow itself turns a TIFF while it loads it, and takes the number away."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except (ValueError, TypeError, OSError, SyntaxError, struct.error):
        return 1
