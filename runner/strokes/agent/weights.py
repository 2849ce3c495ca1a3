"""Trained agents: one safetensors file each, with all that is needed to rebuild it; some are shipped.

load_agent("digits") -> (AgentNetwork, ActionSpace, facts);   pack_agent(agent, space, facts) -> bytes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.network import AgentNetwork, AgentShape
from orbifolio.runner.strokes.network_files import NetworkFiles

SHIPPED = Path(str(resources.files("orbifolio.runner.strokes.agent"))) / "agents"
FILES = NetworkFiles("agent", "trained agent", "an agent-training run", "agent.safetensors", SHIPPED)


def pack_agent(agent: AgentNetwork, space: ActionSpace, facts: Mapping[str, Any]) -> bytes:
    """An agent and its action space as a file in half precision, with plain values as facts (brush, figures, seed)."""
    return FILES.pack(agent, {**facts, "shape": asdict(agent.shape), "manner": space.model_dump()})


def load_agent(name: str) -> tuple[AgentNetwork, ActionSpace, dict[str, Any]]:
    """The agent of a name or a path, its action space, and all facts of its file.

    Raises:
        InputError: it is missing or cannot be read.
    """
    agent, facts = FILES.load(name, _agent_of)
    return agent, _space_of(facts), facts


def _agent_of(facts: Mapping[str, Any]) -> AgentNetwork:
    _space_of(facts)  # so that what is wrong with it is told with the file's name
    return AgentNetwork(AgentShape(**facts["shape"]))


def _space_of(facts: Mapping[str, Any]) -> ActionSpace:
    return ActionSpace.model_validate(facts["manner"])
