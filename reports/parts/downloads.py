"""Downloads: (run) -> its pictures as tiles and its data as a list, each with format, pixels and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_text
from orbifolio.reports.links import Place
from orbifolio.reports.media.animation import ANIMATION_NAME, make_animation
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import SMALL_WIDTHS, image_size, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import format_bytes, format_count, format_pixels
from orbifolio.runner.files import is_file

SCENE = "scene"
"""The kind, in `run.json`, of the file that holds a scene; it is part of the page, not a download."""

MOST_SHOWN, FEW_SHOWN = 12, 5
"""Pictures that are all shown, and how many are where there are more."""


@dataclass(frozen=True)
class Download:
    """A file to download.

    Attributes:
        name: under which a browser saves it.
        facts: format, pixels, size.
        picture: a small preview, or None for data.
    """

    label: str
    href: str
    name: str
    facts: tuple[str, ...]
    picture: PageImage | None = None


@dataclass(frozen=True)
class Downloads(Part):
    """The files of the run: pictures as tiles, data as a list.

    Attributes:
        more: pictures that are folded away, so that nobody scrolls past all cells of a sheet.
    """

    template: ClassVar[str] = "parts/downloads.html"
    styles: ClassVar[tuple[str, ...]] = ("downloads.css",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "files"
    title: ClassVar[str] = "Files"
    pictures: tuple[Download, ...]
    more: tuple[Download, ...]
    data: tuple[Download, ...]

    @property
    def summary(self) -> str:
        """What the list below the pictures holds."""
        kinds = dict.fromkeys(_name_of_kind(PurePosixPath(file.name).suffix) for file in self.data)
        return f"{format_count(len(self.data), 'more file')}: {', '.join(kinds)}"


_DATA = (
    ("recipe.yaml", "Resolved recipe"),
    ("run.json", "Summary for programs"),
    ("events.jsonl", "Log of all events"),
)


_KINDS = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WebP", "jsonl": "JSON lines", "yaml": "YAML", "npz": "NumPy"}


@dataclass(frozen=True)
class _Offer:
    """A file that may be there, by its path in the run's folder."""

    path: str
    title: str
    is_picture: bool


def _offers(run: RunRecord) -> Iterator[_Offer]:
    yield _Offer(run.final_path, "Picture", True)
    for path, extra in run.extras.items():
        title, kind = as_text(extra.get("title")) or Path(path).name, as_text(extra.get("kind"))
        if kind != SCENE:
            yield _Offer(path, title, kind == "picture")
    for path, title in _DATA:
        yield _Offer(path, title, False)


def _name_of_kind(suffix: str) -> str:
    ending = suffix.lower().removeprefix(".")
    return _KINDS.get(ending, ending.upper())


def _kind(path: Path) -> str:
    """A file's format, with the bits of a PNG."""
    name = _name_of_kind(path.suffix)
    if name == "PNG":
        with path.open("rb") as file:
            head = file.read(25)
        if head[12:16] == b"IHDR" and len(head) == 25:
            return f"{head[24]}-bit {name}"
    return name


def _pixels(path: Path) -> str:
    """A picture's size in words; its header alone is read."""
    size = image_size(path)
    return format_pixels(*size) if size else ""


def _download(run: RunRecord, place: Place, offer: _Offer) -> Download:
    path = run.folder / offer.path
    # the log grows during the run: its size would change the page with every line
    amount = "" if run.running else format_bytes(path.stat().st_size)
    facts = (_kind(path), _pixels(path) if offer.is_picture else "", amount)
    picture = None
    if offer.is_picture:
        preview = prepare_image(run.folder, offer.path, widths=SMALL_WIDTHS)
        picture = page_image(place, preview, alt=offer.title, sizes="14rem")
    stem = PurePosixPath(offer.path).stem
    name = f"{run.type}-{run.id}" if stem == "final" else f"{run.type}-{run.id}-{stem}"
    return Download(
        label=offer.title,
        href=place.to(path),
        name=f"{name}{PurePosixPath(offer.path).suffix}",
        facts=tuple(fact for fact in facts if fact),
        picture=picture,
    )


def _clip(run: RunRecord, place: Place, ending: str) -> Download:
    """One file of the animation."""
    path = run.folder / f"{ANIMATION_NAME}{ending}"
    label = f"Animation as {_name_of_kind(ending)}"
    return Download(label, place.to(path), f"{run.type}-{run.id}{ending}", (format_bytes(path.stat().st_size),))


def downloads_part(run: RunRecord, place: Place) -> Downloads | None:
    """The files of the run that are there, or None if there are none."""
    offers = [offer for offer in _offers(run) if offer.path and is_file(run.folder / offer.path)]
    files = [_download(run, place, offer) for offer in offers]
    made = make_animation(run)
    moving = tuple(_clip(run, place, ending) for ending in (made.endings if made else ()))
    shown = tuple(item for item in files if item.picture is not None)
    plain = tuple(item for item in files if item.picture is None)
    open_tiles = len(shown) if len(shown) <= MOST_SHOWN else FEW_SHOWN
    return Downloads(shown[:open_tiles], shown[open_tiles:], (*moving, *plain)) if files else None
