"""The pages above the runs of a store: cards of all runs -> contents of the index pages; needs no run on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import Header, Link
from orbifolio.reports.publish.serving import is_live_update, upload_rank
from orbifolio.reports.render import PageRenderer
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import Page
from orbifolio.reports.write_gallery import write_above

NOT_FOUND_PAGE = "404.html"


def not_found_page(gallery: Path, root: str) -> Page:
    """What a website shows for an address that leads nowhere, at whatever depth.

    Args:
        gallery: the folder that holds all runs.
        root: the gallery's address on its host, as in `/art/`; relative links would depend on the depth.
    """
    home = f"{root}index.html"
    return Page(
        path=gallery / NOT_FOUND_PAGE,
        kind="missing",
        root=root,
        header=Header("There is no page here"),
        crumbs=(Link("Gallery", home), Link("Not found")),
        parts=(),
        description="An address that leads nowhere.",
    )


def index_files(
    cards: Iterable[Card],
    pages: PageRenderer,
    root: str = "",
    before: Collection[str] = (),
    sweeps: Sequence[SweepSnapshot] = (),
) -> Mapping[str, bytes]:
    """The files above the runs, by key, in the order in which they are to be written.

    Args:
        cards: of all runs in the store.
        pages: renders them with the gallery's templates.
        root: the gallery's address on its host, for the page "not found"; "" leaves that page out.
        before: keys of these files as of the last time, among them live updates that open pages still wait for.
        sweeps: all of them, newest first; only their runs that have cards become links.
    """
    with tempfile.TemporaryDirectory(prefix="orbifolio-") as name:
        folder = Path(name).resolve()
        for key in before:
            if is_live_update(key):
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).touch()  # so that a page which is finished now says so to those who watch it
        if root:
            pages.write(not_found_page(folder, root))
        write_above(folder, cards, pages, sweeps=sweeps)
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    def order(key: str) -> tuple[object, ...]:
        # recipes' pages link to sweeps, and these to the page of all sweeps
        return (
            upload_rank(key, replaces=key in before),
            key == "index.html",
            not key.startswith(f"{SWEEPS_FOLDER}/"),
            key,
        )

    return {key: files[key] for key in sorted(files, key=order) if files[key]}
