"""A summary is a symmetry for machines to read: the `symmetry` block of `run.json`."""

from __future__ import annotations

from typing import Any

from orbifolio.runner.arrays import F32
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import Measurement


def summarise(symmetry: Symmetry, kind: str, picture: F32 | None) -> dict[str, Any]:
    """What a symmetry claims, and what a picture shows of it.

    Args:
        symmetry: that the picture should have.
        kind: of the symmetry, as recipes spell it.
        picture: (height, width, 3) in [0, 1], or None before there is one.

    Returns:
        kind, group, title, cells, notes, advisories; claims, worst, unclaimed, closest_unclaimed, which
        are empty or None without a picture.
    """
    measurement = Measurement() if picture is None else measure_symmetry(picture, symmetry)
    return {
        "kind": kind,
        "group": symmetry.group,
        "title": symmetry.title,
        "cells": symmetry.cells,
        "notes": list(symmetry.notes),
        "advisories": list(symmetry.advisories()),
        **measurement.as_record(),
    }
