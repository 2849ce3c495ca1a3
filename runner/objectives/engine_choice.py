"""Which engine evaluates some objectives under a network: whichever the network and the memory let."""

from __future__ import annotations

from collections.abc import Sequence

from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import Objective
from orbifolio.runner.objectives.engine import Engine, layers_seen, padding
from orbifolio.runner.vision.base import Encoder, Shear


def choose_engine(
    encoder: Encoder,
    objectives: Sequence[Objective],
    *,
    wrap: tuple[bool, bool],
    shear: Shear | None = None,
    core: int | None = None,
) -> Engine:
    """The engine by hand for a network that is a chain down to the layers in use, the plain one for any other.

    Args:
        encoder: on its device and in its dtype.
        objectives: with their targets.
        wrap: the artwork repeats over its (top-bottom, left-right) edges.
        shear: with which it repeats from top to bottom, where it wraps both ways.
        core: pixels that a tile's core has along each side, for a picture in tiles; the network must be a chain then.
    """
    seen = layers_seen(objectives)
    layers = [name for name in encoder.layers if name in seen]
    chains = (
        [encoder.padded(edges).chain(layers) for edges in (padding(wrap, shear), padding((False, False)))]
        if layers
        else []
    )
    whole, cut = chains or (None, None)
    if whole is None or cut is None:
        return AutogradEngine(encoder, objectives, wrap=wrap, shear=shear)
    from orbifolio.runner.objectives.chain_engine import ChainEngine  # its kernels need torch at once

    if core is not None:
        from orbifolio.runner.objectives.tile_engine import TileEngine

        return TileEngine(whole, cut, objectives, core=core, wrap=wrap, shear=shear)
    return ChainEngine(whole, cut, objectives, wrap=wrap, shear=shear)
