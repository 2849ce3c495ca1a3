"""How the published checkpoints of EfficientNet-Lite name their layers, beside how we do."""

from __future__ import annotations

from collections.abc import Sequence

LITE0 = (1, 2, 2, 3, 3, 4, 1)
"""Blocks in each stage of EfficientNet-Lite0."""
LITE1 = LITE2 = (1, 3, 3, 4, 4, 5, 1)


def checkpoint_names(repeats: Sequence[int] = LITE0) -> dict[str, tuple[str, str]]:
    """Our layer -> (convolution, batch normalisation) of the checkpoint.

    Args:
        repeats: blocks in each stage.

    >>> checkpoint_names()["2.1d"]
    ('_blocks.1._depthwise_conv', '_blocks.1._bn1')
    """
    names = {"stem": ("_conv_stem", "_bn0")}
    block = 0
    for stage, count in enumerate(repeats, start=1):
        for number in range(1, count + 1):
            place = f"_blocks.{block}"
            if stage > 1:
                names[f"{stage}.{number}e"] = (f"{place}._expand_conv", f"{place}._bn0")
            names[f"{stage}.{number}d"] = (f"{place}._depthwise_conv", f"{place}._bn1")
            names[f"{stage}.{number}o"] = (f"{place}._project_conv", f"{place}._bn2")
            block += 1
    return names | {"head": ("_conv_head", "_bn1")}
