"""A member where no disk is shared: what it needs -> a bundle for a node; its run -> an archive in a store, and back.

The archive is one object, so it is whole or not there: a retry on another node, and the gallery here, read it while
the run goes on. The checkpoint goes in first: what the log says after it is cut off again on resuming, but a log
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.publish import AnyPublisher
from orbifolio.reports.publish.store import ObjectHeaders, Store
from orbifolio.runner.errors import OrbifolioError
from orbifolio.runner.run.subprocess import LOCK
from orbifolio.runner.sweeps.member_state import read_begun
from orbifolio.runner.sweeps.spec import Errand, Order, Recipe, keep_order, place_of, recipe_path

EVERY = 20.0  # seconds between two archives while a run goes on: what a lost node loses at most, but for a step
_ARCHIVE = ObjectHeaders("application/x-tar")


@dataclass(frozen=True)
class Travel:
    """What a node needs of one member.

    Attributes:
        bundle: archive of its recipe, overrides written in, and its pictures.
        recipe: path of the recipe in it.
        images: uploads by name: their paths in it.
        typed: what a user would type for this member.
        name: of the recipe.
        theme: of the recipe.
        store: settings of the store, as JSON.
        key: of the member's archive in it.
    """

    bundle: bytes
    recipe: str
    images: Mapping[str, str]
    typed: str
    name: str
    theme: str
    store: str
    key: str


def pack_member(place: Path, order: Order, number: int, store: str, key: str) -> Travel:
    """Pack a member.

    Raises:
        InputError: something that the recipe names cannot travel.
    """
    from orbifolio.runner.cloud.bundle import pack
    from orbifolio.runner.recipe.model import load

    errand = order.errands[number]
    recipe = order.recipes[errand.recipe]
    given = {name: place / order.images[name] for name in recipe.images}
    path = recipe_path(place, order, errand.recipe)
    bundle = pack(load(path, errand.overrides, given, folder=Path(recipe.folder)))
    typed = order.command(number)
    return Travel(bundle.content, bundle.recipe, bundle.images, typed, recipe.name, recipe.theme, store, key)


def unpack_member(gallery: Path, sweep: str, travel: Travel, threads: int) -> None:
    """Lay out a sweep of this one member on a node, as number 0.

    Args:
        gallery: the node's own, for this member alone.
        sweep: the sweep's name.
        travel: what was packed.
        threads: processor threads of the run.

    Raises:
        RunFailed: the node's disk cannot be written.
    """
    from orbifolio.runner.cloud.bundle import unpack

    place = place_of(gallery, sweep)
    unpack(travel.bundle, place / "bundle")
    path = place / "bundle" / travel.recipe
    recipe = Recipe(str(path), str(path.parent), travel.theme, travel.name, tuple(travel.images))
    images = {name: f"images/{name}{Path(inside).suffix}" for name, inside in travel.images.items()}
    order = Order((recipe,), (Errand(0, (), travel.typed),), images, dict(images), threads)
    given = {name: place / "bundle" / inside for name, inside in travel.images.items()}
    keep_order(place, order, [path.read_bytes()], given)


def store_of(settings: str) -> Store:
    """A store by its settings as JSON."""
    from pydantic import TypeAdapter

    found: Store = TypeAdapter(AnyPublisher).validate_json(settings).build(Path())
    return found


class Archive:
    """One member's run in a store.

    Args:
        store: that it travels through.
        key: of the archive.
        gallery: here.
        place: the member's, here.
    """

    def __init__(self, store: Store, key: str, gallery: Path, place: Path) -> None:
        self._store = store
        self._key = key
        self._gallery = gallery
        self._place = place
        self._tag = ""

    def push(self) -> None:
        """Send the run as it stands.

        Raises:
            PublishError: the store cannot be used.
        """
        with tempfile.NamedTemporaryFile(dir=self._place, prefix=".sending-") as kept:
            with tarfile.open(fileobj=kept, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for path, name in self._files():
                    with contextlib.suppress(OSError):  # it has gone since
                        content = path.read_bytes()
                        item = tarfile.TarInfo(name)
                        item.size = len(content)
                        archive.addfile(item, io.BytesIO(content))
            kept.flush()
            kept.seek(0)
            digest = hashlib.file_digest(kept, "sha256").hexdigest()
            self._store.put_file(self._key, Path(kept.name), _ARCHIVE, sha256=digest)

    def _files(self) -> Iterator[tuple[Path, str]]:
        run = self._gallery / read_begun(self._place).run
        if run != self._gallery and run.is_dir():
            files = sorted(path for path in run.rglob("*") if path.is_file() and not path.name.endswith(".part"))
            first = [path for path in files if path.parent == run / "checkpoint"]
            for path in [*first, *(path for path in files if path not in first)]:
                if path.name != LOCK:
                    yield path, f"run/{path.relative_to(self._gallery).as_posix()}"
        for name in ("begun.json", "result.json", "work.log"):
            yield self._place / name, f"member/{name}"

    def pull(self) -> bool:
        """Bring the run here, as it stood when it was last sent; whether there was news.

        Raises:
            PublishError: the store cannot be used.
        """
        found = self._store.head(self._key)
        if found is None or found.tag == self._tag:
            return False
        got = self._store.get(self._key)
        if got is None:
            return False
        content, self._tag = got
        self._place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._place) as beside:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(beside, filter="data")
            for run in Path(beside).glob("run/*/*"):
                if not (run / "checkpoint").exists():  # it is done
                    shutil.rmtree(self._gallery / run.parent.name / run.name / "checkpoint", ignore_errors=True)
            for path in sorted(Path(beside).rglob("*")):
                kind, *inside = path.relative_to(beside).parts
                top, depth = (self._gallery, 3) if kind == "run" else (self._place, 1)
                if path.is_file() and len(inside) >= depth:  # a run's files stand below TYPE/RUN
                    target = top.joinpath(*inside)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(path, target)
        return True

    def forget(self) -> None:
        """Remove it from the store."""
        self._store.delete(self._key)


class Courier:
    """Sends a member's run every now and then, and a last time when it has ended; a store that fails ends no run.

    Args:
        archive: the member's.
        every: seconds between two archives.
    """

    def __init__(self, archive: Archive, every: float = EVERY) -> None:
        self._archive = archive
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="courier", daemon=True)

    def begin(self) -> None:
        """Bring what an earlier attempt has sent, and begin to send.

        Raises:
            PublishError: the store cannot be used: beginning anew would do twice what may be done already.
        """
        self._archive.pull()
        self._thread.start()

    def _go_on(self) -> None:
        while not self._ended.wait(self._every):
            self._send()

    def _send(self) -> bool:
        try:
            self._archive.push()
        except (OrbifolioError, OSError) as error:
            print(f"not sent: {error}", flush=True)
            return False
        return True

    def end(self) -> bool:
        """Send it as it ended; whether that worked."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._send()
