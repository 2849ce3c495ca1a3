"""Trained agents: one safetensors file each, with all that is needed to rebuild it; some are shipped.

load_agent("digits") -> (AgentNetwork, ActionSpace, facts);   pack_agent(agent, space, facts) -> bytes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape
from orbifolio.runner.strokes.brush_models.weights import ENDING, FACTS, WEIGHTS

KIND = "agent"
SHIPPED = Path(str(resources.files("orbifolio.runner.strokes.agent"))) / "agents"


def pack_agent(agent: AgentNetwork, space: ActionSpace, facts: Mapping[str, Any]) -> bytes:
    """An agent and its action space as a file in half precision, with plain values as facts (brush, figures, seed)."""
    flat = torch.cat([tensor.detach().flatten() for tensor in agent.state_dict().values()]).half()
    own = {"kind": KIND, "shape": asdict(agent.shape), "manner": space.model_dump()}
    return save({WEIGHTS: flat.contiguous()}, metadata={FACTS: json.dumps({**facts, **own}, sort_keys=True)})


def find_agent(name: str) -> Path:
    """The file of a shipped agent, or of a path.

    Raises:
        InputError: no shipped agent has this name.
    """
    if name.endswith(ENDING):
        return Path(name).expanduser()
    path = SHIPPED / f"{name}{ENDING}"
    if path.is_file():
        return path
    have = ", ".join(sorted(file.stem for file in SHIPPED.glob(f"*{ENDING}")))
    raise InputError(
        f"{name}: no such trained agent; shipped: {have}; an agent-training run leaves others among its extras: give "
        "the path of its agent.safetensors"
    )


def load_agent(name: str) -> tuple[AgentNetwork, ActionSpace, dict[str, Any]]:
    """The agent of a name or a path, its action space, and all facts of its file.

    Raises:
        InputError: it is missing or cannot be read.
    """
    path = find_agent(name)
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[FACTS])
            flat = file.get_tensor(WEIGHTS).float()
        if facts["kind"] != KIND:
            raise ValueError(f"its kind is {facts['kind']}")
        agent = AgentNetwork(AgentShape(**facts["shape"]))
        if len(flat) != sum(tensor.numel() for tensor in agent.parameters()):
            raise ValueError(f"{len(flat)} weights, not the number that its shape needs")
        nn.utils.vector_to_parameters(flat, agent.parameters())
        return agent, ActionSpace.model_validate(facts["manner"]), facts
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{path}: not a trained agent ({error}); it is a .safetensors file that an agent-training run leaves "
            "among its extras"
        ) from error
