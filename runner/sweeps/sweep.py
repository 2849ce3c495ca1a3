"""A sweep from its beginning to its end: members to be -> its folders on disk -> run by an engine, or gone on with."""

from __future__ import annotations

import contextlib
import shlex
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from rich.console import Console

from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.run.run_folder import make_folder
from orbifolio.runner.run.subprocess import LOCK
from orbifolio.runner.sweeps.engine import Engine
from orbifolio.runner.sweeps.page import PageWriter
from orbifolio.runner.sweeps.progress_table import SweepTable
from orbifolio.runner.sweeps.record import DONE, SWEEPS, Member, Record, now_text, read_record, write_record
from orbifolio.runner.sweeps.scheduler import Pool, Wishes
from orbifolio.runner.sweeps.spec import (
    Errand,
    Order,
    Recipe,
    forget_order,
    keep_order,
    place_of,
    read_order,
    recipe_path,
)
from orbifolio.runner.sweeps.variations import Variation

if TYPE_CHECKING:
    from orbifolio.runner.sweeps.validate import Facts


@dataclass(frozen=True)
class Sweep:
    """A sweep on disk.

    Attributes:
        folder: with its record, in the gallery.
        record: how it stands.
        order: what its members need.
    """

    folder: Path
    record: Record
    order: Order


def order_of(
    variations: Sequence[Variation],
    facts: Sequence[Facts],
    images: Mapping[str, Path],
    *,
    threads: int,
    options: Sequence[str],
) -> Order:
    """What the members need.

    Args:
        variations: the members to be.
        facts: of each.
        images: pictures that are given, by name.
        threads: processor threads of each, 0 for torch's own choice.
        options: words of the command line that every member's own command repeats.
    """
    paths = list(dict.fromkeys(variation.recipe for variation in variations))
    uploads = {variation.recipe: fact.uploads for variation, fact in zip(variations, facts, strict=True)}
    used = {name: path for name, path in images.items() if any(name in names for names in uploads.values())}
    return Order(
        recipes=tuple(
            Recipe(
                typed=str(path),
                folder=str(path.parent.absolute()),
                theme=path.resolve().parent.name or "recipes",
                name=path.stem,
                images=uploads[path],
            )
            for path in paths
        ),
        errands=tuple(Errand(paths.index(variation.recipe), variation.overrides) for variation in variations),
        images={name: f"images/{name}{path.suffix}" for name, path in used.items()},
        given={name: str(path) for name, path in used.items()},
        threads=threads,
        options=tuple(options),
    )


def begin(
    gallery: Path,
    order: Order,
    variations: Sequence[Variation],
    facts: Sequence[Facts],
    images: Mapping[str, Path],
    *,
    title: str,
    command: str,
    about: str,
    shown: Path,
    varied: tuple[tuple[str, tuple[str, ...]], ...],
    engine: str,
) -> Sweep:
    """Put a new sweep on disk; nothing runs yet.

    Args:
        gallery: absolute.
        order: what the members need.
        variations: the members to be.
        facts: of each.
        images: pictures that are given, by name.
        title: for the page.
        command: what was typed.
        about: a line under the title.
        shown: the gallery as it was typed.
        varied: key and its values, in the order typed.
        engine: its name.

    Raises:
        RunFailed: the gallery cannot be written.
    """
    folder = make_folder(gallery, SWEEPS, time.time())
    members = [
        Member(variation.number, str(variation.recipe), variation.recipe.stem, dict(variation.varied), fact.title)
        for variation, fact in zip(variations, facts, strict=True)
    ]
    resume = shlex.join(["orbifolio", "sweep", str(shown / SWEEPS / folder.name), "--resume"])
    record = Record(title, command, varied, members, now_text(), engine=engine, about=about, resume=resume)
    texts = [Path(recipe.typed).read_bytes() for recipe in order.recipes]
    keep_order(place_of(gallery, folder.name), order, texts, images)
    try:
        write_record(folder, record)
    except OSError as error:
        raise RunFailed(f"{folder}: cannot be written ({error.strerror or error}); make room") from error
    return Sweep(folder, record, order)


def find(gallery: Path, order: Order | None = None, name: str | None = None) -> Sweep:
    """The newest sweep that can be gone on with.

    Args:
        gallery: that it stands in.
        order: it must have asked for the same runs, if given.
        name: of the one that is meant, if given.

    Raises:
        InputError: there is none.
    """
    others = 0
    for folder in sorted((gallery / SWEEPS).glob(name or "*-*-*"), reverse=True):
        record, kept = read_record(folder), read_order(place_of(gallery, folder.name))
        if record is None or kept is None or not record.unfinished:
            continue
        if order is not None and _asked(kept) != _asked(order):
            others += 1
            continue
        return Sweep(folder, record, kept)
    if others:
        raise InputError(
            f"--resume: {others} unfinished sweep{'s' if others > 1 else ''} in {gallery} made other runs; repeat "
            "recipe and values, or say --resume alone for the newest"
        )
    raise InputError(
        f"--resume: no unfinished sweep in {gallery}; there is nothing to go on with; begin without --resume"
    )


def _asked(order: Order) -> object:
    """What makes two orders the same; not where a picture lay, nor how many ran at once."""
    return [(order.recipes[errand.recipe].typed, errand.overrides) for errand in order.errands]


def changed_since(place: Path, order: Order) -> tuple[str, ...]:
    """Recipes whose file is another one now than when the sweep began."""
    found = []
    for number, recipe in enumerate(order.recipes):
        now = Path(recipe.folder) / Path(recipe.typed).name
        try:
            same = now.read_bytes() == recipe_path(place, order, number).read_bytes()
        except OSError:
            same = False
        found += [] if same else [recipe.typed]
    return tuple(found)


def carry_out(sweep: Sweep, gallery: Path, engine: Engine, console: Console) -> str:
    """Run what is not done, watched by a terminal and a page; returns how the sweep ended.

    Args:
        sweep: on disk.
        gallery: absolute.
        engine: where its members run.
        console: stderr.

    Raises:
        InputError: another process minds this sweep.
    """
    place = place_of(gallery, sweep.folder.name)
    lock = FileLock(place / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{sweep.folder}: this sweep is going on in another process; wait for it") from None
    try:
        engine.open(gallery, sweep.folder.name, sweep.order)
        sweep.record.engine = engine.name
        table = SweepTable(console, engine.slots)
        page = PageWriter(gallery, sweep.folder, table.say)
        with _listening() as wishes, contextlib.closing(table):
            status = Pool(gallery, sweep.folder, sweep.record, engine, table, page, wishes).run()
    finally:
        lock.release()
    if status == DONE:
        forget_order(place)
    return status


@contextlib.contextmanager
def _listening() -> Iterator[Wishes]:
    """Ctrl-C and SIGTERM as wishes."""
    wishes = Wishes()

    def handle(number: int, frame: FrameType | None) -> None:
        wishes.stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
