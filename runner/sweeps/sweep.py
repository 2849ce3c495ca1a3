"""The life of a sweep: planned members -> its folders on disk -> run by an engine, or resumed."""

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
from orbifolio.runner.sweeps.engine import SweepEngine
from orbifolio.runner.sweeps.page import PageWriter
from orbifolio.runner.sweeps.progress_table import SweepTable
from orbifolio.runner.sweeps.record import DONE, SWEEPS, SweepMember, SweepRecord, now_text, read_record, write_record
from orbifolio.runner.sweeps.scheduler import Scheduler, StopFlag
from orbifolio.runner.sweeps.spec import (
    SweepRecipe,
    SweepSpec,
    SweepTask,
    private_folder,
    read_spec,
    recipe_path,
    remove_spec,
    write_spec,
)
from orbifolio.runner.sweeps.variations import Variation

if TYPE_CHECKING:
    from orbifolio.runner.sweeps.validate import MemberForecast


@dataclass(frozen=True)
class StoredSweep:
    """A sweep on disk.

    Attributes:
        folder: with its record, in the gallery.
        record: the state of all members, as on disk.
        spec: what its members need.
    """

    folder: Path
    record: SweepRecord
    spec: SweepSpec


def make_spec(
    variations: Sequence[Variation],
    forecasts: Sequence[MemberForecast],
    images: Mapping[str, Path],
    *,
    threads: int,
    options: Sequence[str],
) -> SweepSpec:
    """What the members need.

    Args:
        variations: the members to be.
        forecasts: of each member, in the same order.
        images: pictures by name.
        threads: processor threads of each, 0 for torch's own choice.
        options: of the command line, repeated in every member's own command.
    """
    paths = list(dict.fromkeys(variation.recipe for variation in variations))
    uploads = {variation.recipe: forecast.uploads for variation, forecast in zip(variations, forecasts, strict=True)}
    used = {name: path for name, path in images.items() if any(name in names for names in uploads.values())}
    return SweepSpec(
        recipes=tuple(
            SweepRecipe(
                typed=str(path),
                folder=str(path.parent.absolute()),
                theme=path.resolve().parent.name or "recipes",
                name=path.stem,
                images=uploads[path],
            )
            for path in paths
        ),
        tasks=tuple(SweepTask(paths.index(variation.recipe), variation.overrides) for variation in variations),
        images={name: f"images/{name}{path.suffix}" for name, path in used.items()},
        given={name: str(path) for name, path in used.items()},
        threads=threads,
        options=tuple(options),
        typed_in=str(Path.cwd()),
    )


def create_sweep(
    gallery: Path,
    spec: SweepSpec,
    variations: Sequence[Variation],
    forecasts: Sequence[MemberForecast],
    images: Mapping[str, Path],
    *,
    title: str,
    command: str,
    about: str,
    shown: Path,
    varied: tuple[tuple[str, tuple[str, ...]], ...],
    engine: str,
    best_by: str = "",
) -> StoredSweep:
    """Put a new sweep on disk; nothing runs yet.

    Args:
        gallery: the folder that holds all runs, absolute.
        spec: what the members need.
        variations: the members to be.
        forecasts: of each member, in the same order.
        images: pictures by name.
        title: the heading of the page.
        about: a line under the title.
        shown: the gallery as it was typed.
        varied: keys and their values, in the order typed.
        best_by: what its runs are ranked by at its end, or "".

    Raises:
        RunFailed: the gallery cannot be written.
    """
    folder = make_folder(gallery, SWEEPS, time.time())
    members = [
        SweepMember(
            variation.number, str(variation.recipe), variation.recipe.stem, dict(variation.varied), forecast.title
        )
        for variation, forecast in zip(variations, forecasts, strict=True)
    ]
    resume = shlex.join(["orbifolio", "sweep", str(shown / SWEEPS / folder.name), "--resume"])
    record = SweepRecord(title, command, varied, members, now_text(), engine=engine, about=about, resume=resume)
    record.best_by = best_by
    texts = [Path(recipe.typed).read_bytes() for recipe in spec.recipes]
    write_spec(private_folder(gallery, folder.name), spec, texts, images)
    try:
        write_record(folder, record)
    except OSError as error:
        raise RunFailed(f"{folder}: cannot be written ({error.strerror or error}); make room") from error
    return StoredSweep(folder, record, spec)


def find_unfinished(gallery: Path, spec: SweepSpec | None = None, name: str | None = None) -> StoredSweep:
    """The newest sweep that can be resumed.

    Args:
        gallery: the folder that holds all runs.
        spec: only a sweep with the same runs counts; any if None.
        name: of its folder; any if None.

    Raises:
        InputError: no sweep is unfinished, or none of these runs.
    """
    others = 0
    for folder in sorted((gallery / SWEEPS).glob(name or "*-*-*"), reverse=True):
        record, stored_spec = read_record(folder), read_spec(private_folder(gallery, folder.name))
        if record is None or stored_spec is None or not record.unfinished:
            continue
        if spec is not None and _runs(stored_spec) != _runs(spec):
            others += 1
            continue
        return StoredSweep(folder, record, stored_spec)
    if others:
        raise InputError(
            f"--resume: {others} unfinished sweep{'s' if others > 1 else ''} in {gallery} made other runs; repeat "
            "recipe and values, or use --resume alone for the newest"
        )
    raise InputError(
        f"--resume: no unfinished sweep in {gallery}; there is nothing to resume; start one without --resume"
    )


def _runs(spec: SweepSpec) -> object:
    """What sweeps of the same runs share: recipes and overrides, whatever their pictures and threads."""
    return [(spec.recipes[task.recipe].typed, task.overrides) for task in spec.tasks]


def changed_recipes(private: Path, spec: SweepSpec) -> tuple[str, ...]:
    """Recipes whose text has changed since the sweep started, as typed."""
    changed = []
    for number, recipe in enumerate(spec.recipes):
        now = Path(recipe.folder) / Path(recipe.typed).name
        try:
            same = now.read_bytes() == recipe_path(private, spec, number).read_bytes()
        except OSError:
            same = False
        changed += [] if same else [recipe.typed]
    return tuple(changed)


def run_sweep(sweep: StoredSweep, gallery: Path, engine: SweepEngine, console: Console) -> str:
    """Run what is not done, watched by a terminal and a page; returns how the sweep ended.

    Args:
        gallery: the folder that holds all runs, absolute.
        engine: where its members run.
        console: shows the table, on stderr.

    Raises:
        InputError: another process runs this sweep.
    """
    private = private_folder(gallery, sweep.folder.name)
    lock = FileLock(private / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{sweep.folder}: this sweep is running in another process; wait for it") from None
    try:
        engine.open(gallery, sweep.folder.name, sweep.spec)
        sweep.record.engine = engine.name
        table = SweepTable(console, engine.slots)
        page = PageWriter(gallery, sweep.folder, table.say)
        with _stop_on_signals() as stop_flag, contextlib.closing(table):
            status = Scheduler(gallery, sweep.folder, sweep.record, engine, table, page, stop_flag).run()
    finally:
        lock.release()
    if status == DONE:
        remove_spec(private)
    return status


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[StopFlag]:
    """A flag that Ctrl-C and SIGTERM set."""
    stop_flag = StopFlag()

    def handle(number: int, frame: FrameType | None) -> None:
        stop_flag.stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop_flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
