"""A painting from its first phase to its last, saved and loaded on the way or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from orbifolio.runner.renderers.painting import PaintingRenderer, PaintingState


def painted_through(renderer: PaintingRenderer, *, resumed_after: int | None = None) -> np.ndarray:
    """The finished picture; after some steps in all the state is saved and loaded, or never."""
    return painted_through_states(renderer, resumed_after=resumed_after)[0]


def painted_through_states(
    renderer: PaintingRenderer, *, resumed_after: int | None = None
) -> tuple[np.ndarray, PaintingState]:
    """The last image and the state that it is of; as above."""
    state: Any = None
    done = 0
    for number, phase in enumerate(renderer.phases()):
        state = renderer.begin(number, state)
        for _ in range(phase.steps):
            renderer.step(state)
            done += 1
            if done == resumed_after:
                state = renderer.load(number, renderer.save(state))
    return renderer.image(state), state
