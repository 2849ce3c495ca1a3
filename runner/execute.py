"""`orbifolio run`: a recipe, a device, a gallery, and listeners around one run."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from orbifolio.reports.files import Obstacles
from orbifolio.reports.publish.background import BackgroundPublisher
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import update_index
from orbifolio.runner.cloud.rerun import rerun_instructions
from orbifolio.runner.devices import choose_device, describe_device
from orbifolio.runner.errors import InputError, OrbifolioError, PathTaken
from orbifolio.runner.events import unreadable_files
from orbifolio.runner.mail.notifier import Notifier
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.run.listeners import Listener, ReportWriter, Terminal
from orbifolio.runner.run.loop import Run, RunResult, Stop
from orbifolio.runner.run.run_folder import find_resumable

logger = logging.getLogger(__name__)


def run_recipe(
    loaded: LoadedRecipe,
    base: Path,
    *,
    gallery: Path,
    device: str,
    resume: bool,
    command: str,
    console: Console,
    stop: Stop,
    mail: Path | None = None,
    on_start: Callable[[Path], None] = lambda folder: None,
) -> RunResult:
    """Run one recipe, for whoever sits before the console.

    Args:
        base: folder that a relative target of its `publish:` starts from.
        resume: continue its newest unfinished run.
        mail: file with the mail settings; None for no mail.
        on_start: called with the run's folder once there is a report in it.

    Raises:
        OrbifolioError: there is no run to resume, or the gallery cannot be written.
    """
    for problem in loaded.warnings:
        console.print(str(problem), markup=False, highlight=False)
    folder = _resumable(loaded, gallery) if resume else None
    with contextlib.ExitStack() as around:
        notifier = None
        if mail is not None:
            notifier = around.enter_context(make_notifier(loaded, base, mail, console))

        def begun(folder: Path) -> None:
            on_start(folder)
            if notifier is not None:
                notifier.begin(folder)

        return run_loaded(
            loaded,
            base,
            gallery=gallery,
            device=device,
            folder=folder,
            command=command,
            console=console,
            stop=stop,
            on_start=begun,
        )


def make_notifier(loaded: LoadedRecipe, base: Path, mail: Path, console: Console) -> Notifier:
    """Mail around a run, with a link to where its report is published.

    Args:
        loaded: its `publish:` gives the link.
        base: folder that a relative target of `publish:` starts from.
        mail: file with the mail settings.
        console: shows a warning for mail that cannot be sent.

    Raises:
        RecipeError: every error in the file.
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
    on_start: Callable[[Path], None] = lambda folder: None,
) -> RunResult:
    """Run a valid recipe, with a report that is rewritten and published while it runs.

    Args:
        base: folder that a relative target of its `publish:` starts from.
        gallery: the report goes to RECIPE/RUN below it.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        folder: of an unfinished run to resume, or None for a new one.
        command: what the user typed, for "run this again".
        stop: stops the run after the current step.
        on_start: called with the run's folder once there is a report in it.

    Raises:
        OrbifolioError: there is no such device, or the gallery cannot be written.
    """
    chosen = choose_device(device)
    console.print(f"{loaded.recipe.title}  on {describe_device(chosen)}", markup=False, highlight=False)
    loaded.fetch_weights(console)
    work = Run(loaded, gallery=gallery, device=chosen, command=command, folder=folder, stop=stop)
    elsewhere = rerun_instructions(loaded, work.phases, command)
    work.elsewhere = (elsewhere.command, elsewhere.script, elsewhere.resume)
    terminal = Terminal(console, tuple(phase.width * phase.height for phase in work.phases))
    if loaded.recipe.publish is None:
        return _report(work, gallery, terminal, on_start)
    say = partial(console.print, markup=False, highlight=False)

    def both(run_folder: Path) -> None:
        on_start(run_folder)
        publishing.begin(run_folder)

    def publish() -> None:
        stop.closing = stop.stepping = False  # the run is over: Ctrl-C now ends the last publication
        publishing.finish()

    with BackgroundPublisher(loaded.recipe.publish, base, gallery, say) as publishing:
        try:
            return _report(work, gallery, terminal, both, publish)
        finally:
            stop.closing = stop.stepping = False


def _report(
    work: Run,
    gallery: Path,
    terminal: Terminal,
    on_start: Callable[[Path], None],
    publish: Callable[[], None] = lambda: None,
) -> RunResult:
    """Run, with a report that is rewritten while it runs, and published when it is whole."""
    name = work.loaded.name

    def listeners(run_folder: Path) -> list[Listener]:
        def write() -> None:
            with contextlib.suppress(PathTaken):  # told at the end: it keeps no picture from being made
                write_report(run_folder, gallery=gallery)

        terminal.console.print(f"report: {run_folder / 'index.html'}", markup=False, highlight=False)
        with contextlib.suppress(PathTaken):
            write_all(run_folder)
        on_start(run_folder)
        return [terminal, ReportWriter(write)]

    def write_all(run_folder: Path) -> None:
        began = time.monotonic()
        obstacles = Obstacles()
        with obstacles.gather():
            write_report(run_folder, gallery=gallery)
        with obstacles.gather():
            update_index(gallery, name)
        logger.debug("report and gallery written in %.2f s", time.monotonic() - began)
        obstacles.tell()

    def complete(run_folder: Path) -> None:
        terminal.close()
        obstacles = Obstacles()
        try:
            with obstacles.gather():
                write_all(run_folder)
            obstacles.note(unreadable_files(run_folder))  # put there while it ran: who looks for them later finds none
        except OSError as error:  # the picture is safe; only its pages are not
            raise OrbifolioError(
                f"{gallery}: the report could not be written ({error.strerror or error}); make room and run "
                f"`orbifolio gallery {gallery}`"
            ) from error
        publish()
        obstacles.tell()

    try:
        result = work.execute(listeners, complete)
    finally:
        terminal.close()
    if result.outcome != "done":
        with contextlib.suppress(OSError):  # the caller shows why it ended, which matters more
            write_all(result.folder)
    return result


def _resumable(loaded: LoadedRecipe, gallery: Path) -> Path:
    folder, why = find_resumable(gallery, loaded.name, loaded.parameters)
    if folder is None:
        raise InputError(f"--resume: {why}")
    logger.debug("resuming %s, the newest unfinished run with these parameters", folder)
    return folder
