"""HPGL, the language of pen plotters since 1977: (lines of each pen on paper) -> bytes.

The few instructions that every plotter knows: IN, SP, PU, PD (HP-GL Reference, 1983). A unit is 1/40 mm, x to the right
and y up from the paper's lower left corner. A carousel holds at most 8 pens; a higher number asks for a change by hand.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.vector.plotter import PlotLayout

UNITS = 40  # per millimetre
MAX_POINTS = 64  # per instruction, since old plotters have small buffers


def hpgl(layout: PlotLayout) -> bytes:
    """Lines on paper as plotter instructions."""
    lines = ["IN;"]
    for pen, paths in enumerate(layout.layers.values(), start=1):
        lines.append(f"SP{pen};")
        for path in paths:
            points = np.rint(np.stack([path[:, 0], layout.height - path[:, 1]], axis=1) * UNITS).astype(int).tolist()
            lines.append(f"PU{points[0][0]},{points[0][1]};")
            for at in range(1, len(points), MAX_POINTS):
                lines.append("PD" + ",".join(f"{x},{y}" for x, y in points[at : at + MAX_POINTS]) + ";")
        lines.append("PU;")
    return "\n".join([*lines, "SP0;", ""]).encode("ascii")
