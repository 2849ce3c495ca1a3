"""Words inside a PNG: (file, keyword, text) -> the file with an `iTXt` chunk, and back.

A chunk is length, type, data, checksum of type and data (PNG specification, 3rd edition, sections 5.3 and 11.3.3.4).
Words go in front of the pixels, so that they are found without reading these; other programs may move them behind.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from orbifolio.runner.errors import InputError

RECIPE = "Recipe"
"""The keyword of a picture's recipe, as YAML."""
MAX_BYTES = 1_000_000
"""Of a text: no recipe is longer, and a stranger's file must not fill the memory."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = 33  # signature and IHDR


def with_text(data: bytes, keyword: str, text: str) -> bytes:
    """A PNG with a text in it.

    Args:
        data: of a PNG.
        keyword: 1 to 79 letters of Latin-1.
        text: any; one longer than `MAX_BYTES` is left out.
    """
    body = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", errors="replace")
    if len(body) > MAX_BYTES or not text:
        return data
    checked = b"iTXt" + body
    chunk = struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))
    return data[:_HEADER_END] + chunk + data[_HEADER_END:]


def read_text(path: Path, keyword: str) -> str:
    """The text of a keyword in a PNG, "" if it has none.

    Raises:
        InputError: the file cannot be read, or is no PNG.
    """
    try:
        with path.open("rb") as file:
            if file.read(8) != _SIGNATURE:
                raise InputError(f"{path}: is no PNG; only PNGs carry their recipe; name the run's final.png")
            size = path.stat().st_size
            while len(head := file.read(8)) == 8:
                length, kind = struct.unpack(">I4s", head)
                if length > size:
                    break
                if kind == b"iTXt" and length <= MAX_BYTES:
                    name, found = _words(file.read(length))
                    if name == keyword:
                        return found
                    file.seek(4, 1)
                else:
                    file.seek(length + 4, 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); name the run's final.png") from None
    return ""


def _words(body: bytes) -> tuple[str, str]:
    """Keyword and text of an `iTXt` chunk; ("", "") for a damaged one, or one that unpacks to too much."""
    keyword, _, rest = body.partition(b"\0")
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 2 or len(parts) < 3:
        return "", ""
    packed = parts[2]
    if rest[0]:
        unpacker = zlib.decompressobj()
        try:
            packed = unpacker.decompress(packed, MAX_BYTES)
        except zlib.error:
            return "", ""
        if unpacker.unconsumed_tail:
            return "", ""
    return keyword.decode("latin-1"), packed.decode("utf-8", errors="replace")
