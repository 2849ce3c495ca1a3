"""Numbers and lines as SVG spells them, as short as three decimals allow."""

from __future__ import annotations

from orbifolio.runner.arrays import F64


def number(value: float) -> str:
    """A number with at most three decimals, without trailing zeros.

    >>> number(2.50), number(-0.0001)
    ('2.5', '0')
    """
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def path_data(points: F64) -> str:
    """A polyline as the `d` of a path.

    Args:
        points: (k, 2) x and y.

    >>> import numpy as np
    >>> path_data(np.array([[0.0, 0.5], [2.0, 1.0]]))
    'M0 0.5L2 1'
    """
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points.tolist())
