"""Pictures at the sizes that screens want: a file of the run -> itself and smaller WebP copies.

Copies live in the run's `thumbs/` folder, named after their source and width, and carry their source's
modification time: a copy is made again only when that differs. A picture that cannot be read is None,
and the page says so in its place.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from orbifolio.reports.files import write_bytes
from orbifolio.runner.files import is_file

COPY_WIDTHS = (320, 640, 1280, 2560)
"""Widths of the copies of an artwork in pixels: a browser loads one at most twice as wide as it needs."""

MEDIUM_WIDTHS = COPY_WIDTHS[:2]
"""Widths of the copies of a picture that no page shows large: an input, a still."""

SMALL_WIDTHS = COPY_WIDTHS[:1]
"""Widths of the copies of a picture in a strip or a list."""

_QUALITY = 90  # less shows its artefacts in fine texture, more makes every page heavier
_WEBP_LIMIT = 16383  # pixels a side, by the format
_MAX_PIXELS = 400_000_000  # as many as a run may make; an untrusted file must not exhaust the memory
_WORTHWHILE = 0.8  # a copy nearly as wide as its source saves nothing


@dataclass(frozen=True)
class PreparedImage:
    """A readable picture and its copies.

    Attributes:
        path: of the original picture.
        versions: (path, width) of what a browser should load, narrow to wide; never empty.
    """

    path: Path
    width: int
    height: int
    versions: tuple[tuple[Path, int], ...]

    @property
    def ratio(self) -> float:
        """Width / height."""
        return self.width / self.height


def _encode(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY, method=4)
    return stream.getvalue()


def _open(path: Path) -> Image.Image | None:
    """An opened picture (header only), or None."""
    if not is_file(path):
        return None  # Pillow would wait for a pipe
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path)
    except Image.DecompressionBombError:
        return _open_artwork(path)
    except (OSError, ValueError, SyntaxError):
        return None


def _open_artwork(path: Path) -> Image.Image | None:
    """A PNG of more pixels than Pillow opens by default: a run may make up to 20,000 x 20,000."""
    try:
        image = PngImageFile(path)
    except (OSError, ValueError, SyntaxError):
        return None
    if image.width * image.height <= _MAX_PIXELS:
        return image
    image.close()
    return None


def load_image(path: Path) -> Image.Image | None:
    """A picture of 8-bit RGB or RGBA with all its pixels, or None if it cannot be read."""
    image = _open(path)
    if image is None:
        return None
    try:
        with image:
            pixels = _rgb(image)
            pixels.load()  # closing the file leaves the pixels
            return pixels
    except (OSError, ValueError, SyntaxError):
        return None


def image_size(path: Path) -> tuple[int, int] | None:
    """A picture's (width, height), from its header; None if the file is missing or not a picture."""
    image = _open(path)
    if image is None:
        return None
    with image:
        return image.size


def _rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB or RGBA (Pillow reads 16-bit RGB as 8-bit)."""
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def _fresh(copy: Path, stamp: int) -> bool:
    try:
        state = copy.stat()
        return state.st_mtime_ns == stamp and state.st_size > 0  # after a power cut it may be empty
    except OSError:
        return False


def _keep(copy: Path, image: Image.Image, stamp: int) -> None:
    write_bytes(copy, _encode(image))
    os.utime(copy, ns=(stamp, stamp))


def worthwhile_widths(width: int, widths: Sequence[int] = COPY_WIDTHS) -> list[int]:
    """Those of these widths at which a picture as wide as this has copies."""
    return [side for side in widths if side <= _WORTHWHILE * width]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image | None]:
    """The picture in a file, or None; if it turns out to be broken, the block is left.

    Raises:
        OSError: from the disk, not from the picture: full, unwritable.
    """
    image = _open(path)
    try:
        with image or contextlib.nullcontext():
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise


def prepare_image(run: Path, path: str, *, widths: Sequence[int] = COPY_WIDTHS) -> PreparedImage | None:
    """A picture of the run with its copies, made where they are missing or outdated.

    Args:
        path: of the picture, relative to the run's folder.
        widths: wanted widths in pixels, ascending; only those clearly narrower than the source are made.
            A source that is not WebP also gets a copy at its own width (at most the widest wanted), so
            that no page loads a 16-bit file.

    Returns:
        The picture, or None if it is missing or unreadable.
    """
    original = run / path
    with _opened(original) as image:
        if image is None:
            return None
        stamp = original.stat().st_mtime_ns
        width, height = image.size
        wanted = worthwhile_widths(width, widths)
        is_web = original.suffix.lower() == ".webp"
        if not is_web:
            wanted.append(min(width, widths[-1]))
        stem = PurePosixPath("thumbs") / PurePosixPath(path).with_suffix("")
        versions: list[tuple[Path, int]] = []
        for side in wanted:
            tall = max(1, round(height * side / width))
            if tall > _WEBP_LIMIT:
                continue
            copy = run / f"{stem}-{side}.webp"
            if not _fresh(copy, stamp):
                full = _rgb(image)
                small = full if side == width else full.resize((side, tall), Image.Resampling.LANCZOS)
                _keep(copy, small, stamp)
            versions.append((copy, side))
        if is_web or not versions:
            versions.append((original, width))
        return PreparedImage(original, width, height, tuple(versions))
    return None


def prepare_tile(run: Path, path: str, *, wrap: tuple[bool, bool], width: int = 640) -> PreparedImage | None:
    """A copy of a tile, scaled down as part of its repetition, so that its edges still meet.

    Args:
        path: of the picture, relative to the run's folder.
        wrap: whether it repeats over its (top-bottom, left-right) edges.
        width: of the copy in pixels, at most.

    Returns:
        The tile with one version, or None if it is missing or unreadable.
    """
    original = run / path
    with _opened(original) as image:
        if image is None:
            return None
        stamp = original.stat().st_mtime_ns
        wide, tall = image.size
        side = min(wide, width)
        height = max(1, round(tall * side / wide))
        copy = run / "thumbs" / f"tile-{side}.webp"
        if not _fresh(copy, stamp):
            _keep(copy, _shrink(_rgb(image), (side, height), wrap), stamp)
        return PreparedImage(original, wide, tall, ((copy, side),))
    return None


def _shrink(image: Image.Image, size: tuple[int, int], wrap: tuple[bool, bool]) -> Image.Image:
    """Scale a tile down with a margin of its own repetition around it."""
    if size == image.size:
        return image
    # Lanczos looks three target pixels far; the filter reads beyond the box, into the margin.
    scale = max(image.width / size[0], image.height / size[1])
    margin = int(3 * scale) + 2
    right, below = (margin if wrap[1] else 0), (margin if wrap[0] else 0)
    right, below = min(right, image.width), min(below, image.height)
    padded = Image.new(image.mode, (image.width + 2 * right, image.height + 2 * below))
    for down in (-1, 0, 1) if below else (0,):
        for along in (-1, 0, 1) if right else (0,):
            padded.paste(image, (right + along * image.width, below + down * image.height))
    box = (right, below, right + image.width, below + image.height)
    return padded.resize(size, Image.Resampling.LANCZOS, box=box)
