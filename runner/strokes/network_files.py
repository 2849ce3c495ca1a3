"""Trained networks, one safetensors file each, with all that is needed to rebuild them; some are shipped.

    NetworkFiles(...).load("digits", build) -> (network, facts);   .pack(network, facts) -> bytes

All weights are one tensor, and the facts are one entry of metadata: the format writes several in any order, and the
same network must be the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of

ENDING = ".safetensors"
WEIGHTS, FACTS = "weights", "orbifolio"
AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


@dataclass(frozen=True)
class NetworkFiles:
    """The files of one kind of network.

    Attributes:
        kind: as the facts of a file name it.
        title: for messages: `trained agent`.
        run: that leaves such files among its extras, for messages: `an agent-training run`.
        extra: their name there.
        shipped: folder of those that come with the program.
    """

    kind: str
    title: str
    run: str
    extra: str
    shipped: Path

    def pack(self, network: nn.Module, facts: Mapping[str, Any]) -> bytes:
        """A network as a file in half precision, with plain values as facts."""
        flat = torch.cat([tensor.detach().flatten() for tensor in network.state_dict().values()]).half()
        record = json.dumps({**facts, "kind": self.kind}, sort_keys=True)
        return save({WEIGHTS: flat.contiguous()}, metadata={FACTS: record})

    def find(self, name: str) -> Path:
        """The file of a shipped network, or of a path.

        Raises:
            InputError: none of this name is shipped.
        """
        if name.endswith(ENDING):
            return file_of(name)
        path = self.shipped / f"{name}{ENDING}"
        if path.is_file():
            return path
        have = ", ".join(sorted(file.stem for file in self.shipped.glob(f"*{ENDING}")))
        raise InputError(
            f"{name}: no such {self.title}; shipped: {have}; {self.run} leaves others among its extras: give the path "
            f"of its {self.extra}"
        )

    def load(self, name: str, build: Callable[[Mapping[str, Any]], AnyNetwork]) -> tuple[AnyNetwork, dict[str, Any]]:
        """The network of a name or a path, and all facts of its file.

        Args:
            name: of a shipped one, or a path.
            build: makes a network of this shape of the facts; what is wrong with them it raises as KeyError, TypeError
                or ValueError.

        Raises:
            InputError: it is missing or cannot be read.
        """
        path = self.find(name)
        try:
            with safe_open(path, framework="pt") as file:
                facts = json.loads((file.metadata() or {})[FACTS])
                flat = file.get_tensor(WEIGHTS).float()
            if facts["kind"] != self.kind:
                raise ValueError(f"its kind is {facts['kind']}")
            network = build(facts)
            if len(flat) != sum(tensor.numel() for tensor in network.parameters()):
                raise ValueError(f"{len(flat)} weights, not the number that its shape needs")
            nn.utils.vector_to_parameters(flat, network.parameters())
            return network, facts
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise InputError(
                f"{path}: not a {self.title} ({error}); it is a .safetensors file that {self.run} leaves among its "
                "extras"
            ) from error
