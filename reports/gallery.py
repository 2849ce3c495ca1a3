"""The pages above the runs: the gallery (newest run of each recipe) and each recipe (all its runs).

They are made from the runs' cards (`card.py`), under a lock: of two processes that finish a run at once,
the later one sees both. A run's folder is `gallery/<type>/<run-id>/` with a `run.json` or an `events.jsonl`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from reports import imaging, parts, pictures, wording
from reports.card import Card
from reports.card import read as read_card
from reports.compose import REFRESH
from reports.log import read_run
from reports.render import Renderer, renderer
from reports.tree import STATUSES, Header, Link, Page, Place
from reports.write import is_current, write_run

THEMES = ("plane", "sphere", "hyperbolic", "zoom", "style", "dream", "painting", "gas", "survey")
"""The order of the gallery's sections; other themes follow by name."""

_NARROWEST, _WIDEST = 0.7, 1.9  # beyond these, a picture on the wall is cropped
_LOCK = ".orbifolio.lock"
_PATIENCE = 20.0  # seconds; a stuck neighbour must not stop a run


@contextlib.contextmanager
def _locked(gallery: Path) -> Iterator[None]:
    """Hold the gallery's lock; go on without it if it cannot be had, as pages are written whole anyway."""
    gallery.mkdir(parents=True, exist_ok=True)
    lock = FileLock(gallery / _LOCK)
    try:
        lock.acquire(timeout=_PATIENCE)
    except (Timeout, OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _folders(folder: Path) -> list[Path]:
    """Visible folders inside a folder, by name."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError:
        return []


def run_folders(gallery: Path) -> list[Path]:
    """The folders of all runs, by type and name."""
    return [
        folder
        for type_ in _folders(gallery)
        for folder in _folders(type_)
        if (folder / "run.json").is_file() or (folder / "events.jsonl").is_file()
    ]


def _newest_first(cards: Iterable[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: (card.started or 0.0, card.id), reverse=True)


def _by_type(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Cards of each recipe, newest first."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.type, []).append(card)
    return {name: _newest_first(members) for name, members in sorted(found.items())}


def _picture(card: Card, gallery: Path, place: Place, *, sizes: str) -> parts.Picture | None:
    """A run's cover as it stands on a page."""
    cover = card.cover
    if cover is None:
        return None
    folder = gallery / card.key
    versions = tuple((folder / path, width) for path, width in cover.versions)
    source = pictures.Source(folder / cover.path, cover.width, cover.height, versions)
    # its link is named by the title under it: saying it twice helps nobody
    return imaging.show(place, source, alt="", sizes=sizes)


def _wall_card(
    card: Card, gallery: Path, place: Place, *, title: str, facts: Sequence[str], more: Link | None
) -> parts.WallCard:
    ratio = card.cover.ratio if card.cover else 1.0
    return parts.WallCard(
        href=place.to(gallery / card.key / "index.html"),
        picture=_picture(card, gallery, place, sizes="(max-width: 40rem) 60vw, 24rem"),
        ratio=f"{min(_WIDEST, max(_NARROWEST, ratio)):.4f}",
        title=title,
        facts=tuple(fact for fact in facts if fact),
        status=None if card.status == "done" else STATUSES.get(card.status),
        more=more,
    )


def _size(card: Card) -> str:
    return wording.pixels(card.width, card.height) if card.width and card.height else ""


def _theme_order(theme: str) -> tuple[int, str]:
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme)


def gallery_page(gallery: Path, recipes: Mapping[str, Sequence[Card]]) -> Page:
    """The gallery's page.

    Args:
        gallery: the folder that holds all runs.
        recipes: cards of each type, newest first, none empty.
    """
    place = Place(gallery)
    themes: dict[str, list[Sequence[Card]]] = {}
    for members in recipes.values():
        themes.setdefault(members[0].theme or "other", []).append(members)
    walls: list[parts.Part] = []
    for number, theme in enumerate(sorted(themes, key=_theme_order), 1):
        cards = []
        for members in sorted(themes[theme], key=lambda members: (members[0].title.casefold(), members[0].type)):
            newest = members[0]
            label = "1 run" if len(members) == 1 else f"All {len(members)} runs"
            more = Link(label, place.to(gallery / newest.type / "index.html"))
            facts = (newest.group, _size(newest))
            cards.append(_wall_card(newest, gallery, place, title=newest.title, facts=facts, more=more))
        title = theme.replace("-", " ").capitalize()
        walls.append(parts.Wall(f"theme-{number}", title, tuple(cards)))
    if not walls:
        walls.append(
            parts.Empty(
                "No run yet. The first one appears here as soon as it begins.",
                "orbifolio run recipes/plane/rainbow-hexagon.yaml",
            )
        )
    runs = sum(len(members) for members in recipes.values())
    facts = (wording.count(len(recipes), "recipe"), wording.count(runs, "run"))
    return Page(
        path=gallery / "index.html",
        kind="gallery",
        root="./",
        header=Header("Gallery", facts=facts),
        crumbs=(Link("Gallery"),),
        parts=tuple(walls),
        description="Pictures found by optimisation.",
        refresh=REFRESH if any(members[0].running for members in recipes.values()) else None,
    )


def recipe_page(gallery: Path, cards: Sequence[Card]) -> Page:
    """The page of a recipe: all its runs, newest first, as pictures and as a table."""
    newest = cards[0]
    place = Place(gallery / newest.type)
    pictured = []
    rows = []
    for card in cards:
        facts = (_size(card), f"seed {card.seed}" if card.seed else "")
        pictured.append(_wall_card(card, gallery, place, title=wording.date(card.started), facts=facts, more=None))
        rows.append(
            (
                parts.Cell(card.id, place.to(gallery / card.key / "index.html")),
                parts.Cell("", status=STATUSES.get(card.status)),
                parts.Cell(_size(card) or wording.MISSING, numeric=True),
                parts.Cell(wording.integer(card.steps) if card.steps else wording.MISSING, numeric=True),
                parts.Cell(wording.duration(card.seconds), numeric=True),
                parts.Cell(card.seed or wording.MISSING, numeric=True),
                parts.Cell(card.device or wording.MISSING),
                parts.Cell(", ".join(card.overrides) or wording.MISSING),
            )
        )
    heads = ("Run", "Status", "Size", "Steps", "Time", "Seed", "Device", "Overrides")
    columns = tuple(parts.Cell(name, numeric=name in ("Size", "Steps", "Time", "Seed")) for name in heads)
    return Page(
        path=place.folder / "index.html",
        kind="recipe",
        root=place.root(gallery),
        header=Header(newest.title, above=newest.theme, facts=(newest.type, wording.count(len(cards), "run"))),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link(newest.type)),
        parts=(
            parts.Wall("pictures", "Pictures", tuple(pictured)),
            parts.Table("runs", "Runs", "All runs of this recipe, newest first", columns, tuple(rows)),
        ),
        description=newest.title,
        refresh=REFRESH if any(card.running for card in cards) else None,
    )


def pages_above(gallery: Path, cards: Iterable[Card]) -> tuple[Page, ...]:
    """The pages above these runs, the gallery's own last, so that its links lead somewhere.

    No file is opened: the runs may as well lie elsewhere.

    Args:
        gallery: the folder that holds all runs, or would.
        cards: of all runs.
    """
    recipes = _by_type(cards)
    return (*(recipe_page(gallery, members) for members in recipes.values()), gallery_page(gallery, recipes))


def read_cards(gallery: Path, now: float) -> list[Card]:
    """The cards of all runs on disk."""
    return [read_card(folder, now=now) for folder in run_folders(gallery)]


def _write_above(gallery: Path, pages: Renderer, now: float, *, only: str = "") -> list[Path]:
    """Write the pages above the runs that changed; of the recipes' pages perhaps only one."""
    changed = pages.write_assets(gallery)
    for page in pages_above(gallery, read_cards(gallery, now)):
        if only and page.kind == "recipe" and page.path.parent.name != only:
            continue
        changed += [page.path] if pages.write(page) else []
    return changed


def update_index(gallery: Path, recipe: str, *, now: float | None = None, templates: Path | None = None) -> list[Path]:
    """Rewrite the page of one recipe and the gallery's, from what is on disk.

    Args:
        gallery: the folder that holds all runs.
        recipe: the recipe's type, i.e. its folder in the gallery.
        now: seconds since the epoch; the clock if None.
        templates: a folder of templates that override ours.

    Returns:
        The pages that changed.
    """
    gallery, pages = gallery.absolute(), renderer(templates)
    with _locked(gallery):
        return _write_above(gallery, pages, time.time() if now is None else now, only=recipe)


def rebuild_gallery(
    gallery: Path,
    *,
    only: Path | None = None,
    rewrite: bool = False,
    now: float | None = None,
    templates: Path | None = None,
) -> list[Path]:
    """Rebuild every report and the pages above them from the logs; no GPU, no network needed.

    Args:
        gallery: the folder that holds all runs.
        only: render the report of this run alone (the pages above are still brought up to date).
        rewrite: render every page, also of runs whose files did not change since their last report.
        now: seconds since the epoch; the clock if None.
        templates: a folder of templates that override ours.

    Returns:
        The pages and assets that changed: nothing on a second call.
    """
    gallery, pages = gallery.absolute(), renderer(templates)
    moment = time.time() if now is None else now
    changed: list[Path] = []
    # Without the lock, since this can take minutes: a run that goes on meanwhile writes the same pages.
    for folder in [only.absolute()] if only is not None else run_folders(gallery):
        summary = read_run(folder, events_too=False, now=moment)
        if rewrite or not is_current(folder, pages.digest, summary.status):
            changed += write_run(read_run(folder, now=moment), gallery, pages)
    with _locked(gallery):
        changed += _write_above(gallery, pages, moment)
        if only is None:
            pages.remove_old_assets(gallery)
        return changed
