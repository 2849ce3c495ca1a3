"""Pictures too large for one image: (picture) -> a pyramid of tiles in the Deep Zoom layout, and its page.

    <run>/zoom/index.html                               the page
    <run>/zoom/tiles-<stamp>/<level>/<column>_<row>.jpg

Convention: level 0 is one pixel, each level twice the one before, the last one the picture itself; a tile
covers 256 x 256 pixels and one more on every side that has a neighbour. A level is the one above it with
every 2 x 2 pixels averaged. The folder is made beside and renamed, so that no page shows half of it; its
name changes with the picture.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_text
from orbifolio.reports.media.thumbnails import image_size, load_image
from orbifolio.runner.images.encoding import on_white

PYRAMID_SIDE = 4096
"""Pixels along the longer side, above which a picture gets a pyramid: a square of it takes a browser 64 MiB."""

TILE_SIDE, TILE_OVERLAP = 256, 1  # smaller tiles are more files; larger ones load more beside what is seen
TILE_FORMAT = "jpg"

_QUALITY = 90  # without chroma subsampling, which shows at this magnification; WebP takes 10 times as long
_VERSION = 1  # of how tiles are made: another one makes them all again
_FOLDER = "zoom"


@dataclass(frozen=True)
class Pyramid:
    """A finished pyramid: its folder, and the size of its picture."""

    folder: Path
    width: int
    height: int

    def description(self, address: str) -> dict[str, Any]:
        """What the viewer needs; it goes into the page, since one opened from a disk cannot load it."""
        return {
            "Image": {
                "xmlns": "http://schemas.microsoft.com/deepzoom/2008",
                "Url": f"{address}/",
                "Format": TILE_FORMAT,
                "Overlap": str(TILE_OVERLAP),
                "TileSize": str(TILE_SIDE),
                "Size": {"Width": str(self.width), "Height": str(self.height)},
            }
        }


def level_count(width: int, height: int) -> int:
    """How many levels a picture has.

    >>> level_count(1, 1), level_count(256, 100), level_count(4200, 300)
    (1, 9, 14)
    """
    return (max(width, height) - 1).bit_length() + 1


def tile_boxes(width: int, height: int) -> Iterator[tuple[int, int, tuple[int, int, int, int]]]:
    """The tiles of a level: (column, row, (left, top, right, bottom)), overlap included."""
    for row, top in enumerate(range(0, height, TILE_SIDE)):
        for column, left in enumerate(range(0, width, TILE_SIDE)):
            right, bottom = min(width, left + TILE_SIDE + TILE_OVERLAP), min(height, top + TILE_SIDE + TILE_OVERLAP)
            yield column, row, (max(0, left - TILE_OVERLAP), max(0, top - TILE_OVERLAP), right, bottom)


def write_tiles(image: Image.Image, folder: Path) -> None:
    """Write all levels of a picture, in memory for it and its half: 5/4 of its pixels.

    Args:
        image: RGB or RGBA.
        folder: must not exist yet.
    """
    image = on_white(image)  # JPEG, a third of the bytes of what has opacity
    for level in range(level_count(*image.size) - 1, -1, -1):
        level_folder = folder / str(level)
        level_folder.mkdir(parents=True)
        for column, row, box in tile_boxes(*image.size):
            tile = image.crop(box)
            tile.save(level_folder / f"{column}_{row}.{TILE_FORMAT}", "JPEG", quality=_QUALITY, subsampling=0)
        if level:
            image = image.reduce(2)


def _planned(run: RunRecord) -> Pyramid | None:
    """The pyramid that a run's picture should have, made or not; None if it needs none."""
    final = run.folder / run.final_path
    size = None if run.running or not run.final_path else image_size(final)
    if size is None or max(size) <= PYRAMID_SIDE:
        return None
    # not the file's time: copying a gallery would change it
    source = f"{_VERSION} {as_text(run.final.get('sha256'))} {final.stat().st_size} {size}"
    stamp = hashlib.sha256(source.encode("utf-8", errors="replace")).hexdigest()[:8]
    return Pyramid(run.folder / _FOLDER / f"tiles-{stamp}", *size)


def find_pyramid(run: RunRecord) -> Pyramid | None:
    """The finished pyramid of a run's picture, or None."""
    planned = _planned(run)
    return planned if planned is not None and planned.folder.is_dir() else None


def make_pyramid(run: RunRecord) -> Pyramid | None:
    """Make the pyramid of a run that ended with a large picture, unless it is there already.

    Returns:
        The pyramid, or None: the picture is small, missing or broken, or the run is not finished.

    Raises:
        OSError: the disk is full or not writable; what was there before is still whole.
    """
    planned = _planned(run)
    if planned is None or planned.folder.is_dir():
        return planned
    image = load_image(run.folder / run.final_path)
    if image is None:
        return None
    beside = planned.folder.with_name(f".{planned.folder.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        write_tiles(image, beside)
        beside.rename(planned.folder)
    except OSError:
        if not planned.folder.is_dir():  # else another process was faster, with the same tiles
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for other in planned.folder.parent.glob("tiles-*"):
        if other != planned.folder:
            shutil.rmtree(other, ignore_errors=True)
    return planned


def zoom_page_path(run: RunRecord) -> Path:
    """The file of the page that shows the pyramid."""
    return run.folder / _FOLDER / "index.html"
