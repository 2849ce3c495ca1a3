"""What a mask says: a picture -> its brightness where it is opaque, black where it is clear.

People cut masks out: what they took away is clear, and must not count. (Other pictures are laid on white paper.)
"""

from __future__ import annotations

from orbifolio.runner.arrays import F32
from orbifolio.runner.images.reading import Picture

_EVEN = 1 / 255  # brightest less darkest: less says nothing about places


def is_mask(path: str) -> bool:
    """Whether a recipe's picture is a mask, by its path (`renderer.objectives.0.mask`, `renderer.tone.mask`)."""
    return path.rpartition(".")[2] == "mask"


def on_black(picture: Picture) -> F32:
    """(height, width, 3) a picture whose clear parts are black."""
    if picture.alpha is None:
        return picture.pixels
    dark: F32 = (picture.pixels - (1 - picture.alpha[..., None])).clip(0, 1)
    return dark


def evenness(picture: Picture) -> tuple[str, str]:
    """(message, severity) about a mask that says nothing about places, as "what; rule; cure"; ("", "") for any other.

    A black one silences what it masks and is an error; others are worth a warning.
    """
    brightness = on_black(picture).mean(axis=2)
    least, most = float(brightness.min()), float(brightness.max())
    if most - least > _EVEN:
        return "", ""
    clear = ", its clear parts being black" if picture.alpha is not None else ""
    rule = "a mask counts by its brightness: white fully, black and clear not at all"
    if most <= _EVEN:
        return f"is black everywhere{clear}; {rule}; paint white where it is to count", "error"
    if least >= 1 - _EVEN:
        return f"is white everywhere and masks nothing; {rule}; paint black where it is not to count", "warning"
    return f"is one even grey ({most:.2f}); {rule}; paint where it is to count", "warning"
