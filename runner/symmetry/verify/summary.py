"""A summary is a symmetry told to machines: the `symmetry` block of `run.json`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.symmetry.base import Symmetry


def summarise(symmetry: Symmetry, kind: str, picture: npt.NDArray[np.float32] | None) -> dict[str, Any]:
    """What a symmetry says of itself, and what a picture shows of it.

    Args:
        symmetry: any.
        kind: the spelling of its kind.
        picture: (height, width, 3) in [0, 1], or None before there is one.

    Returns:
        kind, group, title, cells, notes, advisories; claims, worst, unclaimed, closest_unclaimed, which
        are empty or None without a picture.
    """
    from orbifolio.runner.symmetry.verify.tile import Measurement, measure_symmetry  # loads scipy: only when measuring

    measured = Measurement((), (), 0.0) if picture is None else measure_symmetry(picture, symmetry)
    return {
        "kind": kind,
        "group": symmetry.group,
        "title": symmetry.title,
        "cells": symmetry.cells,
        "notes": list(symmetry.notes),
        "advisories": list(symmetry.advisories()),
        **measured.as_record(),
    }
