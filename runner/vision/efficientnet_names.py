"""The layers' names in published checkpoints of EfficientNet-Lite, by the names in this program."""

from __future__ import annotations

from collections.abc import Sequence

LITE0 = (1, 2, 2, 3, 3, 4, 1)
"""Blocks in each stage of EfficientNet-Lite0."""
LITE1 = LITE2 = (1, 3, 3, 4, 4, 5, 1)
"""Blocks in each stage of EfficientNet-Lite1 and Lite2, which differ in their channels."""


def checkpoint_names(repeats: Sequence[int] = LITE0) -> dict[str, tuple[str, str]]:
    """A layer's name here -> (convolution, batch normalisation) in the checkpoint.

    Args:
        repeats: blocks in each stage.

    >>> checkpoint_names()["2.1d"]
    ('_blocks.1._depthwise_conv', '_blocks.1._bn1')
    """
    names = {"stem": ("_conv_stem", "_bn0")}
    block = 0
    for stage, count in enumerate(repeats, start=1):
        for number in range(1, count + 1):
            prefix = f"_blocks.{block}"
            if stage > 1:
                names[f"{stage}.{number}e"] = (f"{prefix}._expand_conv", f"{prefix}._bn0")
            names[f"{stage}.{number}d"] = (f"{prefix}._depthwise_conv", f"{prefix}._bn1")
            names[f"{stage}.{number}o"] = (f"{prefix}._project_conv", f"{prefix}._bn2")
            block += 1
    return names | {"head": ("_conv_head", "_bn1")}
