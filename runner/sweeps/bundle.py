"""A member where no disk is shared: what it needs -> a bundle for a node; its run -> an archive in a store, and back.

The archive is one object, so it is never partly there: a retry on another node, and the gallery here, read it while
the run continues. The checkpoint goes in first: what the log says after it is cut off again on resuming, but a log
older than its checkpoint would have a hole.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.publish import AnyPublisher
from orbifolio.reports.publish.store import ObjectHeaders, Store
from orbifolio.runner.errors import OrbifolioError, PublishError
from orbifolio.runner.run.subprocess import LOCK, read_result
from orbifolio.runner.sweeps.member_state import read_member_state
from orbifolio.runner.sweeps.spec import SweepRecipe, SweepSpec, SweepTask, private_folder, recipe_path, write_spec

SEND_SECONDS = 20.0  # seconds between two archives: a lost node loses at most this, and a step
_LAST_ARCHIVE_PATIENCE = 60.0  # seconds in which a process, cut off from its task, may end its step and send its run
_ARCHIVE = ObjectHeaders("application/x-tar")


@dataclass(frozen=True)
class MemberBundle:
    """What a node needs of one member.

    Attributes:
        content: archive of its recipe, overrides written in, and its pictures.
        recipe: path of the recipe in it.
        images: uploads by name: their paths in it.
        typed: what a user would type for this member.
        name: of the recipe's file, without its ending.
        theme: of the recipe's folder.
        store: settings of the store, as JSON.
        key: of the member's archive in it.
    """

    content: bytes
    recipe: str
    images: Mapping[str, str]
    typed: str
    name: str
    theme: str
    store: str
    key: str


def pack_member(folder: Path, spec: SweepSpec, number: int, store: str, key: str) -> MemberBundle:
    """Pack what a node needs of a member.

    Raises:
        InputError: something that the recipe names cannot travel.
    """
    from orbifolio.runner.cloud.bundle import pack
    from orbifolio.runner.recipe.model import load

    task = spec.tasks[number]
    recipe = spec.recipes[task.recipe]
    given = {name: folder / spec.images[name] for name in recipe.images}
    path = recipe_path(folder, spec, task.recipe)
    typed_in = Path(spec.typed_in) if spec.typed_in else None
    packed = pack(load(path, task.overrides, given, folder=Path(recipe.folder), typed_in=typed_in))
    typed = spec.command(number)
    return MemberBundle(packed.content, packed.recipe, packed.images, typed, recipe.name, recipe.theme, store, key)


def unpack_member(gallery: Path, sweep: str, bundle: MemberBundle, threads: int) -> None:
    """Lay out a sweep of this one member on a node, as number 0.

    Args:
        gallery: the node's own, for this member alone.
        sweep: the name of the sweep's folder.
        bundle: of this member, as it arrived.
        threads: processor threads of the run.

    Raises:
        RunFailed: the node's disk cannot be written.
    """
    from orbifolio.runner.cloud.bundle import unpack

    folder = private_folder(gallery, sweep)
    unpack(bundle.content, folder / "bundle")
    path = folder / "bundle" / bundle.recipe
    recipe = SweepRecipe(str(path), str(path.parent), bundle.theme, bundle.name, tuple(bundle.images))
    images = {name: f"images/{name}{Path(inside).suffix}" for name, inside in bundle.images.items()}
    spec = SweepSpec((recipe,), (SweepTask(0, (), bundle.typed),), images, dict(images), threads)
    given = {name: folder / "bundle" / inside for name, inside in bundle.images.items()}
    write_spec(folder, spec, [path.read_bytes()], given)


def store_of(settings: str) -> Store:
    """A store by its settings as JSON."""
    from pydantic import TypeAdapter

    store: Store = TypeAdapter(AnyPublisher).validate_json(settings).build(Path())
    return store


class RunArchive:
    """One member's run in a store.

    Args:
        store: that it travels through.
        key: of the archive in the store.
        gallery: the folder that holds all runs on this machine.
        folder: the member's private folder on this machine.
    """

    def __init__(self, store: Store, key: str, gallery: Path, folder: Path) -> None:
        self._store = store
        self._key = key
        self._gallery = gallery
        self.folder = folder
        self._tag = ""

    def push(self) -> None:
        """Send the run as it is now.

        Raises:
            PublishError: the store cannot be used.
        """
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".sending-") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for path, name in self._files():
                    with contextlib.suppress(OSError):  # it has gone since
                        content = path.read_bytes()
                        item = tarfile.TarInfo(name)
                        item.size = len(content)
                        archive.addfile(item, io.BytesIO(content))
            file.flush()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._store.put_file(self._key, Path(file.name), _ARCHIVE, sha256=digest)

    def _files(self) -> Iterator[tuple[Path, str]]:
        run = self._gallery / read_member_state(self.folder).run
        if run != self._gallery and run.is_dir():
            files = sorted(path for path in run.rglob("*") if path.is_file() and not path.name.endswith(".part"))
            first = [path for path in files if path.parent == run / "checkpoint"]
            for path in [*first, *(path for path in files if path not in first)]:
                if path.name != LOCK:
                    yield path, f"run/{path.relative_to(self._gallery).as_posix()}"
        for name in ("begun.json", "result.json", "work.log"):
            yield self.folder / name, f"member/{name}"

    def pull(self) -> bool:
        """Bring the run here, as it stood when it was last sent; whether there was news.

        Raises:
            PublishError: the store cannot be used.
        """
        head = self._store.head(self._key)
        if head is None or head.tag == self._tag:
            return False
        stored = self._store.get(self._key)
        if stored is None:
            return False
        content, self._tag = stored
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as beside:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(beside, filter="data")
            for run in Path(beside).glob("run/*/*"):
                if not (run / "checkpoint").exists():  # it is done
                    shutil.rmtree(self._gallery / run.parent.name / run.name / "checkpoint", ignore_errors=True)
            for path in sorted(Path(beside).rglob("*")):
                kind, *inside = path.relative_to(beside).parts
                top, depth = (self._gallery, 3) if kind == "run" else (self.folder, 1)
                if path.is_file() and len(inside) >= depth:  # a run's files stand below TYPE/RUN
                    target = top.joinpath(*inside)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(path, target)
        return True

    def forget(self) -> None:
        """Remove the archive from the store."""
        self._store.delete(self._key)


class ArchiveInbox:
    """Brings the runs of members here while they are running and when they end, one archive at a time.

    Args:
        store: that the runs travel through.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._archives: dict[int, RunArchive] = {}
        self._last_pull: dict[int, float] = {}  # when each archive was last looked for
        self._deadlines: dict[int, float] = {}  # until when the last archive of a member without a task is waited for

    def expect(self, number: int, key: str, gallery: Path, folder: Path) -> None:
        """Look for a member's archive from now on.

        Args:
            number: which member of the sweep.
            key: of its archive in the store.
            gallery: the folder that holds all runs on this machine.
            folder: the member's private folder on this machine.
        """
        self._archives[number] = RunArchive(self._store, key, gallery, folder)

    def pull_next(self) -> None:
        """Pull the archive that was not looked for the longest, if that is long ago."""
        now = time.monotonic()
        due = [number for number in self._archives if now - self._last_pull.get(number, 0.0) > SEND_SECONDS / 2]
        if due:
            self._pull(min(due, key=lambda number: self._last_pull.get(number, 0.0)))

    def _pull(self, number: int) -> None:
        self._last_pull[number] = time.monotonic()
        with contextlib.suppress(PublishError, OSError):  # it is tried again; what a retry needs lies in the store
            self._archives[number].pull()

    def is_complete(self, number: int) -> bool:
        """Whether a member whose task is gone has sent all that it will; its archive is then no longer looked for."""
        self._pull(number)
        archive, now = self._archives[number], time.monotonic()
        outcome, _ = read_result(archive.folder)
        if not outcome and now < self._deadlines.setdefault(number, now + _LAST_ARCHIVE_PATIENCE):
            return False
        if outcome == "done":
            with contextlib.suppress(PublishError, OSError):
                archive.forget()
        del self._archives[number]
        self._deadlines.pop(number, None)
        return True


class ArtifactUploader:
    """Sends a member's run every now and then, and a last time when it has ended; a store that fails ends no run.

    Args:
        archive: of the member's run.
        every: seconds between two archives.
    """

    def __init__(self, archive: RunArchive, every: float = SEND_SECONDS) -> None:
        self._archive = archive
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send_regularly, name="uploader", daemon=True)

    def start(self) -> None:
        """Bring what an earlier attempt has sent, and begin to send.

        Raises:
            PublishError: the store cannot be used: starting over might repeat finished work.
        """
        self._archive.pull()
        self._thread.start()

    def _send_regularly(self) -> None:
        while not self._ended.wait(self._every):
            self._send()

    def _send(self) -> bool:
        try:
            self._archive.push()
        except (OrbifolioError, OSError) as error:
            print(f"not sent: {error}", flush=True)
            return False
        return True

    def finish(self) -> bool:
        """Send the run as it ended; whether that worked."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._send()
