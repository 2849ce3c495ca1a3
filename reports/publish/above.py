"""The pages above a store's runs: cards of all runs -> index pages as files, made without any of the runs."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from orbifolio.reports.data.card import Card
from orbifolio.reports.links import Header, Link
from orbifolio.reports.publish import serving
from orbifolio.reports.render import PageRenderer
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.record import SWEEPS_FOLDER
from orbifolio.reports.tree import Page
from orbifolio.reports.write_gallery import write_above

MISSING_PAGE = "404.html"


def missing_page(gallery: Path, root: str) -> Page:
    """What a website shows for an address that leads nowhere, from however deep a folder.

    Args:
        gallery: the folder that holds all runs.
        root: the gallery's address on its host, as in `/art/`.
    """
    home = f"{root}index.html"
    return Page(
        path=gallery / MISSING_PAGE,
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
    """The files above the runs, in the order in which they are to be written.

    Args:
        cards: of all runs.
        pages: renders them.
        root: the gallery's address on its host, for the page of addresses that lead nowhere; none if "".
        before: keys that such files had the last time; news that open pages still wait for are among them.
        sweeps: all of them, newest first; of their runs, only those lead anywhere that have cards.
    """
    with tempfile.TemporaryDirectory(prefix="orbifolio-") as name:
        folder = Path(name).resolve()
        for key in before:
            if serving.is_news(key):
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).touch()  # so that a page which has come to rest says so there
        if root:
            pages.write(missing_page(folder, root))
        write_above(folder, cards, pages, sweeps=sweeps)
        written = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        found = {key: path.read_bytes() for key, path in written.items()}

    def order(key: str) -> tuple[object, ...]:
        # the recipes' pages lead to sweeps, whose pages lead to that of all sweeps
        return (
            serving.rank(key, known=key in before),
            key == "index.html",
            not key.startswith(f"{SWEEPS_FOLDER}/"),
            key,
        )

    ordered = sorted(found, key=order)
    return {key: found[key] for key in ordered if found[key]}
