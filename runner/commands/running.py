"""`orbifolio run`: a recipe, a device, a gallery, and listeners around one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from reports.gallery import update_index
from reports.write import write_report
from runner.devices import choose_device, describe_device
from runner.errors import InputError, OrbifolioError
from runner.listeners import Listener, ReportWriter, Terminal
from runner.publishing import Publishing
from runner.recipe.model import LoadedRecipe, load
from runner.run import Run, RunResult, Stop
from runner.shelf import find_resumable
from runner.vision.weights import show_progress


def run_recipe(
    path: Path,
    overrides: Sequence[str],
    images: Mapping[str, Path],
    *,
    gallery: Path,
    device: str,
    resume: bool,
    command: str,
    console: Console,
    stop: Stop,
) -> RunResult:
    """Run one recipe.

    Raises:
        OrbifolioError: the recipe is wrong, nothing can be resumed, or nothing can be written.
    """
    loaded = load(path, overrides, images)
    for problem in loaded.warnings:
        console.print(str(problem), markup=False, highlight=False)
    chosen = choose_device(device)
    folder = _resumable(loaded, gallery) if resume else None
    console.print(f"{loaded.recipe.title}  on {describe_device(chosen)}", markup=False, highlight=False)
    with show_progress(console):
        loaded.fetch_weights()
    work = Run(loaded, gallery=gallery, device=chosen, command=command, folder=folder, stop=stop)
    terminal = Terminal(console, tuple(phase.width * phase.height for phase in work.phases))
    if loaded.recipe.publish is None:
        return _report(work, gallery, terminal, lambda folder: None)
    say = partial(console.print, markup=False, highlight=False)
    with Publishing(loaded.recipe.publish, path.parent, gallery, say) as publishing:
        try:
            return _report(work, gallery, terminal, publishing.begin)
        finally:
            stop.closing = stop.stepping = False  # the run is over: Ctrl-C now ends the last publication


def _report(work: Run, gallery: Path, terminal: Terminal, begun: Callable[[Path], None]) -> RunResult:
    """Run, with a report that is rewritten while it goes on.

    Args:
        work: the run.
        gallery: where the report is shelved.
        terminal: shows progress.
        begun: is told the run's folder once there is a report in it.
    """
    name = work.loaded.name

    def listeners(run_folder: Path) -> list[Listener]:
        def write() -> None:
            write_report(run_folder, gallery=gallery)

        terminal.console.print(f"report: {run_folder / 'index.html'}", markup=False, highlight=False)
        write()
        update_index(gallery, name)
        begun(run_folder)
        return [terminal, ReportWriter(write)]

    try:
        result = work.execute(listeners)
    finally:
        terminal.close()
    try:
        write_report(result.folder, gallery=gallery)
        update_index(gallery, name)
    except OSError as error:
        if result.outcome != "done":
            return result  # why it ended matters more, and is told by the caller
        # The picture is safe; only pages could not be written.
        raise OrbifolioError(
            f"{gallery}: the report could not be written ({error.strerror or error}); make room and run "
            f"`orbifolio gallery {gallery}`"
        ) from error
    return result


def _resumable(loaded: LoadedRecipe, gallery: Path) -> Path:
    folder, why = find_resumable(gallery, loaded.name, loaded.parameters)
    if folder is None:
        raise InputError(f"--resume: {why}")
    return folder
