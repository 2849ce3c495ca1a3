"""The pages above the runs: the gallery (newest run of each recipe) and each recipe (all its runs).

They are made from what is on disk, under a lock: of two processes that finish a run at once, the later
one sees both. A run's folder is `gallery/<type>/<run-id>/` with a `run.json` or an `events.jsonl`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from reports import imaging, parts, pictures, values, wording
from reports.compose import REFRESH, elapsed, group, picture_size
from reports.log import Run, read_run
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


def _newest_first(runs: Sequence[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.started or 0.0, run.id), reverse=True)


def _cover(run: Run, place: Place, *, sizes: str) -> tuple[parts.Picture | None, float]:
    """A run's picture for the wall, or its newest frame, and the ratio it is shown at."""
    source = imaging.final_source(run)
    if source is None and run.status != "done" and (newest := imaging.newest_frame(run)):
        source = pictures.prepare(run.folder, newest[1].path, widths=pictures.SMALL)
    ratio = source.ratio if source else 1.0
    return imaging.show(place, source, alt=run.title, sizes=sizes), min(_WIDEST, max(_NARROWEST, ratio))


def _card(run: Run, place: Place, *, title: str, facts: Sequence[str], more: Link | None) -> parts.WallCard:
    picture, ratio = _cover(run, place, sizes="(max-width: 40rem) 60vw, 24rem")
    status = None if run.status == "done" else STATUSES.get(run.status)
    return parts.WallCard(
        href=place.to(run.folder / "index.html"),
        picture=picture,
        ratio=f"{ratio:.4f}",
        title=title,
        facts=tuple(fact for fact in facts if fact),
        status=status,
        more=more,
    )


def _theme_order(theme: str) -> tuple[int, str]:
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme)


def gallery_page(gallery: Path, recipes: dict[str, list[Run]]) -> Page:
    """The gallery's page.

    Args:
        gallery: the folder that holds all runs.
        recipes: runs of each type, newest first, none empty.
    """
    place = Place(gallery)
    themes: dict[str, list[list[Run]]] = {}
    for runs in recipes.values():
        themes.setdefault(runs[0].theme or "other", []).append(runs)
    walls: list[parts.Part] = []
    for number, theme in enumerate(sorted(themes, key=_theme_order), 1):
        cards = []
        for runs in sorted(themes[theme], key=lambda runs: (runs[0].title.casefold(), runs[0].type)):
            newest = runs[0]
            label = "1 run" if len(runs) == 1 else f"All {len(runs)} runs"
            more = Link(label, place.to(newest.folder.parent / "index.html"))
            cards.append(
                _card(newest, place, title=newest.title, facts=(group(newest), picture_size(newest)), more=more)
            )
        title = theme.replace("-", " ").capitalize()
        walls.append(parts.Wall(f"theme-{number}", title, tuple(cards)))
    if not walls:
        walls.append(
            parts.Empty(
                "No run yet. The first one appears here as soon as it begins.",
                "orbifolio run recipes/plane/rainbow-hexagon.yaml",
            )
        )
    everything = [run for runs in recipes.values() for run in runs]
    facts = (wording.count(len(recipes), "recipe"), wording.count(len(everything), "run"))
    return Page(
        path=gallery / "index.html",
        kind="gallery",
        root="./",
        header=Header("Gallery", facts=facts),
        crumbs=(Link("Gallery"),),
        parts=tuple(walls),
        description="Pictures found by optimisation.",
        refresh=REFRESH if any(runs[0].running for runs in recipes.values()) else None,
    )


def recipe_page(gallery: Path, runs: Sequence[Run]) -> Page:
    """The page of a recipe: all its runs, newest first, as pictures and as a table."""
    newest = runs[0]
    place = Place(newest.folder.parent)
    cards = []
    rows = []
    for run in runs:
        date, took = wording.date(run.started), wording.duration(elapsed(run))
        seed = values.text(run.record.get("seed"))
        cards.append(
            _card(run, place, title=date, more=None, facts=(picture_size(run), f"seed {seed}" if seed else ""))
        )
        overrides = ", ".join(values.texts(run.record.get("overrides")))
        steps = values.whole(run.record.get("steps"))
        rows.append(
            (
                parts.Cell(run.id, place.to(run.folder / "index.html")),
                parts.Cell("", status=STATUSES.get(run.status)),
                parts.Cell(picture_size(run) or wording.MISSING, numeric=True),
                parts.Cell(wording.integer(steps) if steps else wording.MISSING, numeric=True),
                parts.Cell(took, numeric=True),
                parts.Cell(seed or wording.MISSING, numeric=True),
                parts.Cell(values.text(run.record.get("device")) or wording.MISSING),
                parts.Cell(overrides or wording.MISSING),
            )
        )
    heads = ("Run", "Status", "Size", "Steps", "Time", "Seed", "Device", "Overrides")
    columns = tuple(parts.Cell(name, numeric=name in ("Size", "Steps", "Time", "Seed")) for name in heads)
    return Page(
        path=place.folder / "index.html",
        kind="recipe",
        root=place.root(gallery),
        header=Header(newest.title, above=newest.theme, facts=(newest.type, wording.count(len(runs), "run"))),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link(newest.type)),
        parts=(
            parts.Wall("pictures", "Pictures", tuple(cards)),
            parts.Table("runs", "Runs", "All runs of this recipe, newest first", columns, tuple(rows)),
        ),
        description=newest.title,
        refresh=REFRESH if any(run.running for run in runs) else None,
    )


def _summaries(gallery: Path, now: float) -> dict[str, list[Run]]:
    """Runs of each type, newest first, without the logs of the finished ones."""
    found: dict[str, list[Run]] = {}
    for folder in run_folders(gallery):
        run = read_run(folder, events_too=False, now=now)
        found.setdefault(run.type, []).append(run)
    return {name: _newest_first(runs) for name, runs in sorted(found.items())}


def _write_index(gallery: Path, recipes: dict[str, list[Run]], pages: Renderer) -> list[Path]:
    return [page.path for page in [gallery_page(gallery, recipes)] if pages.write(page)]


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
    moment = time.time() if now is None else now
    with _locked(gallery):
        changed = pages.write_assets(gallery)
        recipes = _summaries(gallery, moment)
        if recipe in recipes:
            page = recipe_page(gallery, recipes[recipe])
            changed += [page.path] if pages.write(page) else []
        return changed + _write_index(gallery, recipes, pages)


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
        changed += pages.write_assets(gallery)
        recipes = _summaries(gallery, moment)
        for runs in recipes.values():
            page = recipe_page(gallery, runs)
            changed += [page.path] if pages.write(page) else []
        return changed + _write_index(gallery, recipes, pages)
