"""The growth of a picture as an animation: (a finished run) -> an animated picture of its frames, made once.

The frames of all phases are brought to one size, so that the picture sharpens as it grows. The files lie
in the run's folder; `.animation` beside them says what they were made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from orbifolio.reports.data.log import FrameRecord, RunRecord
from orbifolio.reports.data.values import as_int, as_texts, read_json
from orbifolio.reports.files import write_bytes, write_text
from orbifolio.reports.media.encode import TICK_MS, encode_avif, encode_webp
from orbifolio.reports.media.img import present_frames, sample_evenly
from orbifolio.runner.images.encoding import on_white
from orbifolio.runner.images.mp4 import has_video, mp4

ANIMATION_NAME = "animation"
ANIMATION_RECORD = ".animation"

MAX_FRAMES = 120
"""Frames at most: at their shortest duration they take 7 s; more would take longer, in a larger file."""
MAX_WIDTH, MAX_HEIGHT = 512, 768
"""Pixels of a frame, which set the size of the file."""

_VERSION = 1  # of how animations are made: another one makes them all again
_TOTAL_MS = 6000  # milliseconds that all frames but the last should take together
_MIN_FRAME_MS, _MAX_FRAME_MS = 60, 240  # milliseconds of one frame
_LAST_FRAME_MS = 1500  # milliseconds of the last one
_MIN_PIXELS = 100_000  # pixels of all frames below which other formats than WebP save nothing
_MAX_STRETCH = 1.05  # sides of phases are rounded: shapes as near as this are stretched, others are cropped

_ENDINGS = (".avif", ".webp", ".mp4")


@dataclass(frozen=True)
class AnimationFiles:
    """An animation as it lies in the run's folder.

    Attributes:
        frames: how many it shows.
        milliseconds: how long it takes.
        endings: of its files, the best first.
    """

    width: int
    height: int
    frames: int
    milliseconds: int
    endings: tuple[str, ...]


def _frames(run: RunRecord) -> tuple[FrameRecord, ...]:
    """The frames to show: evenly spaced over all phases, the first and the last among them."""
    every = [frame for phase in run.phases for frame in present_frames(run, phase)]
    return sample_evenly(every, MAX_FRAMES)


def frame_durations(count: int) -> list[int]:
    """Milliseconds of each frame; the last one stays longer."""
    each = min(_MAX_FRAME_MS, max(_MIN_FRAME_MS, _TOTAL_MS // max(1, count)))
    each -= each % TICK_MS
    return [each] * (count - 1) + [max(each, _LAST_FRAME_MS - _LAST_FRAME_MS % each)]


def _stamp(run: RunRecord, frames: Sequence[FrameRecord]) -> str:
    """What an animation depends on, as one word. Not the times of files: copying a gallery would change them."""
    digest = hashlib.sha256(f"{_VERSION}\n".encode())
    for frame in frames:
        digest.update(f"{frame.path} {(run.folder / frame.path).stat().st_size}\n".encode())
    return digest.hexdigest()[:32]


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A frame at the animation's size."""
    image = on_white(image)
    if image.size == size:
        return image
    stretch = (image.width / image.height) / (size[0] / size[1])
    way = Image.Resampling.LANCZOS if image.width >= size[0] else Image.Resampling.BICUBIC
    if 1 / _MAX_STRETCH <= stretch <= _MAX_STRETCH:
        return image.resize(size, way)
    return ImageOps.fit(image, size, way)


def _readable(run: RunRecord, frames: Sequence[FrameRecord]) -> list[Image.Image]:
    """The frames that can be read, at one size: the last one's, as far as the limits allow."""
    shown: list[Image.Image] = []
    size: tuple[int, int] | None = None
    for frame in reversed(frames):
        try:
            with Image.open(run.folder / frame.path) as image:
                if size is None:
                    share = min(1.0, MAX_WIDTH / image.width, MAX_HEIGHT / image.height)
                    size = max(1, round(image.width * share)), max(1, round(image.height * share))
                shown.append(_fitted(image, size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # a broken frame is left out
    return shown[::-1]


def _encoded(shown: Sequence[Image.Image]) -> dict[str, bytes]:
    """The animation's files by their endings, the best first; they are encoded side by side."""
    times = frame_durations(len(shown))
    makers: dict[str, Callable[..., bytes | None]] = {".webp": encode_webp}
    if len(shown) * shown[0].width * shown[0].height >= _MIN_PIXELS:
        makers = {".avif": encode_avif, ".webp": encode_webp, ".mp4": mp4}
    with ThreadPoolExecutor(len(makers)) as pool:
        jobs = {ending: pool.submit(maker, shown, times) for ending, maker in makers.items()}
        made = {ending: content for ending, job in jobs.items() if (content := job.result()) is not None}
    if len(made.get(".avif", b"")) >= len(made[".webp"]):
        made.pop(".avif")
    return made


def _read(run: RunRecord, stamp: str) -> AnimationFiles | None:
    """The animation that was made from just these frames, if its files are there."""
    record = read_json(run.folder / ANIMATION_RECORD)
    if has_video() and record.get("video") is not True:
        return None  # made where the extra was missing; the other way round, its film is kept
    endings = tuple(ending for ending in as_texts(record.get("endings")) if ending in _ENDINGS)
    if record.get("stamp") != stamp or any(
        not (run.folder / f"{ANIMATION_NAME}{ending}").is_file() for ending in endings
    ):
        return None
    width, height, frames, milliseconds = (
        as_int(record.get(key)) or 0 for key in ("width", "height", "frames", "milliseconds")
    )
    return AnimationFiles(width, height, frames, milliseconds, endings)


def make_animation(run: RunRecord) -> AnimationFiles | None:
    """Make the animation of a run that ended, unless it is there already.

    Returns:
        The animation, or None: the run is not finished, or fewer than two frames can be read.

    Raises:
        OSError: the disk is full or not writable.
    """
    frames = () if run.running else _frames(run)
    if len(frames) < 2:
        return None
    try:
        stamp = _stamp(run, frames)
    except OSError:  # a frame went away in this moment
        return None
    made = _read(run, stamp)
    if made is None:
        made = _write(run, stamp, _readable(run, frames))
    return made if made.frames > 1 and ".webp" in made.endings else None


def _write(run: RunRecord, stamp: str, shown: Sequence[Image.Image]) -> AnimationFiles:
    encoded: dict[str, bytes] = {}
    if len(shown) > 1:
        try:
            encoded = _encoded(shown)
        except (ValueError, RuntimeError, MemoryError, OSError):  # from the encoder: the report is complete without it
            encoded = {}
    for ending in _ENDINGS:
        path = run.folder / f"{ANIMATION_NAME}{ending}"
        if ending in encoded:
            write_bytes(path, encoded[ending], durable=True)
        else:
            path.unlink(missing_ok=True)
    width, height = shown[-1].size if shown else (0, 0)
    milliseconds = sum(frame_durations(len(shown))) if shown else 0
    made = AnimationFiles(width, height, len(shown), milliseconds, tuple(encoded))
    record: dict[str, Any] = {"stamp": stamp, "video": has_video(), **vars(made)}
    write_text(
        run.folder / ANIMATION_RECORD, json.dumps(record, sort_keys=True) + "\n"
    )  # last, as it says that the files are complete
    return made
