"""TIFF -> samples, for every depth in the same way; raw files of cameras are told by their insides and refused.

A TIFF is a chain of directories of tags, each describing one picture in strips or tiles (TIFF 6.0). The directories are
read here, within limits. libtiff, inside Pillow, unpacks what is compressed, but it gives samples of few depths; so the
packed strips are put into a TIFF of plain bytes, as tall and as wide as they are, and the bytes that come out are
taken apart here. Pictures that are not made of such strips (JPEG, fax, palettes, YCbCr) are Pillow's from the start.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import TiffImagePlugin

from orbifolio.runner.arrays import U8
from orbifolio.runner.images.samples import StoredPicture, UnreadablePicture

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAX_DIRECTORIES = 1000  # that are looked at: a file can have as many as it has bytes for
_BATCH = 1 << 24  # bytes that are unpacked at once

# Tags, by the names that TIFF 6.0 and DNG give them.
_SUBFILE, _OLD_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
_FILL_ORDER, _MAKE, _STRIP_OFFSETS, _ORIENTATION, _SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS = (
    266,
    271,
    273,
    274,
    277,
    278,
    279,
)
_PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS, _SUBS = 284, 317, 322, 323, 324, 325, 330
_EXTRA, _FORMAT, _PROFILE, _DNG_VERSION = 338, 339, 34675, 50706
_WANTED = {
    *(_SUBFILE, _OLD_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _MAKE, _STRIP_OFFSETS),
    *(_ORIENTATION, _SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS, _PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_LENGTH),
    *(_TILE_OFFSETS, _TILE_COUNTS, _SUBS, _EXTRA, _FORMAT, _PROFILE, _DNG_VERSION),
}
_TYPES = {
    1: "u1",
    2: "u1",
    3: "u2",
    4: "u4",
    6: "i1",
    7: "u1",
    8: "i2",
    9: "i4",
    13: "u4",
    16: "u8",
    17: "i8",
    18: "u8",
}
_SIZES = {5: 8, 10: 8, 11: 4, 12: 8} | {kind: int(code[1]) for kind, code in _TYPES.items()}
_NONE, _DEFLATE = 1, (8, 32946)
_LOSSLESS = {
    _NONE: "none",
    5: "LZW",
    8: "deflate",
    32946: "deflate",
    32773: "PackBits",
    34925: "LZMA",
    50000: "Zstandard",
}
_COLOURS: dict[int, tuple[Literal["grey", "rgb", "cmyk", "lab"], int]] = {
    0: ("grey", 1),
    1: ("grey", 1),
    2: ("rgb", 3),
    5: ("cmyk", 4),
    8: ("lab", 3),
}
_MOSAICS = (32803, 34892)  # photometric interpretations of raw pictures: a colour filter's mosaic, linear raw
_CAMERAS_OWN = (32767, 32769, 32770, 34713, 65000, 65535)  # compressions that cameras alone write
_FORMATS = {1: "whole-number", 2: "signed whole-number", 3: "floating-point"}


@dataclass(frozen=True)
class Directory:
    """One picture's tags: numbers as arrays, by tag; `offset` is where it begins in the file."""

    offset: int
    tags: dict[int, npt.NDArray[Any]]

    def number(self, tag: int, otherwise: int) -> int:
        """The first value of a tag."""
        values = self.tags.get(tag)
        return otherwise if values is None or not len(values) else int(values[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.number(_WIDTH, 0), self.number(_LENGTH, 0)

    @property
    def whole(self) -> bool:
        """Whether it is a picture in its own right, not a smaller copy of another or a mask."""
        return not self.number(_SUBFILE, 0) & 0b101 and self.number(_OLD_SUBFILE, 1) != 2


class Tiff:
    """A TIFF file.

    Args:
        data: all its bytes.

    Attributes:
        page: the largest picture in it that is no smaller copy of another.
        notes: which of several was taken.

    Raises:
        UnreadablePicture: it is a camera's raw file.
        ValueError: it is damaged.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order: Literal["<", ">"] = "<" if data[:2] == b"II" else ">"
        self.big = data[2:4] in (b"+\0", b"\0+")
        pages = list(self._directories())
        if not pages:
            raise ValueError("it has no picture")
        _refuse_raw(data, pages)
        chosen = [page for page in pages if page.whole] or pages
        self.page = max(chosen, key=lambda page: page.size[0] * page.size[1])  # the first of the largest
        self.notes: tuple[str, ...] = ()
        if len(chosen) > 1 or self.page is not pages[0]:
            width, height = self.page.size
            number = pages.index(self.page) + 1
            self.notes = (
                f"has {len(pages)} pictures; number {number}, the largest, is read: {width} x {height} pixels",
            )

    def _directories(self) -> Iterator[Directory]:
        (first,) = struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, 8 if self.big else 4)
        waiting: list[int] = [first]
        seen: set[int] = set()
        while waiting and len(seen) < _MAX_DIRECTORIES:
            offset = waiting.pop(0)
            if offset in seen or not 0 < offset < len(self.data):
                continue
            seen.add(offset)
            try:
                directory, following = self._directory(offset)
            except struct.error:
                continue  # cut off; what came before it is whole
            yield directory
            # those below it come before those after it: a raw file's thumbnail names its picture so
            waiting = [*map(int, directory.tags.get(_SUBS, ())), following, *waiting]

    def _directory(self, offset: int) -> tuple[Directory, int]:
        head, entry = ("Q", "HHQQ") if self.big else ("H", "HHII")
        (count,) = struct.unpack_from(self.order + head, self.data, offset)
        at, size, inline = offset + struct.calcsize("=" + head), struct.calcsize("=" + entry), 8 if self.big else 4
        if count > 65535 or at + count * size > len(self.data):
            raise struct.error("it is longer than the file")
        tags, total = {}, 0
        for place in range(at, at + count * size, size):
            tag, kind, number, value = struct.unpack_from(self.order + entry, self.data, place)
            length = _SIZES.get(kind, 1) * number
            total += length if value + length <= len(self.data) else 0
            if total > 2 * len(self.data):  # Pillow copies every one of them
                raise ValueError("its tags are larger than the file")
            if tag in _WANTED and kind in _TYPES:
                start = place + size - inline if length <= inline else value
                part = self.data[start : start + length]
                if len(part) == length:
                    tags[tag] = np.frombuffer(part, np.dtype(_TYPES[kind]).newbyteorder(self.order))
        (following,) = struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, at + count * size)
        return Directory(offset, tags), int(following)

    @property
    def for_pillow(self) -> bool:
        """Whether its samples are not in strips of plain numbers."""
        page = self.page
        return page.number(_COMPRESSION, 1) not in _LOSSLESS or page.number(_PHOTOMETRIC, 1) not in _COLOURS

    def first(self) -> bytes:
        """The file with the chosen picture as its first, for readers that know no other."""
        changed = struct.pack(self.order + ("Q" if self.big else "I"), self.page.offset)
        at = 8 if self.big else 4
        return self.data[:at] + changed + self.data[at + len(changed) :]

    def describe(self) -> str:
        """What a reader must know to save it in another way."""
        page = self.page
        kind = _FORMATS.get(page.number(_FORMAT, 1), "unusual")
        packed = page.number(_COMPRESSION, 1)
        return (
            f"a TIFF of {page.number(_BITS, 1)}-bit {kind} samples, {page.number(_SAMPLES, 1)} a pixel, photometric "
            f"interpretation {page.number(_PHOTOMETRIC, 1)}, compression {_LOSSLESS.get(packed, packed)}"
        )

    def samples(self, most_bytes: int) -> StoredPicture:
        """The chosen picture's samples.

        Args:
            most_bytes: that they may take unpacked.

        Raises:
            UnreadablePicture: they would take more, or are of an unusual kind.
            ValueError: the file is damaged.
            OSError: libtiff cannot unpack it.
        """
        layout = _layout(self.page, self.order, self.describe())
        if layout.bytes > most_bytes:
            raise UnreadablePicture(
                f"would take {layout.bytes / 1e6:,.0f} MB unpacked; at most {most_bytes / 1e6:,.0f} MB are; scale it "
                "down, or save it with 8 or 16 bits a sample"
            )
        values = np.empty((layout.height, layout.width, len(layout.channels)), layout.kept)
        for place, plane, packed_rows in _segments(self.page, layout, self.data):
            target = values[place]
            if layout.separate:
                target = target[..., layout.channels.index(plane), None]
            found = layout.numbers(packed_rows)[: target.shape[0], : target.shape[1]]
            target[...] = found if layout.separate else found[..., layout.channels]
        profile = self.page.tags.get(_PROFILE)
        return StoredPicture(
            values,
            layout.colours,
            top=layout.top,
            opacity=layout.opacity,
            inverted=self.page.number(_PHOTOMETRIC, 1) == 0,
            profile=b"" if profile is None else profile.tobytes(),
            orientation=self.page.number(_ORIENTATION, 1),
            notes=self.notes,
        )


def _refuse_raw(data: bytes, pages: list[Directory]) -> None:
    """Name a camera's raw file, which has its thumbnail where others have their picture."""
    made = next((page.tags[_MAKE].tobytes().upper() for page in pages if _MAKE in page.tags), b"")
    by_make = {
        b"NIKON": " (Nikon NEF)",
        b"SONY": " (Sony ARW)",
        b"PENTAX": " (Pentax PEF)",
        b"SAMSUNG": " (Samsung SRW)",
    }
    name = next((words for maker, words in by_make.items() if made.startswith(maker)), "")
    if any(_DNG_VERSION in page.tags for page in pages):
        name = " (DNG)"
    elif data[8:10] == b"CR":
        name = " (Canon CR2)"
    elif not any(
        page.number(_PHOTOMETRIC, 1) in _MOSAICS or page.number(_COMPRESSION, 1) in _CAMERAS_OWN for page in pages
    ):
        return
    raise UnreadablePicture(
        f"is a camera's raw file{name}; its values are not yet colours, and the picture that other programs show is a "
        "thumbnail; develop it to JPEG or 16-bit TIFF"
    )


@dataclass(frozen=True)
class _Layout:
    """How a picture's samples lie in its strips or tiles.

    Attributes:
        width: of the picture in pixels; `height` likewise.
        stored: samples of a pixel in one segment: all of them, or one where planes are separate.
        planes: 1, or as many as there are samples.
        across: width of a segment in pixels; `down` is its height.
        bits: of a sample.
        dtype: of a sample in the file.
        kept: of a sample in memory; `top` is what means 1 there.
        channels: which of the samples are kept: colours, then opacity.
    """

    width: int
    height: int
    stored: int
    planes: int
    across: int
    down: int
    tiled: bool
    bits: int
    dtype: np.dtype[Any]
    kept: np.dtype[Any]
    top: float
    colours: Literal["grey", "rgb", "cmyk", "lab"]
    channels: list[int]
    opacity: Literal["none", "straight", "premultiplied"]
    predictor: int

    @property
    def separate(self) -> bool:
        """Whether each sample has a plane of its own."""
        return self.planes > 1

    @property
    def row_bytes(self) -> int:
        """Of one row of a segment."""
        return (self.across * self.stored * self.bits + 7) // 8

    @property
    def bytes(self) -> int:
        """Of all samples, unpacked."""
        return self.width * self.height * self.stored * self.planes * max(self.bits, 8) // 8

    def numbers(self, rows: U8) -> npt.NDArray[Any]:
        """(rows, across, stored) of (rows, bytes of a row)."""
        count, size = len(rows), self.across * self.stored
        if self.bits < 16 and self.bits != 8:
            bits = np.unpackbits(rows, axis=1)[:, : size * self.bits].reshape(count, size, self.bits)
            values: npt.NDArray[Any] = bits @ (1 << np.arange(self.bits - 1, -1, -1)).astype(np.uint16)
        elif self.predictor == 3:
            values = self._floats(rows)
        else:
            values = np.ascontiguousarray(rows).view(self.dtype)
        values = values.reshape(count, self.across, self.stored)
        if self.predictor == 2:
            whole = f"u{values.dtype.itemsize}"
            steps = values.view(np.dtype(whole).newbyteorder(values.dtype.byteorder))
            values = np.cumsum(steps, axis=1, dtype=whole).view(self.dtype.newbyteorder("="))
        return self._kept(values)

    def _floats(self, rows: U8) -> npt.NDArray[Any]:
        """Undo the predictor of floating-point samples (Adobe's technical note 3): bytes are sorted by weight."""
        size = self.dtype.itemsize
        steps = rows.reshape(len(rows), -1, self.stored)
        sums = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), size, -1)
        return np.ascontiguousarray(sums.transpose(0, 2, 1)).view(f">f{size}")[..., 0]

    def _kept(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """In the type that is kept, of which `top` is 1."""
        most = np.float64(2 ** (self.bits - (values.dtype.kind == "i")) - 1)
        if self.colours == "lab":  # lightness is whole, a and b have a sign; as `profiles` takes them
            signed = values[..., 1:].astype(f"i{self.bits // 8}") / 2 ** (self.bits - 8)
            return np.concatenate([values[..., :1] / most, (signed + 128) / 255], axis=2).astype(self.kept)
        if values.dtype.kind == "i":
            values = np.maximum(values, 0)
        if self.kept.kind == "f" and values.dtype.kind != "f":
            values = values / most
        return values.astype(self.kept)


def _layout(page: Directory, order: str, described: str) -> _Layout:
    width, height = page.size
    count = page.number(_SAMPLES, 1)
    colours, needed = _COLOURS[page.number(_PHOTOMETRIC, 1)]
    depths = {int(bits) for bits in page.tags.get(_BITS, (1,))}
    bits, kind = max(depths), page.number(_FORMAT, 1)
    kind = 1 if kind == 4 else kind
    usual = {1: (*range(1, 17), 32, 64), 2: (8, 16, 32, 64), 3: (16, 32, 64)}
    if len(depths) > 1 or bits not in usual.get(kind, ()) or (colours == "lab" and (bits not in (8, 16) or count != 3)):
        raise UnreadablePicture(f"is {described}; this kind is not read; save it with 8 or 16 bits a sample in RGB")
    if count < needed or count > 64:
        raise ValueError(f"it has {count} samples a pixel")
    extra = [int(each) for each in page.tags.get(_EXTRA, ())]
    if _EXTRA not in page.tags and count == needed + 1:
        extra = [2]  # left unsaid: opacity by custom
    found = next((at for at, each in enumerate(extra[: count - needed]) if each in (1, 2, 999)), None)
    opacity: Literal["none", "straight", "premultiplied"] = "none"
    channels = list(range(needed))
    if found is not None:
        channels.append(needed + found)
        opacity = "premultiplied" if extra[found] == 1 else "straight"
    kept: np.dtype[Any]
    kept, top = (np.dtype(np.float32), 1.0) if kind == 3 or bits > 16 else (np.dtype(np.uint16), 2.0**bits - 1)
    if bits <= 8:
        kept = np.dtype(np.uint8)
    if kind == 2 and bits <= 16:
        top = 2.0 ** (bits - 1) - 1
    if colours == "lab":
        kept, top = np.dtype(np.float32), 1.0
    separate = page.number(_PLANAR, 1) == 2 and count > 1
    tiled = _TILE_OFFSETS in page.tags
    across, down = (page.number(_TILE_WIDTH, 0), page.number(_TILE_LENGTH, 0)) if tiled else (width, height)
    if not tiled:
        down = min(height, page.number(_ROWS_PER_STRIP, height) or height)
    if across < 1 or down < 1 or across > width + 65536 or down > height + 65536:
        raise ValueError("its tiles have no size")
    return _Layout(
        width=width,
        height=height,
        stored=1 if separate else count,
        planes=count if separate else 1,
        across=across,
        down=down,
        tiled=tiled,
        bits=bits,
        dtype=np.dtype(f"{order}{'_uif'[kind]}{max(8, bits if bits in (8, 16, 32, 64) else 16) // 8}"),
        kept=kept,
        top=top,
        colours=colours,
        channels=channels,
        opacity=opacity,
        predictor=page.number(_PREDICTOR, 1) if page.number(_COMPRESSION, 1) != _NONE else 1,
    )


def _segments(page: Directory, layout: _Layout, data: bytes) -> Iterator[tuple[tuple[slice, slice], int, U8]]:
    """(rows and columns, number of the sample's plane, (rows, bytes of a row)) of all strips or tiles in use."""
    offsets = page.tags.get(_TILE_OFFSETS if layout.tiled else _STRIP_OFFSETS)
    counts = page.tags.get(_TILE_COUNTS if layout.tiled else _STRIP_COUNTS)
    wide, high = -(-layout.width // layout.across), -(-layout.height // layout.down)
    if offsets is None or len(offsets) < wide * high * layout.planes:
        raise ValueError("its strips are not all there")
    step = max(1, _BATCH // layout.row_bytes)
    reverse = page.number(_FILL_ORDER, 1) == 2
    for plane in layout.channels if layout.separate else [0]:
        places: list[tuple[int, int, int]] = []
        packed: list[bytes] = []
        for index in range(wide * high):
            top, left = index // wide * layout.down, index % wide * layout.across
            rows = layout.down if layout.tiled else min(layout.down, layout.height - top)
            segment = plane * wide * high + index
            start = int(offsets[segment])
            size = int(counts[segment]) if counts is not None and len(counts) > segment else 0
            part = data[start : start + (size or rows * layout.row_bytes)]
            places.append((top, left, rows))
            packed.append(_reversed(part) if reverse else part)
            if index == wide * high - 1 or len(places) * layout.down * layout.row_bytes >= _BATCH:
                unpacked = _unpacked(packed, places, layout, page.number(_COMPRESSION, 1))
                for top, left, rows in places:
                    for first in range(0, rows, step):
                        last = min(rows, first + step)
                        yield (
                            (slice(top + first, top + last), slice(left, left + layout.across)),
                            plane,
                            unpacked[first:last],
                        )
                    unpacked = unpacked[rows:]
                places, packed = [], []


def _unpacked(packed: list[bytes], places: list[tuple[int, int, int]], layout: _Layout, compression: int) -> U8:
    """(rows of all segments, bytes of a row); never more than that, whatever is packed."""
    size, counts = layout.row_bytes, [rows for _, _, rows in places]
    if compression == _NONE or compression in _DEFLATE:
        parts = []
        for part, rows in zip(packed, counts, strict=True):
            whole = part if compression == _NONE else zlib.decompressobj().decompress(part, rows * size)
            if len(whole) < rows * size:
                raise ValueError("its pixels end early")
            parts.append(whole[: rows * size])
        return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8).reshape(-1, size)
    taken = TiffImagePlugin.TiffImageFile(io.BytesIO(_plain(packed, size, layout.down, sum(counts), compression)))
    taken.load()
    return np.asarray(taken)


def _reversed(part: bytes) -> bytes:
    """Bytes with their bits in the other order (fill order 2)."""
    return part.translate(bytes(int(f"{each:08b}"[::-1], 2) for each in range(256)))


def _plain(packed: list[bytes], width: int, down: int, height: int, compression: int) -> bytes:
    """A TIFF of one byte a pixel with these strips: little-endian, without a predictor."""
    counts = [len(part) for part in packed]
    offsets = np.cumsum([8, *counts[:-1]])
    body = b"".join(packed)
    tags: list[tuple[int, int, list[int]]] = [
        (_WIDTH, 4, [width]),
        (_LENGTH, 4, [height]),
        (_BITS, 3, [8]),
        (_COMPRESSION, 3, [compression]),
        (_PHOTOMETRIC, 3, [1]),
        (_STRIP_OFFSETS, 4, [int(each) for each in offsets]),
        (_SAMPLES, 3, [1]),
        (_ROWS_PER_STRIP, 4, [down]),
        (_STRIP_COUNTS, 4, counts),
    ]
    start = 8 + len(body)
    beyond = start + 2 + 12 * len(tags) + 4
    entries, long = b"", b""
    for tag, kind, values in tags:
        value = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        entries += struct.pack("<HHI", tag, kind, len(values))
        entries += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", beyond + len(long))
        long += value if len(value) > 4 else b""
    return b"II*\0" + struct.pack("<I", start) + body + struct.pack("<H", len(tags)) + entries + bytes(4) + long
