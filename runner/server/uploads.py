"""Pictures that people send: hostile bytes -> a PNG of our own making under a name of our own, or a clear refusal.

Nothing of the file that came survives but its pixels and their opacity: no name, no metadata, no trailing bytes.
Size is judged before anything is decoded, by our own limits, which are narrower than those for files on disk.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from orbifolio.runner.errors import ImageError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.decoding import MIN_SIDE
from orbifolio.runner.images.reading import read_plain
from orbifolio.runner.server.file_quota import FileQuota
from orbifolio.runner.server.job_store import FOLDER, UPLOADS, quota_of

MAX_FILE_BYTES = 20_000_000
"""Photographs have less, scans and raw files more; a file is held in memory while it is read."""
MAX_PIXELS = 64_000_000
"""A picture is decoded to its samples and copied with 8 bits: 384 MB and 256 MB for the largest of 16 bits."""
MAX_SIDE = 3072
"""Larger pictures are scaled down: no network looks at more, and a phone's photograph fits nearly whole."""
MAX_FILES = 24
"""In one request; each is decoded in turn while the sender waits."""
SMALL = 480  # pixels along the longer side of a thumbnail, as the API documents
_ID = re.compile(r"^[0-9a-f]{32}$")


@dataclass(frozen=True)
class Upload:
    """A picture that was taken in; `id` names it, sizes are in pixels."""

    id: str
    width: int
    height: int


class Uploads:
    """The pictures of a gallery's visitors.

    Args:
        gallery: the folder that holds all runs.
        quota: that they count in; one of their own by default.
        shared: visitors may see each other's.
    """

    def __init__(self, gallery: Path, quota: FileQuota | None = None, *, shared: bool = False) -> None:
        self.folder, self.quota, self.shared = gallery / FOLDER / UPLOADS, quota or quota_of(gallery), shared

    def path(self, identity: str, visitor: str = "") -> Path:
        """The file of an upload.

        Raises:
            KeyError: no upload of this visitor has this id.
        """
        if not _ID.match(identity) or not (self.shared or identity.startswith(_mark(visitor))):
            raise KeyError(identity)
        path = self.folder / f"{identity}.png"
        if not path.is_file():
            raise KeyError(identity)
        return path

    def small(self, identity: str, visitor: str = "") -> Path:
        """A thumbnail, made when first asked for.

        Raises:
            KeyError: no upload of this visitor has this id.
        """
        path = self.path(identity, visitor)
        small = path.with_name(f"{identity}-small.webp")
        if not small.is_file():
            with Image.open(path) as picture:
                picture.thumbnail((SMALL, SMALL))
                buffer = io.BytesIO()
                picture.save(buffer, "WEBP", quality=82)
            self.quota.take({small: len(buffer.getvalue())})
            write_atomically(small, buffer.getvalue())
        return small

    def take(self, data: bytes, name: str, visitor: str = "") -> Upload:
        """Take in a picture of our own making, such as a frame of a run; what visitors send is read elsewhere first.

        Raises:
            ImageError: see `read_upload` and `keep`.
        """
        return self.keep(read_upload(data, name), visitor)

    def keep(self, picture: ReadPicture, visitor: str = "") -> Upload:
        """Keep a picture that was read, for a visitor.

        Raises:
            ImageError: there is no room left.
        """
        identity = _mark(visitor) + hashlib.sha256(picture.png).hexdigest()[:16]
        path = self.folder / f"{identity}.png"
        self.quota.take({path: len(picture.png)})
        write_atomically(path, picture.png)
        return Upload(identity, picture.width, picture.height)

    def size(self, identity: str) -> tuple[int, int]:
        """Width and height in pixels.

        Raises:
            KeyError: there is no such upload.
        """
        with Image.open(self.path(identity)) as picture:
            return picture.size


def _mark(visitor: str) -> str:
    """What the ids of a visitor's uploads begin with."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ReadPicture:
    """A picture that was read: as PNG, width and height in pixels."""

    png: bytes
    width: int
    height: int


def read_upload(data: bytes, name: str) -> ReadPicture:
    """Read what somebody sent.

    Args:
        data: the file as it came.
        name: as its sender called it, for messages only.

    Raises:
        ImageError: it is not a picture, damaged, too large or too small.
    """
    name = "".join(each for each in name[-60:] if each.isprintable()) or "the file"
    if len(data) > MAX_FILE_BYTES:
        raise ImageError(
            f"{name}: has more than {MAX_FILE_BYTES // 10**6} MB, the most that is taken; scale it down first"
        )
    image = Image.fromarray(read_plain(data, name, MAX_PIXELS))
    width, height = image.size
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if min(image.size) < MIN_SIDE:
        raise ImageError(
            f"{name}: is {width} x {height} pixels; scaled to {MAX_SIDE}, its shorter side has fewer than "
            f"{MIN_SIDE}; crop it"
        )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return ReadPicture(buffer.getvalue(), image.width, image.height)
