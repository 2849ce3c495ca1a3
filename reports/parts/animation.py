"""The files of the animation of a run's frames."""

from __future__ import annotations

from dataclasses import dataclass

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.links import Place
from orbifolio.reports.media.animation import _MEDIA, ANIMATION_NAME
from orbifolio.reports.wording import format_bytes


@dataclass(frozen=True)
class Clip:
    """One file of the animation: `kind` is its media type, `facts` its format and size."""

    href: str
    kind: str
    name: str
    facts: tuple[str, ...]


def make_clip(run: RunRecord, place: Place, ending: str) -> Clip:
    """One of its files, as a page offers it."""
    path = run.folder / f"{ANIMATION_NAME}{ending}"
    kind = {".avif": "AVIF", ".webp": "WebP", ".mp4": "MP4"}[ending]
    name = f"{run.type}-{run.id}{ending}"
    return Clip(place.to(path), _MEDIA[ending], name, (kind, format_bytes(path.stat().st_size)))
