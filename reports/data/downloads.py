"""Files to take away: (run) -> its pictures as tiles and its data as a list, each with format, pixels and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orbifolio.reports import parts, wording
from orbifolio.reports.data import globe, values
from orbifolio.reports.data.log import Run
from orbifolio.reports.links import Place
from orbifolio.reports.media import animation, img, thumbnails

_DATA = (
    ("recipe.yaml", "The recipe as resolved"),
    ("run.json", "The summary, for machines"),
    ("events.jsonl", "The log: everything that happened"),
)
_KINDS = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WebP", "jsonl": "JSON lines", "yaml": "YAML", "npz": "NumPy"}


@dataclass(frozen=True)
class _Offer:
    """A file by its path in the run's folder."""

    path: str
    title: str
    is_picture: bool


def _offers(run: Run) -> Iterator[_Offer]:
    final = values.inner_path(values.mapping(run.record.get("final")).get("path"))
    yield _Offer(final, "The picture", True)
    for extra in map(values.mapping, values.sequence(run.record.get("extras"))):
        path = values.inner_path(extra.get("path"))
        title = values.text(extra.get("title")) or Path(path).name
        if values.text(extra.get("kind")) != globe.SCENE:
            yield _Offer(path, title, values.text(extra.get("kind")) == "picture")
    for path, title in _DATA:
        yield _Offer(path, title, False)


def _kind(path: Path) -> str:
    """A file's format, with the bits of a PNG."""
    ending = path.suffix.lower().removeprefix(".")
    name = _KINDS.get(ending, ending.upper())
    if ending == "png":
        with path.open("rb") as file:
            head = file.read(25)
        if head[12:16] == b"IHDR" and len(head) == 25:
            return f"{head[24]}-bit {name}"
    return name


def _pixels(path: Path) -> str:
    """A picture's size in words; its header alone is read."""
    found = thumbnails.size(path)
    return wording.pixels(*found) if found else ""


def _download(run: Run, place: Place, offer: _Offer) -> parts.Download:
    path = run.folder / offer.path
    # the log grows while the run goes on: its size would change the page with every line
    amount = "" if run.running else wording.size(path.stat().st_size)
    facts = (_kind(path), _pixels(path) if offer.is_picture else "", amount)
    picture = None
    if offer.is_picture:
        seen = thumbnails.prepare(run.folder, offer.path, widths=thumbnails.SMALL)
        picture = img.show(place, seen, alt=offer.title, sizes="14rem")
    stem = PurePosixPath(offer.path).stem
    short = f"{run.type}-{run.id}" if stem == "final" else f"{run.type}-{run.id}-{stem}"
    return parts.Download(
        label=offer.title,
        href=place.to(path),
        name=f"{short}{PurePosixPath(offer.path).suffix}",
        facts=tuple(fact for fact in facts if fact),
        picture=picture,
    )


def part(run: Run, place: Place) -> parts.Downloads | None:
    """The files of the run that are there, or None if there are none."""
    offers = [offer for offer in _offers(run) if offer.path and (run.folder / offer.path).is_file()]
    found = [_download(run, place, offer) for offer in offers]
    made = animation.make(run)
    clips = (animation.clip(run, place, ending) for ending in (made.endings if made else ()))
    moving = tuple(
        parts.Download(f"The animation as {clip.facts[0]}", clip.href, clip.name, clip.facts[1:]) for clip in clips
    )
    shown = tuple(item for item in found if item.picture is not None)
    plain = tuple(item for item in found if item.picture is None)
    return parts.Downloads(shown, (*moving, *plain)) if found else None
