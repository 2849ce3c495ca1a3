"""The one loop: recipe -> renderer -> phases/begin/step/image -> events, frames, checkpoint, final picture.

Nothing here knows what is rendered. Everything that happens is an event; what shows or keeps something is a listener.
A run may end in four ways (done, failed, interrupted, killed); its folder then says so and, unless it is done, the run
can be resumed. The checkpoint is the last thing to go, after the report is whole: a run that is killed in between is
resumed too, to complete it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from orbifolio.runner.arrays import F32
from orbifolio.runner.devices import has_fast_bf16, make_deterministic, peak_memory
from orbifolio.runner.errors import InputError, PathTaken
from orbifolio.runner.events import (
    Enlarged,
    Event,
    FrameSaved,
    PhaseFinished,
    PhaseStarted,
    PictureFinished,
    RunFinished,
    RunStarted,
    Stepped,
    Warned,
)
from orbifolio.runner.exports.products import TONES, cover_of, listed, write_products
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.writing import check_size, write_png16, write_webp
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.redaction import redact
from orbifolio.runner.renderers.base import Phase, Renderer
from orbifolio.runner.run.checkpoint import Checkpoint, read_checkpoint, remove_checkpoint, write_checkpoint
from orbifolio.runner.run.failures import describe_failure, exit_code_of
from orbifolio.runner.run.frame_schedule import FrameSchedule
from orbifolio.runner.run.input_images import InputPictures, write_stages
from orbifolio.runner.run.listeners import Listener, LogWriter
from orbifolio.runner.run.plan import memory_needed, refuse_too_large, too_large, what_makes
from orbifolio.runner.run.run_folder import is_finished, make_folder, obstacles, read_summary, write_summary
from orbifolio.runner.run.summary import begin_summary, rerun_entries

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 15.0  # of work that a crash may lose
FRAME_EFFORT = 2  # of encoding: somebody waits for frames, and few are kept
ENLARGED_SECONDS = 2.0  # between two words about enlarging


class Stop:
    """A request to stop, made by a signal handler and checked between steps."""

    def __init__(self) -> None:
        self.requested = False
        self.stepping = False  # a step is computed, told, shown and saved
        self.closing = False
        self.keep = False  # end the phases after this step, and finish what is there as the picture

    def request(self) -> None:
        """Stop after this step; at once if no step is under way or at the second request.

        Raises:
            KeyboardInterrupt: at once.
        """
        if self.closing:
            return  # the run's end is being written, which takes only a moment
        at_once = self.requested or not self.stepping
        self.requested = True  # first: a compiler's callback that is under way drops what is raised in it
        if at_once:
            raise KeyboardInterrupt


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        folder: where its report is.
        outcome: `done`, `failed` or `interrupted`.
        message: what happened and what to do; empty when done.
        exit_code: of a command that did nothing else, as `cli` says.
    """

    folder: Path
    outcome: str
    message: str = ""
    exit_code: int = 0


class Run:
    """One execution of a recipe in one folder."""

    def __init__(
        self,
        loaded: LoadedRecipe,
        *,
        gallery: Path,
        device: str,
        command: str,
        folder: Path | None = None,
        stop: Stop | None = None,
    ) -> None:
        """Prepare a run; nothing is computed or written yet.

        Args:
            gallery: a new run's folder is made at RECIPE/RUN below it.
            device: as `choose_device` returns it.
            command: what the user typed, for "run this again".
            folder: of an unfinished run to resume, or None for a new one.
            stop: shared with a signal handler.

        Raises:
            InputError: it needs more memory than there is, or the finished picture would be too large.
        """
        make_deterministic(device)
        self.loaded = loaded
        self.gallery = gallery
        self.device = device
        self.command = command
        self.elsewhere = ("", "", "")  # for a rented machine: a command, a script, how to resume there
        self.resumed = folder is not None
        self.stop = stop or Stop()
        self.inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
        self._fast_bf16 = _fast_when_begun(folder, device)
        context = self.inputs.context(
            loaded.recipe.seed, device, self._warn, loaded.recipe.title, fast_bf16=self._fast_bf16
        )
        self.renderer: Renderer = loaded.recipe.renderer.build(context)
        refuse_too_large(self.renderer, device)
        self.phases: tuple[Phase, ...] = self.renderer.phases()
        last, finish = self.phases[-1], loaded.recipe.finish
        check_size(finish.size(last.width, last.height), what_makes(finish))
        needed = memory_needed(self.phases, loaded.recipe.renderer.arithmetic(device))
        if reason := too_large(needed, device):
            raise InputError(reason)
        logger.debug("about %.2f GB of memory needed", needed / 1e9)
        steps = [phase.steps for phase in self.phases]
        self.frames = FrameSchedule(steps, loaded.recipe.frames, initial=not self.renderer.begins_bare)
        self._folder = folder
        self.folder = folder if folder is not None else gallery
        self._listeners: list[Listener] = []
        self._log: LogWriter | None = None
        self._summary: dict[str, Any] = {}
        self._seconds = [0.0] * len(self.phases)
        self._saved_at = 0.0
        self._save_cost = 0.0

    def execute(
        self, listeners: Callable[[Path], Sequence[Listener]], complete: Callable[[Path], None] = lambda folder: None
    ) -> RunResult:
        """Run all phases, and write how the run ended.

        Args:
            listeners: makes the listeners once the folder is known.
            complete: makes everything else of a run that is done whole, its report above all. A run that was done
                before it got so far is resumed by doing this alone.

        Raises:
            RunFailed: not even a folder could be made.
            InputError: another process works in the folder, the run is done, or its input pictures differ.
            PathTaken: something else lies in the place of a file of the run that is resumed.
        """
        started = time.time()
        self.folder = self._folder or make_folder(self.gallery, self.loaded.name, started)
        if self.resumed and is_finished(self.folder):
            raise InputError(f"{self.folder}: this run has finished in the meantime; there is nothing to resume")
        if self.resumed and (faults := obstacles(self.folder)):
            raise PathTaken(faults)
        (self.folder / "checkpoint").mkdir(exist_ok=True)
        lock = FileLock(self.folder / "checkpoint" / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(f"{self.folder}: this run is in use by another process; wait for it") from None
        try:
            if self.resumed and (read_summary(self.folder) or {}).get("status") == "done":
                self._remove_torn()
                listeners(self.folder)
                result = RunResult(self.folder, "done")
            else:
                self._compare_pictures()
                result = self._guarded(started, listeners)
            if result.outcome == "done":
                complete(self.folder)
                remove_checkpoint(self.folder / "checkpoint")
            return result
        finally:
            lock.release()

    def _compare_pictures(self) -> None:
        """Refuse to resume a run with other pictures than it started with.

        Raises:
            InputError: names the picture that differs.
        """
        earlier = (read_summary(self.folder) or {}).get("inputs", []) if self.resumed else []
        if not earlier:
            return
        now = self.inputs.digests(self.loaded.recipe)
        for item in earlier:
            if now.get(item["name"]) != item.get("sha256"):
                raise InputError(
                    f"{self.folder}: {item['name']} differs from the picture the run started with; resuming needs the "
                    "same pictures; give them again, or run without --resume"
                )

    def _guarded(self, started: float, listeners: Callable[[Path], Sequence[Listener]]) -> RunResult:
        outcome, message, code = "done", "", 0
        try:
            checkpoint = read_checkpoint(self.folder / "checkpoint", self.device) if self.resumed else None
            self._open(started, checkpoint, listeners)
            self._run_phases(checkpoint)
        except KeyboardInterrupt:
            outcome, code = "interrupted", 130
            message = f"stopped on request; resume with: {self._summary.get('rerun', {}).get('resume', self.command)}"
        except Exception as error:
            outcome, message, code = "failed", describe_failure(error, self.folder), exit_code_of(error)
            if not message:  # a fault of the program itself must show its traceback
                with contextlib.suppress(OSError):
                    self._close("failed", f"{type(error).__name__}: {error}")
                raise
        try:
            self._close(outcome, message)
        except OSError as error:
            # Everything before stays readable, and the terminal shows the message.
            if outcome == "done":
                outcome, message = "failed", describe_failure(error, self.folder) or str(error)
                code = exit_code_of(error)
        return RunResult(self.folder, outcome, message, code)

    def _open(
        self, started: float, checkpoint: Checkpoint | None, listeners: Callable[[Path], Sequence[Listener]]
    ) -> None:
        if checkpoint is not None:
            self._seconds = list(checkpoint.seconds)
        self._remove_torn()
        self._log = LogWriter(self.folder / "events.jsonl", keep=checkpoint.log_bytes if checkpoint else 0)
        self._summary = begin_summary(
            self.loaded,
            self.renderer,
            self.phases,
            device=self.device,
            command=self.command,
            started=started,
        )
        self._summary["rerun"] |= rerun_entries(self.folder, *self.elsewhere)
        self._summary["system"]["fast_bf16"] = self._fast_bf16
        self._restore_summary(checkpoint)
        write_atomically(self.folder / "recipe.yaml", redact(self.loaded.resolved_text).encode())
        self._summary["inputs"] = self.inputs.write(self.folder, self.loaded.recipe)
        self._summary["stages"] = write_stages(self.folder, self.renderer.stages())
        self._write_summary()
        self._listeners = [self._log, *listeners(self.folder)]
        self._emit(
            RunStarted(
                time=time.time(),
                resumed=checkpoint is not None,
                phases=tuple(phase.title for phase in self.phases),
                steps=tuple(phase.steps for phase in self.phases),
            )
        )
        for advisory in self.loaded.advisories if checkpoint is None else ():
            self._warn(advisory)

    def _remove_torn(self) -> None:
        """Remove what a killed process was writing."""
        for torn in self.folder.rglob("*.part"):
            torn.unlink(missing_ok=True)

    def _restore_summary(self, checkpoint: Checkpoint | None) -> None:
        """Carry over the times and numbers of an earlier part of the run."""
        before = read_summary(self.folder) if checkpoint is not None else None
        if before is None:
            return
        for name in ("started", "peak_memory_bytes", "steps"):
            self._summary[name] = before.get(name, self._summary[name])
        if "branched" in before:
            self._summary["branched"] = before["branched"]
        for phase, earlier in zip(self._summary["phases"], before.get("phases", []), strict=False):
            phase.update({name: earlier[name] for name in ("seconds", "terms") if name in earlier})

    def _run_phases(self, checkpoint: Checkpoint | None) -> None:
        state: Any = None
        first = checkpoint.phase if checkpoint else 0
        for number in range(first, len(self.phases)):
            phase = self.phases[number]
            began = time.monotonic() - self._seconds[number]
            if checkpoint is not None and number == checkpoint.phase:
                state, done = self.renderer.load(number, checkpoint.state), checkpoint.step
                logger.debug("phase %d continues after step %d, from its checkpoint", number + 1, done)
            else:
                state, done = self.renderer.begin(number, state), 0
                self._emit(
                    PhaseStarted(
                        time=time.time(),
                        phase=number,
                        title=phase.title,
                        width=phase.width,
                        height=phase.height,
                        steps=phase.steps,
                        notes=phase.notes,
                    )
                )
                self._keep_frame(number, 0, state)
                self._seconds[number] = time.monotonic() - began
                if number or not self.renderer.begins_bare:  # where nothing is there, nothing can be lost
                    self._save(number, 0, state)
            self._summary["weights"] = list(self.renderer.weights())
            self._summary["network"] = self.renderer.describe()
            self._write_summary()
            logger.debug("phase %d: ready after %.2f s", number + 1, self._seconds[number])
            terms = self._steps(number, phase, state, done, began)
            self._seconds[number] = time.monotonic() - began
            logger.debug("phase %d: done after %.2f s", number + 1, self._seconds[number])
            self._emit(PhaseFinished(time=time.time(), phase=number, seconds=self._seconds[number], terms=terms))
            self._summary["phases"][number].update(seconds=self._seconds[number], terms=terms)
            self._write_summary()
            if self.stop.keep:
                break
        self._finish(number, state)

    def _steps(self, number: int, phase: Phase, state: Any, done: int, began: float) -> dict[str, float]:
        terms: dict[str, float] = dict(self._summary["phases"][number]["terms"])
        self.stop.stepping = True  # until what was asked for meanwhile is seen to: a step is over when it is saved
        for step in range(done + 1, phase.steps + 1):
            at = time.monotonic()
            outcome = self.renderer.step(state)
            terms = dict(outcome.terms)
            self._emit(
                Stepped(
                    time=time.time(),
                    phase=number,
                    step=step,
                    terms=terms,
                    metrics=dict(outcome.metrics),
                    seconds=time.monotonic() - at,
                    memory=peak_memory(self.device),
                )
            )
            self._seconds[number] = time.monotonic() - began
            self._summary["steps"] = sum(before.steps for before in self.phases[:number]) + step
            self._summary["phases"][number].update(seconds=self._seconds[number], terms=terms)
            ended = outcome.finished or ("kept as it was, on request" if self.stop.keep else "")
            saved = self._keep_frame(number, step, state, last=bool(ended))
            wait = 10 * self._save_cost  # saving must not become the main work
            wait = wait if saved else max(CHECKPOINT_SECONDS, wait)
            if self.stop.requested or time.monotonic() - self._saved_at > wait:
                self._save(number, step, state)
            if self.stop.requested:
                self.stop.stepping = False
                raise KeyboardInterrupt
            if ended:
                self._summary["phases"][number]["notes"].append(f"ended after {step} steps: {ended}")
                break
        self.stop.stepping = False
        return terms

    def _keep_frame(self, number: int, step: int, state: Any, *, last: bool = False) -> bool:
        if not last and not self.frames.keeps(number, step):
            return False
        path = f"{self._summary['phases'][number]['folder']}/frames/{step:05d}.webp"
        image = self.loaded.recipe.finish.on_ground(self.renderer.image(state), self.renderer.traits(number))
        data = write_webp(self.folder / path, image, effort=FRAME_EFFORT)
        self._emit(
            FrameSaved(
                time=time.time(),
                phase=number,
                step=step,
                path=path,
                width=image.shape[1],
                height=image.shape[0],
                bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
            )
        )
        return True

    def _save(self, number: int, step: int, state: Any) -> None:
        at = time.monotonic()
        assert self._log is not None
        write_checkpoint(
            self.folder / "checkpoint",
            Checkpoint(number, step, self._log.sync(), tuple(self._seconds), self.renderer.save(state)),
        )
        self._write_summary()
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - at
        logger.debug("phase %d: checkpoint after step %d, written in %.2f s", number + 1, step, self._save_cost)

    def _finish(self, number: int, state: Any) -> None:
        """Write the final picture and its products, and measure its symmetry."""
        traits = self.renderer.traits(number)
        finish, picture = self.loaded.recipe.finish, self._enlarged(self.renderer.final(state))
        named = {path: self.inputs.pixels(source) for path, source in finish.pictures().items()}
        finished = finish.finished(
            picture,
            traits,
            reference=named.get("colours.from"),
            chroma=named.get("chroma"),
            seed=self.loaded.recipe.seed,
        )
        image = finished.picture
        for warning in finished.warnings:
            self._warn(warning)
        shown = finish.on_ground(image, traits)
        recipe = redact(self.loaded.resolved_text)
        data = write_png16(self.folder / "final.png", shown, title=self.loaded.recipe.title, recipe=recipe)
        self._summary["final"] = {
            "path": "final.png",
            "width": image.shape[1],
            "height": image.shape[0],
            "tiles": [traits.tiles and wraps for wraps in traits.wrap],
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        if finished.flat is not None:
            self._summary["final"] |= {"colours": list(finished.flat.names), "edges": finished.flat.edges}
        self._write_summary()  # who waits for the picture need not wait for what goes with it
        self._emit(PictureFinished(time.time(), "final.png", width=image.shape[1], height=image.shape[0]))
        logger.debug("final.png: %d x %d px, %.1f MB", image.shape[1], image.shape[0], len(data) / 1e6)
        self._summary["symmetry"] = self.renderer.symmetry_summary(image)
        logger.debug("symmetry measured")
        extras = self.renderer.extras(state, finished.tone)
        self._summary["extras"] = write_products(self.folder, shown, traits, extras, recipe=recipe)
        logger.debug("%d files go with it", len(self._summary["extras"]))
        if finished.tones is not None:
            write_png16(self.folder / TONES, finished.tones, title=self.loaded.recipe.title)
            self._summary["extras"].append(listed(Path(TONES).name, "The picture before it was posterised, in 16 bits"))
        self._summary["cover"] = cover_of(self._summary["extras"])

    def _enlarged(self, picture: F32) -> F32:
        """The picture as large as the recipe's finish wants it."""
        finish, began, told = self.loaded.recipe.finish, time.monotonic(), 0.0
        height, width = picture.shape[:2]
        size = finish.size(width, height)
        if size == (width, height):
            return picture
        from orbifolio.runner.exports.enlarging import enlarge
        from orbifolio.runner.vision.enlarger import load_enlarger

        network = load_enlarger().to(self.device)
        self._summary["weights"].append(asdict(network.provenance))

        def progress(share: float) -> None:
            nonlocal told
            seconds = time.monotonic() - began
            if share == 1 or seconds - told >= ENLARGED_SECONDS:
                told = seconds
                self._emit(Enlarged(time.time(), *size, share=share, seconds=seconds))

        symmetry = self.loaded.recipe.renderer.kept_symmetry(width / height)
        return enlarge(picture, size, network, symmetry=symmetry, progress=progress)

    def _warn(self, message: str) -> None:
        self._emit(Warned(time=time.time(), message=message))

    def _emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def _write_summary(self) -> None:
        self._summary["seconds"] = sum(self._seconds)
        self._summary["peak_memory_bytes"] = max(peak_memory(self.device), self._summary.get("peak_memory_bytes", 0))
        write_summary(self.folder, self._summary)

    def _close(self, outcome: str, message: str) -> None:
        """Write how the run ended; a run that cannot write that it is done has failed.

        Raises:
            OSError: the disk does not allow it.
        """
        self.stop.closing = True
        if not self._summary:
            return
        self._summary.update(status=outcome, message=message, finished=time.time())
        try:
            self._write_summary()
            self._emit(RunFinished(time=time.time(), outcome=outcome, message=message))
        finally:
            if self._log is not None:
                self._log.close()


def _fast_when_begun(folder: Path | None, device: str) -> bool:
    """What `precision: auto` goes by: as the run began, whatever a trial of this machine says now."""
    system = ((read_summary(folder) or {}) if folder else {}).get("system", {})
    if "fast_bf16" in system:
        return bool(system["fast_bf16"])
    if system.get("precision"):  # begun before that was written
        return bool(system["precision"] == "bf16")
    return has_fast_bf16(device)
