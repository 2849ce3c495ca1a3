"""The process of one job: (gallery, job) -> its recipe, run into the gallery.

A process of its own, so that a crash, a full memory or a driver's fault ends one run and nothing else, and
so that a restarted server finds the run still going on. It reads requests from the file `wish`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from orbifolio.runner.files import write_atomically
from orbifolio.runner.importing import without_collections
from orbifolio.runner.run.run_folder import is_finished
from orbifolio.runner.run.subprocess import report_outcome, run_child, stop_on_signals
from orbifolio.runner.server.job_store import Job, JobStore, read_request

if TYPE_CHECKING:
    from orbifolio.runner.run.loop import RunResult, Stop

_POLL_SECONDS = 0.3  # between two looks at the file `wish`; a step usually takes longer


def main(arguments: list[str] | None = None) -> int:
    """Run a job; exit codes are those of `orbifolio run`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("gallery", type=Path)
    parser.add_argument("job")
    parser.add_argument("--device", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="that relative paths of the recipe start from")
    parser.add_argument("--override", action="append", default=[])
    options = parser.parse_args(arguments)
    store = JobStore(options.gallery)
    folder = store.folder_of(options.job)
    return run_child(folder, lambda: report_outcome(folder, lambda: _run(store, store.read(options.job), options)))


def _run(store: JobStore, job: Job, options: argparse.Namespace) -> RunResult:
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    with without_collections():
        from orbifolio.runner.execute import run_loaded
        from orbifolio.runner.recipe.model import load
        from orbifolio.runner.run.loop import RunResult, Stop

    stop = Stop()
    _obey_requests(store.folder_of(job.id), stop)
    console = Console(force_terminal=False, width=160, soft_wrap=True)
    given = {name: store.image_path(job, name) for name in job.images}
    loaded = load(store.recipe_path(job), options.override, given, folder=options.folder)

    def note_run(run_folder: Path) -> None:
        name = run_folder.relative_to(options.gallery).as_posix()
        write_atomically(store.folder_of(job.id) / "run", name.encode())

    folder = store.run_folder(job)
    images = [part for name in job.images for part in ("--image", f"{name}={name}.png")]
    command = shlex.join(["orbifolio", "run", f"recipes/{job.theme}/{job.name}.yaml", *images])
    if folder is not None and is_finished(folder):
        return RunResult(folder, "done")  # it was finished before this process began
    return run_loaded(
        loaded,
        options.folder,
        gallery=options.gallery,
        device=options.device,
        folder=folder,
        command=command,
        console=console,
        stop=stop,
        on_start=note_run,
    )


def _obey_requests(folder: Path, stop: Stop) -> None:
    """Turn requests and signals into what the run looks at between its steps."""
    stop_on_signals(stop)

    def listen() -> None:
        signalled = False
        while not threading.Event().wait(_POLL_SECONDS):
            request = read_request(folder)
            if request == "keep":
                stop.keep = True
            elif request in ("pause", "cancel") and not signalled:
                signalled = True
                os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=listen, name="requests", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
