"""Trained stroke predictors: one safetensors file each, with all that is needed to rebuild it; one is shipped.

load_predictor("strokes") -> (StrokePredictor, facts);   pack_predictor(network, facts) -> bytes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from orbifolio.runner.painting.placers.network import PredictorShape, StrokePredictor
from orbifolio.runner.strokes.network_files import NetworkFiles
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.weights import file_hash

SHIPPED = Path(str(resources.files("orbifolio.runner.painting.placers"))) / "trained"
FILES = NetworkFiles(
    "stroke-predictor", "stroke predictor", "a predictor-training run", "predictor.safetensors", SHIPPED
)


def pack_predictor(network: StrokePredictor, facts: Mapping[str, Any]) -> bytes:
    """A predictor as a file in half precision, with plain values as facts (figures, seed)."""
    return FILES.pack(network, {**facts, "shape": asdict(network.shape)})


def load_predictor(name: str) -> tuple[StrokePredictor, dict[str, Any]]:
    """The predictor of a name or a path, and all facts of its file.

    Raises:
        InputError: it is missing or cannot be read.
    """
    network, facts = FILES.load(name, lambda facts: StrokePredictor(PredictorShape(**facts["shape"])))
    return network.requires_grad_(False), facts


@lru_cache(maxsize=2)
def _read(path: Path, written: int) -> StrokePredictor:
    """The predictor of a file as it was written last."""
    return load_predictor(str(path))[0]


def shared_predictor(name: str) -> StrokePredictor:
    """The predictor of a name or a path, read once.

    Raises:
        InputError: it is missing or cannot be read.
    """
    path = FILES.find(name)
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


def predictor_provenance(name: str) -> Provenance:
    """Where the weights of a predictor come from, by its name or path.

    Raises:
        InputError: it is missing.
    """
    path = FILES.find(name)
    shipped = path.parent == SHIPPED
    licence, source = ("MIT", "shipped with orbifolio") if shipped else ("the file's own", path.name)
    return Provenance(
        f"stroke predictor {path.stem}", file_hash(path), licence, source, "names a pass's strokes at once"
    )
