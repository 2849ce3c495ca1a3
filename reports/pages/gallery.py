"""The pages above the runs: the gallery (newest run of each recipe) and each recipe (all its runs).

They are made from the runs' cards (`card.py`), under a lock: of two processes that finish a run at once,
the later one sees both. A run's folder is `gallery/<type>/<run-id>/` with a `run.json` or an `events.jsonl`.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from orbifolio.reports.compare import RUN_INDEX, compare_address, compare_page, run_index
from orbifolio.reports.data.card import Card, read_card
from orbifolio.reports.data.log import read_run
from orbifolio.reports.files import visible_folders, write_bytes
from orbifolio.reports.links import Header, Link, Place
from orbifolio.reports.many import parallel_map
from orbifolio.reports.pages.feed import FEED_NAME, build_feed
from orbifolio.reports.pages.recipe import recipe_page
from orbifolio.reports.pages.run import REFRESH
from orbifolio.reports.pages.thumbnail_grid import (
    card_size,
    filter_menus,
    theme_of,
    theme_order,
    thumbnail,
    title_from_name,
)
from orbifolio.reports.parts.base import Empty, Part
from orbifolio.reports.parts.gallery import Filters, ThemeSection, ThumbnailGrid
from orbifolio.reports.parts.sweep import SweepShelf
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.faces import SweepSnapshot, read_snapshots
from orbifolio.reports.sweep.page import sweep_page
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.sweep.shelf import sweep_shelf, sweeps_page
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import format_count
from orbifolio.reports.write import is_current, write_run

MIN_SEARCHABLE = 4
"""With fewer recipes there is nothing to search or to choose."""

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


def run_folders(gallery: Path) -> list[Path]:
    """The folders of all runs, by type and name."""
    return [
        folder
        for type_ in visible_folders(gallery)
        if type_.name != SWEEPS_FOLDER
        for folder in visible_folders(type_)
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


def gallery_page(gallery: Path, recipes: Mapping[str, Sequence[Card]], sweeps: Sequence[SweepSnapshot] = ()) -> Page:
    """The gallery's page.

    Args:
        gallery: the folder that holds all runs.
        recipes: cards of each type, newest first, none empty.
        sweeps: all of them, newest first.
    """
    place = Place(gallery)
    themes: dict[str, list[Sequence[Card]]] = {}
    for members in recipes.values():
        themes.setdefault(theme_of(members[0]), []).append(members)
    hung: list[Part] = []
    sections = []
    for number, theme in enumerate(sorted(themes, key=theme_order), 1):
        cards = []
        for members in sorted(themes[theme], key=lambda members: (members[0].title.casefold(), members[0].type)):
            newest = members[0]
            label = "1 run" if len(members) == 1 else f"All {len(members)} runs"
            more = Link(label, place.to(gallery / newest.type / "index.html"))
            facts = (newest.group, card_size(newest))
            cards.append(thumbnail(newest, gallery, place, title=newest.title, facts=facts, more=more, told=True))
        hung.append(ThumbnailGrid(f"theme-{number}", title_from_name(theme), tuple(cards)))
        sections.append(ThemeSection(theme, title_from_name(theme), f"#theme-{number}", len(cards)))
    runs = sum(len(members) for members in recipes.values())
    newest_runs = [members[0] for members in recipes.values()]
    if len(recipes) > 1 or runs > 1:
        filters = Filters(
            noun="recipe",
            total=len(recipes),
            sections=tuple(sections) if len(sections) > 1 else (),
            choosers=filter_menus(newest_runs) if len(recipes) >= MIN_SEARCHABLE else (),
            compare=compare_address(place, gallery),
            sweeps=f"#{SweepShelf.id}" if sweeps else "",
            searched=len(recipes) >= MIN_SEARCHABLE,
        )
        hung.insert(0, filters)
    if (swept := sweep_shelf(sweeps, gallery, place)) is not None:
        hung.append(swept)
    if not recipes and not sweeps:
        hung.append(
            Empty(
                "No run yet. The first one appears here as soon as it begins.",
                "orbifolio run recipes/plane/rainbow-hexagon.yaml",
            )
        )
    counts = [format_count(len(recipes), "recipe"), format_count(runs, "run")]
    counts += [format_count(len(sweeps), "sweep")] if sweeps else []
    return Page(
        path=gallery / "index.html",
        kind="gallery",
        root="./",
        header=Header("Gallery", facts=tuple(counts)),
        crumbs=(Link("Gallery"),),
        parts=tuple(hung),
        description="Pictures found by optimisation.",
        refresh=REFRESH
        if any(card.running for card in newest_runs) or any(shown.sweep.running for shown in sweeps)
        else None,
    )


def pages_above(gallery: Path, cards: Iterable[Card], sweeps: Sequence[SweepSnapshot] = ()) -> tuple[Page, ...]:
    """The pages above these runs, the gallery's own last, so that its links lead somewhere.

    No file is opened: the runs may as well lie elsewhere.

    Args:
        gallery: the folder that holds all runs, or would.
        cards: of all runs.
        sweeps: all of them, newest first.
    """
    recipes = _by_type(cards)
    of_recipes = (recipe_page(gallery, members, sweeps) for members in recipes.values())
    of_sweeps = [sweep_page(shown, gallery) for shown in sweeps]
    if sweeps:
        of_sweeps.append(sweeps_page(gallery, sweeps))
    comparing = compare_page(gallery, recipes)
    return (*of_sweeps, *of_recipes, comparing, gallery_page(gallery, recipes, sweeps))


def files_above(gallery: Path, cards: Iterable[Card], pages: PageRenderer, *, base: str = "") -> dict[str, bytes]:
    """What stands beside the gallery's page and is no page: the index of runs, the feed.

    Args:
        gallery: the folder that holds all runs, or would; no file is opened.
        cards: of all runs.
        pages: renders the feed.
        base: the gallery's address with a slash at its end, if it is known.
    """
    every = list(cards)
    template = pages.environment.get_template(FEED_NAME)
    texts = {
        RUN_INDEX: run_index(_by_type(every)),
        FEED_NAME: template.render(feed=build_feed(gallery, every, base)),
    }
    return {name: text.encode("utf-8", errors="replace") for name, text in texts.items()}


def write_above(
    gallery: Path,
    cards: Iterable[Card],
    pages: PageRenderer,
    *,
    sweeps: Sequence[SweepSnapshot] = (),
    only: str = "",
    base: str = "",
) -> list[Path]:
    """Write all that stands above these runs, as far as it changed; what is linked to comes first.

    Args:
        gallery: where; nothing but what is written is looked at, so that the runs may as well lie elsewhere.
        cards: of all runs.
        pages: renders them.
        sweeps: all of them, newest first.
        only: of the recipes' pages write that of this type alone, and none of a sweep; all if "".
        base: the gallery's address with a slash at its end, if it is known.

    Returns:
        The files that changed.
    """
    every = list(cards)
    beside = files_above(gallery, every, pages, base=base)
    changed = [gallery / name for name, content in beside.items() if write_bytes(gallery / name, content)]
    for page in pages_above(gallery, every, sweeps):
        if only and (page.kind == "sweep" or (page.kind == "recipe" and page.path.parent.name != only)):
            continue
        changed += [page.path] if pages.write(page) else []
    return changed


def read_cards(gallery: Path, now: float) -> list[Card]:
    """The cards of all runs on disk."""
    return [read_card(folder, now=now) for folder in run_folders(gallery)]


def _write_above(gallery: Path, pages: PageRenderer, now: float, *, only: str = "") -> list[Path]:
    """Write the assets, and what stands above the runs on disk."""
    cards = read_cards(gallery, now)
    sweeps = read_snapshots(gallery, cards, now)
    return pages.write_assets(gallery) + write_above(gallery, cards, pages, sweeps=sweeps, only=only)


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


def update_sweeps(gallery: Path, *, now: float | None = None, templates: Path | None = None) -> list[Path]:
    """Rewrite all pages above the runs: a sweep has runs of several recipes, whose pages lead to it.

    Args:
        gallery: the folder that holds all runs.
        now: seconds since the epoch; the clock if None.
        templates: a folder of templates that override ours.

    Returns:
        The pages that changed.
    """
    return update_index(gallery, "", now=now, templates=templates)


def _current(folder: Path, digest: str, now: float) -> bool:
    """Whether a run's report is up to date."""
    return is_current(folder, digest, read_run(folder, events_too=False, now=now).status)


def _write_again(folder: Path, *, gallery: Path, templates: Path | None, now: float) -> list[Path]:
    """Write a run's pages that changed."""
    return write_run(read_run(folder, now=now), gallery, renderer(templates))


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
    folders = [only.absolute()] if only is not None else run_folders(gallery)
    digest = pages.digest  # before processes are forked, so that they share it
    outdated = [folder for folder in folders if rewrite or not _current(folder, digest, moment)]
    again = functools.partial(_write_again, gallery=gallery, templates=templates, now=moment)
    # Without the lock, since this can take minutes: a run that goes on meanwhile writes the same pages.
    changed = [path for written in parallel_map(again, outdated) for path in written]
    with _locked(gallery):
        changed += _write_above(gallery, pages, moment)
        if only is None:
            pages.remove_old_assets(gallery)
        return changed
