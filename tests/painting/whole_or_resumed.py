"""A painting from its first phase to its last, saved and loaded on the way or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from orbifolio.runner.renderers.painting import PaintingRenderer


def painted_through(renderer: PaintingRenderer, *, resumed_after: int | None = None) -> np.ndarray:
    """The finished picture; after some steps in all the state is saved and loaded, or never."""
    state: Any = None
    done = 0
    for number, phase in enumerate(renderer.phases()):
        state = renderer.begin(number, state)
        for _ in range(phase.steps):
            renderer.step(state)
            done += 1
            if done == resumed_after:
                state = renderer.load(number, renderer.save(state))
    return renderer.image(state)
