"""`orbifolio run`: a recipe, a device, a gallery, and listeners around one run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from orbifolio.reports.publish.background import BackgroundPublisher
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import update_index
from orbifolio.runner.cloud.rerun import rerun_instructions
from orbifolio.runner.devices import choose_device, describe_device
from orbifolio.runner.errors import InputError, OrbifolioError
from orbifolio.runner.mail.notifier import Notifier
from orbifolio.runner.recipe.model import LoadedRecipe, load
from orbifolio.runner.run.listeners import Listener, ReportWriter, Terminal
from orbifolio.runner.run.loop import Run, RunResult, Stop
from orbifolio.runner.run.run_folder import find_resumable
from orbifolio.runner.vision.weights import show_progress


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
    mail: Path | None = None,
) -> RunResult:
    """Run one recipe.

    Raises:
        OrbifolioError: the recipe is wrong, nothing can be resumed, or nothing can be written.
    """
    loaded = load(path, overrides, images)
    for problem in loaded.warnings:
        console.print(str(problem), markup=False, highlight=False)
    folder = _resumable(loaded, gallery) if resume else None
    with contextlib.ExitStack() as around:
        told = around.enter_context(telling(loaded, path.parent, mail, console)) if mail is not None else None
        return run_loaded(
            loaded,
            path.parent,
            gallery=gallery,
            device=device,
            folder=folder,
            command=command,
            console=console,
            stop=stop,
            begun=lambda folder: None if told is None else told.begin(folder),
        )


def telling(loaded: LoadedRecipe, base: Path, mail: Path, console: Console) -> Notifier:
    """Mail around a run, with a link to where its report is published.

    Args:
        loaded: the recipe.
        base: that a relative target of its `publish:` starts from.
        mail: file that says who is told, and how.
        console: hears of mails that cannot be sent.

    Raises:
        RecipeError: everything that is wrong with the file.
    """
    from orbifolio.runner.mail.settings import read_mailer

    target = loaded.recipe.publish

    def address(folder: Path) -> str:
        if target is None:
            return ""
        return str(target.build(base).address(f"{folder.parent.name}/{folder.name}/index.html"))

    return Notifier(read_mailer(mail), address, partial(console.print, markup=False, highlight=False))


def run_loaded(
    loaded: LoadedRecipe,
    base: Path,
    *,
    gallery: Path,
    device: str,
    folder: Path | None,
    command: str,
    console: Console,
    stop: Stop,
    begun: Callable[[Path], None] = lambda folder: None,
) -> RunResult:
    """Run a valid recipe, with a report that is rewritten and published while it runs.

    Args:
        loaded: the recipe.
        base: that a relative target of its `publish:` starts from.
        gallery: where the report is shelved.
        device: as the user wished it.
        folder: of an unfinished run to resume, or None for a new one.
        command: for "run this again".
        console: shows progress.
        stop: wish to stop.
        begun: is told the run's folder once there is a report in it.

    Raises:
        OrbifolioError: there is no such device, or nothing can be written.
    """
    chosen = choose_device(device)
    console.print(f"{loaded.recipe.title}  on {describe_device(chosen)}", markup=False, highlight=False)
    with show_progress(console):
        loaded.fetch_weights()
    work = Run(loaded, gallery=gallery, device=chosen, command=command, folder=folder, stop=stop)
    elsewhere = rerun_instructions(loaded, work.phases, command)
    work.elsewhere = (elsewhere.command, elsewhere.script, elsewhere.resume)
    terminal = Terminal(console, tuple(phase.width * phase.height for phase in work.phases))
    if loaded.recipe.publish is None:
        return _report(work, gallery, terminal, begun)
    say = partial(console.print, markup=False, highlight=False)

    def both(run_folder: Path) -> None:
        begun(run_folder)
        publishing.begin(run_folder)

    with BackgroundPublisher(loaded.recipe.publish, base, gallery, say) as publishing:
        try:
            return _report(work, gallery, terminal, both)
        finally:
            stop.closing = stop.stepping = False  # the run is over: Ctrl-C now ends the last publication


def _report(work: Run, gallery: Path, terminal: Terminal, begun: Callable[[Path], None]) -> RunResult:
    """Run, with a report that is rewritten while it runs.

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
