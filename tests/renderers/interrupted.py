"""A renderer from its first phase to its last, stopped and continued on the way or not."""

from __future__ import annotations

from typing import Any

from orbifolio.runner.renderers.base import Renderer


def run(renderer: Renderer, interrupt: tuple[int, int] | None = None) -> Any:
    """The last state; after a step of a phase the state is saved and loaded, or never."""
    state: Any = None
    for number, phase in enumerate(renderer.phases()):
        state = renderer.begin(number, state)
        for step in range(phase.steps):
            renderer.step(state)
            if interrupt == (number, step):
                state = renderer.load(number, renderer.save(state))
    return state
