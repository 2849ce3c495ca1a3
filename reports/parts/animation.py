"""The animation of a run's frames, which plays on request only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.animation import _MEDIA, ANIMATION_NAME, make_animation
from orbifolio.reports.media.img import PageImage, frame_name, newest_frame, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import format_bytes, format_duration


@dataclass(frozen=True)
class Clip:
    """One file of the animation: `kind` is its media type, `facts` its format and size."""

    href: str
    kind: str
    name: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Animation(Part):
    """How the picture came to be; it plays on request only.

    Attributes:
        still: the picture shown before it plays.
        clips: its files, the best first.
        lead: how many frames, how long.
        ratio: width / height as CSS reads it.
    """

    template: ClassVar[str] = "parts/animation.html"
    styles: ClassVar[tuple[str, ...]] = ("downloads.css",)
    scripts: ClassVar[tuple[str, ...]] = ("animation.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "animation"
    title: ClassVar[str] = "Animation"
    still: PageImage
    clips: tuple[Clip, ...]
    lead: str
    width: int
    height: int
    ratio: str

    @property
    def images(self) -> tuple[Clip, ...]:
        """Those that a page shows as a picture; the last one is read by every browser."""
        return tuple(clip for clip in self.clips if clip.kind.startswith("image/"))


def make_clip(run: RunRecord, place: Place, ending: str) -> Clip:
    """One of its files, as a page offers it."""
    path = run.folder / f"{ANIMATION_NAME}{ending}"
    kind = {".avif": "AVIF", ".webp": "WebP", ".mp4": "MP4"}[ending]
    name = f"{run.type}-{run.id}{ending}"
    return Clip(place.to(path), _MEDIA[ending], name, (kind, format_bytes(path.stat().st_size)))


def animation_part(run: RunRecord, place: Place) -> Animation | None:
    """The animation of a run, made if needed; None if there is none."""
    made = make_animation(run)
    newest = newest_frame(run)
    if made is None or newest is None:
        return None
    phase, frame = newest
    still = page_image(
        place,
        prepare_image(run.folder, frame.path, widths=MEDIUM_WIDTHS),
        alt=f"{run.title}: {frame_name(phase, frame)}",
        sizes=f"{made.width}px",
    )
    if still is None:
        return None
    return Animation(
        still=still,
        clips=tuple(make_clip(run, place, ending) for ending in made.endings),
        lead=f"{made.frames} frames in {format_duration(made.milliseconds / 1000)}.",
        width=made.width,
        height=made.height,
        ratio=f"{made.width / made.height:.4f}",
    )
