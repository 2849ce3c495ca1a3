"""TIFF -> samples, for every depth in the same way; raw files of cameras are told by their insides and refused.

tifffile reads the directories and unpacks strips and tiles, one at a time and never to more than their size, into
whatever kind of number the file has. What is no strip of plain numbers (JPEG, fax, palettes, YCbCr) is Pillow's.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffFileError, TiffPage

from orbifolio.runner.images.samples import StoredPicture, UnreadablePicture

_MAX_PICTURES = 1000  # that are looked at: a file can have as many as it has bytes for
_COLOURS: dict[int, tuple[Literal["grey", "rgb", "cmyk", "lab"], int]] = {
    PHOTOMETRIC.MINISWHITE: ("grey", 1),
    PHOTOMETRIC.MINISBLACK: ("grey", 1),
    PHOTOMETRIC.RGB: ("rgb", 3),
    PHOTOMETRIC.SEPARATED: ("cmyk", 4),
    PHOTOMETRIC.CIELAB: ("lab", 3),
}
"""What the first samples of a pixel are, and how many."""
_LOSSLESS: dict[int, str] = {
    COMPRESSION.NONE: "none",
    COMPRESSION.LZW: "LZW",
    COMPRESSION.ADOBE_DEFLATE: "deflate",
    COMPRESSION.DEFLATE: "deflate",
    COMPRESSION.PACKBITS: "PackBits",
    COMPRESSION.LZMA: "LZMA",
    COMPRESSION.ZSTD: "Zstandard",
}
_MOSAICS = (PHOTOMETRIC.CFA, PHOTOMETRIC.LINEAR_RAW)
_CAMERAS_OWN = (32767, 32769, 32770, 34713, 65000, 65535)  # compressions that cameras alone write
_MAKERS = {"NIKON": "Nikon NEF", "SONY": "Sony ARW", "PENTAX": "Pentax PEF", "SAMSUNG": "Samsung SRW"}
_KINDS = {1: "whole-number", 2: "signed whole-number", 3: "floating-point"}
_DEPTHS = {1: (*range(1, 17), 32, 64), 2: (8, 16, 32, 64), 3: (16, 32, 64)}  # bits, by sample format

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it tells every oddity of a file on the terminal


class Tiff:
    """A TIFF file.

    Args:
        data: all its bytes.

    Attributes:
        page: the largest picture in it that is no smaller copy of another.
        notes: which of several was taken.

    Raises:
        UnreadablePicture: it is a camera's raw file.
        TiffFileError: it is damaged.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.file = TiffFile(io.BytesIO(data))
        pages = list(islice(_pictures(self.file.pages), _MAX_PICTURES))
        if not pages:
            raise TiffFileError("it has no picture")
        _refuse_raw(data, pages)
        chosen = [page for page in pages if not (page.is_reduced or page.is_mask)] or pages
        self.page = max(chosen, key=lambda page: page.imagewidth * page.imagelength)  # the first of the largest
        self.notes: tuple[str, ...] = ()
        if len(chosen) > 1 or self.page is not pages[0]:
            width, height = self.size
            number = pages.index(self.page) + 1
            self.notes = (
                f"has {len(pages)} pictures; number {number}, the largest, is read: {width} x {height} pixels",
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.page.imagewidth, self.page.imagelength

    @property
    def for_pillow(self) -> bool:
        """Whether its samples are not in strips of plain numbers."""
        return self.page.compression not in _LOSSLESS or self.page.photometric not in _COLOURS

    def first(self) -> bytes:
        """The file with the chosen picture as its first, for readers that know no other.

        Raises:
            TiffFileError: its tags are larger than the file; Pillow copies every one of them.
        """
        if sum(tag.valuebytecount for tag in self.page.tags) > 2 * len(self.data):
            raise TiffFileError("its tags are larger than the file")
        form, at = ("Q", 8) if self.file.is_bigtiff else ("I", 4)
        changed = struct.pack(self.file.byteorder + form, self.page.offset)
        return self.data[:at] + changed + self.data[at + len(changed) :]

    def describe(self) -> str:
        """What a reader must know to save it in another way."""
        page = self.page
        return (
            f"a TIFF of {page.bitspersample}-bit {_KINDS.get(page.sampleformat, 'unusual')} samples, "
            f"{page.samplesperpixel} a pixel, photometric interpretation {int(page.photometric)}, compression "
            f"{_LOSSLESS.get(page.compression, int(page.compression))}"
        )

    def samples(self, most_bytes: int) -> StoredPicture:
        """The chosen picture's samples.

        Args:
            most_bytes: that they may take unpacked.

        Raises:
            UnreadablePicture: they would take more, or are of an unusual kind.
            TiffFileError, ValueError, RuntimeError: the file is damaged.
        """
        page, meaning = self.page, _meaning(self.page, self.describe())
        width, height = self.size
        segment = page.tile or (min(page.rowsperstrip, height), width)
        unpacked = max(width * height, int(np.prod(segment))) * page.samplesperpixel * max(page.bitspersample, 8) // 8
        if unpacked > most_bytes:
            raise UnreadablePicture(
                f"would take {unpacked / 1e6:,.0f} MB unpacked; at most {most_bytes / 1e6:,.0f} MB are; scale it "
                "down, or save it with 8 or 16 bits a sample"
            )
        values = np.empty((height, width, len(meaning.channels)), meaning.kept)
        for found, (plane, _, top, left, _), _ in page.segments(maxworkers=1):
            if found is None:
                raise TiffFileError("its strips are not all there")
            target = values[top : top + found.shape[1], left : left + found.shape[2]]
            part = found[0, : target.shape[0], : target.shape[1]]
            if page.planarconfig == 1 or page.samplesperpixel == 1:
                target[...] = meaning.numbers(part[..., meaning.channels])
            elif plane in meaning.channels:
                target[..., meaning.channels.index(plane)] = meaning.numbers(part)[..., 0]
        return StoredPicture(
            meaning.lab(values) if meaning.colours == "lab" else values,
            meaning.colours,
            top=meaning.top,
            opacity=meaning.opacity,
            inverted=page.photometric == PHOTOMETRIC.MINISWHITE,
            profile=page.iccprofile or b"",
            orientation=int(page.tags.valueof(274, 1)),
            notes=self.notes,
        )


def _pictures(pages: Any) -> Iterator[TiffPage]:
    """All pictures of a file, those below one before those after it: a raw file's thumbnail names its picture so."""
    at = 0
    while True:
        try:
            page = pages[at].aspage()
        except (IndexError, TiffFileError, struct.error):
            return  # cut off; what came before it is whole
        yield page
        if page.pages is not None:
            yield from _pictures(page.pages)
        at += 1


def _refuse_raw(data: bytes, pages: list[TiffPage]) -> None:
    """Name a camera's raw file, which has its thumbnail where others have their picture."""
    make = next((str(page.tags[271].value).upper() for page in pages if 271 in page.tags), "")
    name = next((f" ({kind})" for maker, kind in _MAKERS.items() if make.startswith(maker)), "")
    if any(page.is_dng for page in pages):
        name = " (DNG)"
    elif data[8:10] == b"CR":
        name = " (Canon CR2)"
    elif not any(page.photometric in _MOSAICS or page.compression in _CAMERAS_OWN for page in pages):
        return
    raise UnreadablePicture(
        f"is a camera's raw file{name}; its values are not yet colours, and the picture that other programs show is a "
        "thumbnail; develop it to JPEG or 16-bit TIFF"
    )


@dataclass(frozen=True)
class _Meaning:
    """What the samples of a page are.

    Attributes:
        bits: of a sample in the file.
        kept: of a sample in memory; `top` is what means 1 there.
        channels: which of the samples are kept: colours, then opacity.
    """

    bits: int
    kept: np.dtype[Any]
    top: float
    colours: Literal["grey", "rgb", "cmyk", "lab"]
    channels: list[int]
    opacity: Literal["none", "straight", "premultiplied"]

    def numbers(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Samples in the type that is kept."""
        if self.colours == "lab":
            return values.astype(self.kept)
        if values.dtype.kind == "i":
            values = np.maximum(values, 0)
        if self.kept.kind == "f" and values.dtype.kind != "f":
            values = values / np.float64(2 ** (self.bits - (values.dtype.kind == "i")) - 1)
        return values.astype(self.kept)

    def lab(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """CIELAB as `profiles` takes it: lightness is whole in the file, a and b have a sign."""
        lightness = values[..., :1] / np.float32(2**self.bits - 1)
        signed = np.where(values[..., 1:] >= 2 ** (self.bits - 1), values[..., 1:] - 2**self.bits, values[..., 1:])
        return np.concatenate([lightness, (signed / 2 ** (self.bits - 8) + 128) / 255], axis=2).astype(np.float32)


def _meaning(page: TiffPage, described: str) -> _Meaning:
    colours, needed = _COLOURS[page.photometric]
    bits, kind, count = page.bitspersample, int(page.sampleformat), page.samplesperpixel
    kind = 1 if kind == 4 else kind  # no kind was told
    lab = colours == "lab"
    if bits not in _DEPTHS.get(kind, ()) or (lab and (bits not in (8, 16) or count != 3)):
        raise UnreadablePicture(f"is {described}; this kind is not read; save it with 8 or 16 bits a sample in RGB")
    if count < needed or count > 64:
        raise TiffFileError(f"it has {count} samples a pixel")
    extra = [int(each) for each in page.extrasamples]
    if 338 not in page.tags and count == needed + 1:
        extra = [2]  # left unsaid: opacity by custom
    found = next((at for at, each in enumerate(extra[: count - needed]) if each in (1, 2, 999)), None)
    channels = [*range(needed), *(() if found is None else (needed + found,))]
    opacity: Literal["none", "straight", "premultiplied"] = "none"
    if found is not None:
        opacity = "premultiplied" if extra[found] == 1 else "straight"
    if lab or kind == 3 or bits > 16:
        return _Meaning(bits, np.dtype(np.float32), 1.0, colours, channels, opacity)
    kept = np.dtype(np.uint8 if bits <= 8 else np.uint16)
    return _Meaning(bits, kept, 2.0 ** (bits - (kind == 2)) - 1, colours, channels, opacity)
