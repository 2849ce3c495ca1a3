"""Writing the pages above the runs: (gallery) -> the pages of recipes, sweeps and the gallery, index and feed.

They are made from the runs' cards, under a lock: of two processes that finish a run at once, the later one
sees both. No run stops another: one that cannot be read or shown has a card and a page that say why.

A run's folder is `gallery/<type>/<run-id>/` with a `run.json` or an `events.jsonl`.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from orbifolio.reports.data.card import Card
from orbifolio.reports.data.log import read_run
from orbifolio.reports.files import Obstacles, visible_folders, write_bytes
from orbifolio.reports.media.run_card import read_card, stub_card
from orbifolio.reports.pages.blind import PICTURE_INDEX, picture_index
from orbifolio.reports.pages.compare import run_index
from orbifolio.reports.pages.feed import FEED_NAME, build_feed
from orbifolio.reports.pages.gallery import cards_by_type, pages_above
from orbifolio.reports.pages.sweep import sweep_page
from orbifolio.reports.parallel_map import parallel_map
from orbifolio.reports.parts.compare import RUN_INDEX
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.record import SWEEP_NAME, SWEEPS_FOLDER, read_sweep
from orbifolio.reports.sweep.run_preview import SweepSnapshot, read_snapshot, read_snapshots
from orbifolio.reports.write import is_current, is_disk_error, write_run_or_stub
from orbifolio.runner.events import RECORDS, unreadable_files
from orbifolio.runner.files import is_file

_LOCK = ".orbifolio.lock"
_LOCK_SECONDS = 20.0  # that another process may hold it; a stuck one must not stop a run


@contextlib.contextmanager
def _locked(gallery: Path) -> Iterator[None]:
    """Hold the gallery's lock; continue without it if it is unavailable, as pages are written whole anyway."""
    gallery.mkdir(parents=True, exist_ok=True)
    lock = FileLock(gallery / _LOCK)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except (Timeout, OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        lock.release()


def possible_runs(gallery: Path) -> Iterator[Path]:
    """The folders where runs lie, by type and name."""
    for type_ in visible_folders(gallery):
        if type_.name != SWEEPS_FOLDER:
            yield from visible_folders(type_)


def run_folders(gallery: Path) -> list[Path]:
    """The folders of all runs, by type and name."""
    return [folder for folder in possible_runs(gallery) if any(is_file(folder / name) for name in RECORDS)]


def files_above(
    gallery: Path,
    cards: Iterable[Card],
    pages: PageRenderer,
    *,
    sweeps: Sequence[SweepSnapshot] = (),
    base: str = "",
) -> dict[str, bytes]:
    """The files beside the gallery's page that are not pages: the indexes of runs and of pictures, and the feed.

    Args:
        gallery: the folder that holds all runs, or would; no file is opened.
        cards: of all runs, in any order.
        sweeps: all of them, newest first.
        base: the gallery's address with a slash at its end, or "" if it is unknown.
    """
    every = list(cards)
    template = pages.environment.get_template(FEED_NAME)
    recipes = cards_by_type(every)
    texts = {
        RUN_INDEX: run_index(recipes),
        PICTURE_INDEX: picture_index(recipes, sweeps),
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
    """Write the pages above these runs that changed; what is linked to comes first.

    Args:
        gallery: where; only written files are read, so the runs may lie elsewhere.
        cards: of all runs, in any order.
        sweeps: all of them, newest first.
        only: of the recipes' pages write that of this type alone, and none of a sweep; all if "".
        base: the gallery's address with a slash at its end, or "" if it is unknown.

    Returns:
        The files that changed.

    Raises:
        PathTaken: something else lies in the place of some; the others are written.
    """
    every = list(cards)
    try:
        return _write_pages_above(gallery, every, pages, sweeps, only, base)
    except OSError:
        raise
    except Exception:  # by which card or sweep is found out only then, as a gallery may hold thousands
        sound = [_showable_or_stub(gallery, card, pages) for card in every]
        shown = [snapshot for snapshot in sweeps if _is_showable(gallery, snapshot, pages)]
        return _write_pages_above(gallery, sound, pages, shown, only, base)


def _write_pages_above(
    gallery: Path, cards: Sequence[Card], pages: PageRenderer, sweeps: Sequence[SweepSnapshot], only: str, base: str
) -> list[Path]:
    changed, obstacles = [], Obstacles()
    for name, content in files_above(gallery, cards, pages, sweeps=sweeps, base=base).items():
        with obstacles.gather():
            changed += [gallery / name] if write_bytes(gallery / name, content) else []
    for page in pages_above(gallery, cards, sweeps):
        if only and (page.kind == "sweep" or (page.kind == "recipe" and page.path.parent.name != only)):
            continue
        try:
            with obstacles.gather():
                changed += [page.path] if pages.write(page) else []
        except OSError as error:  # of one page: the others need not wait for that
            if page.path.parent == gallery or is_disk_error(error):
                raise
    obstacles.tell()
    return changed


def _showable_or_stub(gallery: Path, card: Card, pages: PageRenderer) -> Card:
    """The card if the pages above it can show it, else a stub that tells why not."""
    try:
        _render_above(gallery, [card], [], pages)
    except Exception as error:  # a fault of ours included: the other runs must not pay for it
        return stub_card(gallery / card.key, error)
    return card


def _is_showable(gallery: Path, snapshot: SweepSnapshot, pages: PageRenderer) -> bool:
    """Whether the pages above the runs can show a sweep; one that they cannot show is left out."""
    try:
        _render_above(gallery, [], [snapshot], pages)
    except Exception:  # a fault of ours included: the other sweeps must not pay for it
        return False
    return True


def _render_above(gallery: Path, cards: Sequence[Card], sweeps: Sequence[SweepSnapshot], pages: PageRenderer) -> None:
    """Make the files and pages above some runs and sweeps, and throw them away."""
    files_above(gallery, cards, pages, sweeps=sweeps)
    for page in pages_above(gallery, cards, sweeps):
        pages.html(page)


def read_cards(gallery: Path, now: float) -> list[Card]:
    """The cards of all runs on disk."""
    return [read_card(folder, now=now) for folder in run_folders(gallery)]


def _write_above(gallery: Path, pages: PageRenderer, now: float, *, only: str = "") -> list[Path]:
    """Write the assets, and the pages above the runs on disk."""
    changed, obstacles = [], Obstacles()
    with obstacles.gather():
        changed += pages.write_assets(gallery)
    for folder in run_folders(gallery):
        if not is_file(folder / "index.html"):  # killed before its first report: links from above must lead somewhere
            changed += write_run_or_stub(folder, gallery, pages, now=now)
    cards = read_cards(gallery, now)
    sweeps = read_snapshots(gallery, cards, now)
    with obstacles.gather():
        changed += write_above(gallery, cards, pages, sweeps=sweeps, only=only)
    obstacles.tell()
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

    Raises:
        PathTaken: something else lies in the place of some; the others are written.
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
    """Whether a run's report is up to date; that of a run that cannot be read never is."""
    try:
        return is_current(folder, digest, read_run(folder, events_too=False, now=now).status)
    except Exception:  # the page that is then written says why
        return False


def _write_again(folder: Path, *, gallery: Path, templates: Path | None, now: float) -> list[Path]:
    """Write a run's pages that changed."""
    return write_run_or_stub(folder, gallery, renderer(templates), now=now, all_of_them=True)


def rebuild_gallery(
    gallery: Path,
    *,
    only: Path | None = None,
    rewrite: bool = False,
    now: float | None = None,
    templates: Path | None = None,
) -> list[Path]:
    """Rebuild every report and the pages above them from the logs; needs no GPU and no network.

    Args:
        gallery: the folder that holds all runs.
        only: render the report of this run alone (the pages above are still brought up to date).
        rewrite: render every page, also of runs whose files did not change since their last report.
        now: seconds since the epoch; the clock if None.
        templates: a folder of templates that override ours.

    Returns:
        The pages and assets that changed: nothing on a second call.

    Raises:
        PathTaken: something else lies in the place of some, or of a run's own files; the others are written.
    """
    gallery, pages, obstacles = gallery.absolute(), renderer(templates), Obstacles()
    moment = time.time() if now is None else now
    folders = [only.absolute()] if only is not None else run_folders(gallery)
    digest = pages.digest  # before processes are forked, so that they share it
    outdated = [folder for folder in folders if rewrite or not _current(folder, digest, moment)]
    again = functools.partial(_write_again, gallery=gallery, templates=templates, now=moment)
    # Without the lock, since this can take minutes: a run that is running meanwhile writes the same pages.
    changed = [path for written in parallel_map(again, outdated) for path in written]
    with _locked(gallery):
        with obstacles.gather():
            changed += _write_above(gallery, pages, moment)
        if only is None:
            pages.remove_old_assets(gallery)
    for folder in possible_runs(gallery):
        obstacles.note(unreadable_files(folder))
    obstacles.tell()
    return changed


def write_sweep(gallery: Path, sweep: Path, *, now: float | None = None, templates: Path | None = None) -> Path:
    """Render the page of one sweep from its record.

    At its beginning and its end the pages that lead to it are brought up to date, too: those of the gallery,
    of all sweeps, of its recipes and of its runs.

    Args:
        gallery: the folder that holds all runs; style sheet and script go to its `assets/`.
        sweep: `gallery/sweeps/<name>`.
        now: seconds since the epoch, to tell a silent run from a running one; the clock if None.
        templates: a folder of templates that override ours; `ORBIFOLIO_TEMPLATES` if None.

    Returns:
        The sweep's `index.html`.

    Raises:
        FileNotFoundError: there is no record that can be read.
        OSError: the disk is full or not writable; what was there before is still whole.
    """
    gallery, pages = gallery.absolute(), renderer(templates)
    moment = time.time() if now is None else now
    folder = gallery / SWEEPS_FOLDER / sweep.name
    sweep_record = read_sweep(folder)
    if sweep_record is None:
        raise FileNotFoundError(f"{folder / SWEEP_NAME}: missing or torn; a sweep's page is made from it")
    page = folder / "index.html"
    begins = not page.exists()
    pages.write_assets(gallery)
    snapshot = read_snapshot(gallery, sweep_record, moment)
    pages.write(sweep_page(snapshot, gallery))
    if begins or not snapshot.sweep.running:
        _write_runs(snapshot, gallery, pages, moment)
        update_sweeps(gallery, now=moment, templates=templates)
    return page


def _write_runs(snapshot: SweepSnapshot, gallery: Path, pages: PageRenderer, now: float) -> None:
    """The pages of those runs that ended before the sweep's record named them: they do not lead to it yet."""
    for run, preview in snapshot.previews.items():
        if not preview.card.running and not is_current(gallery / run, pages.digest, preview.card.status):
            write_run_or_stub(gallery / run, gallery, pages, now=now, all_of_them=True)
