"""The architecture of MobileNet v2 (Sandler et al. 2018) as the style predictor has it: its convolutions by name."""

from __future__ import annotations

from dataclasses import dataclass

CODE = 100  # numbers
STEM, HEAD = 32, 1280  # channels
# (expansion, channels, blocks, stride of the first) of each stage: table 2 of Sandler et al.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


@dataclass(frozen=True)
class Bottleneck:
    """One inverted residual block: channels before, within and after it, and its stride."""

    name: str
    before: int
    within: int
    after: int
    stride: int


def _blocks() -> tuple[Bottleneck, ...]:
    blocks: list[Bottleneck] = []
    before = STEM
    for expansion, after, count, first in STAGES:
        for number in range(count):
            name = f"block{len(blocks)}"
            blocks.append(Bottleneck(name, before, before * expansion, after, first if number == 0 else 1))
            before = after
    return tuple(blocks)


BLOCKS = _blocks()


def convolution_shapes() -> dict[str, tuple[int, ...]]:
    """The kernels' shapes by the convolutions' names, in the order of computation."""
    shapes: dict[str, tuple[int, ...]] = {"stem": (STEM, 3, 3, 3)}
    for block in BLOCKS:
        if block.within != block.before:
            shapes[f"{block.name}.expand"] = (block.within, block.before, 1, 1)
        shapes[f"{block.name}.depthwise"] = (block.within, 1, 3, 3)
        shapes[f"{block.name}.project"] = (block.after, block.within, 1, 1)
    return shapes | {"head": (HEAD, BLOCKS[-1].after, 1, 1), "code": (CODE, HEAD, 1, 1)}
