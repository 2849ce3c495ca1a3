"""How EfficientNet-Lite0's published checkpoint names its layers, beside how we do."""

from __future__ import annotations

REPEATS = (1, 2, 2, 3, 3, 4, 1)


def checkpoint_names() -> dict[str, tuple[str, str]]:
    """Our layer -> (convolution, batch normalisation) of the checkpoint.

    >>> checkpoint_names()["2.1d"]
    ('_blocks.1._depthwise_conv', '_blocks.1._bn1')
    """
    names = {"stem": ("_conv_stem", "_bn0")}
    block = 0
    for stage, repeats in enumerate(REPEATS, start=1):
        for number in range(1, repeats + 1):
            place = f"_blocks.{block}"
            if stage > 1:
                names[f"{stage}.{number}e"] = (f"{place}._expand_conv", f"{place}._bn0")
            names[f"{stage}.{number}d"] = (f"{place}._depthwise_conv", f"{place}._bn1")
            names[f"{stage}.{number}o"] = (f"{place}._project_conv", f"{place}._bn2")
            block += 1
    return names | {"head": ("_conv_head", "_bn1")}
