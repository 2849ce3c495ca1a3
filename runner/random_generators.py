"""Generators of random numbers, each for one purpose in one step, so that no generator's state need be saved."""

from __future__ import annotations

import hashlib

from orbifolio.runner.deferred import torch


def generator(seed: int, purpose: str, phase: int, step: int) -> torch.Generator:
    """The generator of a purpose in a step of a phase; all four decide what it gives."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{phase}/{step}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
