"""A summary is a symmetry for machines to read: the `symmetry` block of `run.json`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.groups.emblems import EMBLEMS
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.symmetry.verify.likeness import likenesses
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import Measurement
from orbifolio.runner.symmetry.verify.symmetry_elements import symmetry_elements
from orbifolio.runner.symmetry.verify.turn_centres import turn_centres
from orbifolio.runner.symmetry.verify.visibility import visibility

MAX_MEASURED = 12_000_000  # pixels: a measurement holds several copies of them in double precision


def thinned(picture: F32, wrap: tuple[bool, bool]) -> F32:
    """A very large picture at half its size or less, so that measuring it fits the memory; any other as it is.

    Args:
        picture: (height, width, 3).
        wrap: whether it continues over its (top-bottom, left-right) edges.
    """
    height, width = picture.shape[:2]
    every = math.ceil(math.sqrt(height * width / MAX_MEASURED))
    if every <= 1:
        return picture
    size = height // every, width // every
    shown = torch.from_numpy(picture).permute(2, 0, 1)[None]
    smaller = resample(shown, *size, wrap=wrap, centred=(not wrap[0], not wrap[1]))
    return np.ascontiguousarray(smaller[0].permute(1, 2, 0).numpy(), np.float32)


def summarise(symmetry: Symmetry, kind: str, picture: F32 | None) -> dict[str, Any]:
    """What a symmetry claims, and what a picture shows of it.

    Args:
        symmetry: that the picture should have.
        kind: of the symmetry, as recipes spell it.
        picture: (height, width, 3) in [0, 1], or None before there is one.

    Returns:
        kind, group, title, cells, colour_count, notes, advisories; claims, worst, grain, unmeasured, near, unclaimed,
        closest_unclaimed, visibility, emblems, elements, which are empty, zero or None without a picture. `emblems`
        lists the centres of turns that look like one, and is None where there are no centres of four, five or six
        turns; `elements` tells what to draw over the picture: see `symmetry_elements`.
    """
    measurement, visible, emblems, elements = Measurement(), None, None, None
    if picture is not None:
        elements = symmetry_elements(symmetry, picture.shape[1], picture.shape[0])
        picture = thinned(picture, symmetry.wrap)
        height, width = picture.shape[:2]
        measurement = measure_symmetry(picture, symmetry)
        visible = visibility(picture, symmetry.chart_for(width, height), symmetry.domain_pixels(width, width / height))
        centres = [centre for centre in turn_centres(symmetry, width, height) if centre.fold in EMBLEMS]
        emblems = [likeness.as_record() for likeness in likenesses(picture, centres)] if centres else None
    return {
        "kind": kind,
        "group": symmetry.group,
        "title": symmetry.title,
        "cells": symmetry.cells,
        "colour_count": symmetry.colour_count,
        "notes": list(symmetry.notes),
        "advisories": list(symmetry.advisories()),
        **measurement.as_record(),
        "visibility": None if visible is None else round(visible, 4),
        "emblems": emblems,
        "elements": elements,
    }
