"""Targets of style, kept on disk: a second run of a recipe, or of one like it, computes none.

A target is a function of pictures, appearances, network and arithmetic, and costs up to 24 evaluations a phase; as
moments it is small (1.4 MB for VGG16 to its fourth block). Its key names all that it follows from: the prepared
pictures' pixels, how large and in which appearances they are shown, and what the network makes of a probe, bit for
bit, on this machine with this many threads; so a picture is the same with the cache as without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path
from safetensors import SafetensorError

from orbifolio.runner.cpu_features import machine_fingerprint
from orbifolio.runner.deferred import tensor_files, torch
from orbifolio.runner.files import read_regular, write_atomically
from orbifolio.runner.named_files import file_of
from orbifolio.runner.objectives.statistics import Moments, moments
from orbifolio.runner.threads import thread_count
from orbifolio.runner.vision.base import Encoder

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = "ORBIFOLIO_TARGETS"
"""Environment variable: the folder of the cache; `no` for none."""
MOST_BYTES = 256 << 20  # of all targets together: about 180 phases of VGG16
LARGEST_BYTES = 64 << 20  # of one; wider networks' Gram matrices are made anew
FORMAT = 1  # to be raised when what is kept, or how style shows pictures, changes its meaning
PROBE_SIDE = 64  # pixels: four features of the deepest blocks

Targets = Mapping[str, Moments]


@dataclass(frozen=True)
class TargetCache:
    """Targets in files by their keys.

    Attributes:
        folder: made when the first target is kept.
        most_bytes: of all files together; those that were asked for longest ago go first.
    """

    folder: Path
    most_bytes: int = MOST_BYTES

    def find(self, key: str) -> Targets | None:
        """The targets of a key; None where there are none, or only a damaged file."""
        path = self._path(key)
        try:
            content = read_regular(path, limit=LARGEST_BYTES)
            digest, stored = content[:32], content[32:]
            if hashlib.sha256(stored).digest() != digest:
                return None
            tensors = tensor_files.load(stored)
            names = [name.removesuffix("/mean") for name in tensors if name.endswith("/mean")]
            found = {name: Moments(tensors[f"{name}/mean"], tensors[f"{name}/second"]) for name in names}
        except (OSError, ValueError, KeyError, SafetensorError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # asked for now, so that it stays longest
        return found

    def keep(self, key: str, targets: Targets) -> None:
        """Keep the targets of a key; where nothing can be written, nothing is kept."""
        tensors = {}
        for name, item in targets.items():
            tensors[f"{name}/mean"] = item.mean.detach().cpu().contiguous()
            tensors[f"{name}/second"] = item.second.detach().cpu().contiguous()
        stored = tensor_files.save(tensors)
        if len(stored) + 32 > min(LARGEST_BYTES, self.most_bytes):
            return
        with contextlib.suppress(OSError):
            write_atomically(self._path(key), hashlib.sha256(stored).digest() + stored, durable=False)
            self._remove_oldest()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.targets"

    def _remove_oldest(self) -> None:
        files = []
        for path in self.folder.glob("*.targets"):
            with contextlib.suppress(OSError):  # another run may have removed it
                facts = path.stat()
                files.append((facts.st_mtime_ns, facts.st_size, path))
        room = self.most_bytes
        for _, size, path in sorted(files, reverse=True):
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)


def default_target_cache() -> TargetCache | None:
    """The cache of this user, or None where `ORBIFOLIO_TARGETS` is `no`."""
    told = os.environ.get(FOLDER, "")
    if told == "no":
        return None
    return TargetCache(file_of(told) if told else user_cache_path("orbifolio") / "targets")


def target_key(encoder: Encoder, layers: Sequence[str], device: str, facts: Iterable[object]) -> str:
    """A name for targets that changes with whatever they follow from.

    Args:
        encoder: that sees the pictures, padded as it sees them.
        layers: whose features count.
        device: that it computes on.
        facts: everything else, in words, numbers and digests that are written the same in every process.
    """
    told = (FORMAT, machine_fingerprint(), thread_count(), device, tuple(layers), tuple(facts))
    digest = hashlib.sha256(repr(told).encode())
    across = torch.linspace(0, 1, PROBE_SIDE).expand(PROBE_SIDE, -1)
    probe = torch.stack([across, across.mT, (across - across.mT).abs()])
    with torch.no_grad():
        seen = encoder.features(probe[None].to(device), tuple(layers))
        for name in layers:
            found = moments(seen[name].float())
            for part in (found.mean, found.second):
                digest.update(part.cpu().numpy().tobytes())
    return digest.hexdigest()


def picture_digest(picture: Tensor) -> str:
    """Of a picture's shape and pixels."""
    digest = hashlib.sha256(repr(tuple(picture.shape)).encode())
    digest.update(picture.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
