"""Trained stroke predictors: one safetensors file each, with all that is needed to rebuild it; one is shipped.

load_predictor("strokes") -> (StrokePredictor, facts);   pack_predictor(network, facts) -> bytes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from orbifolio.runner.errors import InputError
from orbifolio.runner.painting.placers.network import PredictorShape, StrokePredictor
from orbifolio.runner.strokes.brush_models.weights import ENDING, FACTS, WEIGHTS

KIND = "stroke-predictor"
SHIPPED = Path(str(resources.files("orbifolio.runner.painting.placers"))) / "trained"


def pack_predictor(network: StrokePredictor, facts: Mapping[str, Any]) -> bytes:
    """A predictor as a file in half precision, with plain values as facts (figures, seed)."""
    flat = torch.cat([tensor.detach().flatten() for tensor in network.state_dict().values()]).half()
    own = {"kind": KIND, "shape": asdict(network.shape)}
    return save({WEIGHTS: flat.contiguous()}, metadata={FACTS: json.dumps({**facts, **own}, sort_keys=True)})


def find_predictor(name: str) -> Path:
    """The file of a shipped predictor, or of a path.

    Raises:
        InputError: none of this name is shipped.
    """
    if name.endswith(ENDING):
        return Path(name).expanduser()
    path = SHIPPED / f"{name}{ENDING}"
    if path.is_file():
        return path
    have = ", ".join(sorted(file.stem for file in SHIPPED.glob(f"*{ENDING}")))
    raise InputError(
        f"{name}: no such stroke predictor; shipped: {have}; a predictor-training run leaves others among its extras: "
        "give the path of its predictor.safetensors"
    )


def load_predictor(name: str) -> tuple[StrokePredictor, dict[str, Any]]:
    """The predictor of a name or a path, and all facts of its file.

    Raises:
        InputError: it is missing or cannot be read.
    """
    path = find_predictor(name)
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[FACTS])
            flat = file.get_tensor(WEIGHTS).float()
        if facts["kind"] != KIND:
            raise ValueError(f"its kind is {facts['kind']}")
        network = StrokePredictor(PredictorShape(**facts["shape"]))
        if len(flat) != sum(tensor.numel() for tensor in network.parameters()):
            raise ValueError(f"{len(flat)} weights, not the number that its shape needs")
        nn.utils.vector_to_parameters(flat, network.parameters())
        return network.requires_grad_(False), facts
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{path}: not a stroke predictor ({error}); it is a .safetensors file that a predictor-training run leaves "
            "among its extras"
        ) from error


@lru_cache(maxsize=2)
def _read(path: Path, written: int) -> StrokePredictor:
    """The predictor of a file as it was written last."""
    return load_predictor(str(path))[0]


def shared_predictor(name: str) -> StrokePredictor:
    """The predictor of a name or a path, read once.

    Raises:
        InputError: it is missing or cannot be read.
    """
    path = find_predictor(name)
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)
