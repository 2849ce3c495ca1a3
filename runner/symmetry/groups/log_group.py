"""A wallpaper group among logarithms: its relations as a zooming picture has them, and its movements in words.

Convention: r = t1^-1 turns the picture, z = t2 zooms it; movements are (3, 3) on points (Re w, Im w, 1), as in
`log_lattice.py`.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.groups import Group, Relation, Word, relations
from orbifolio.runner.symmetry.groups.legality import TURNS
from orbifolio.runner.symmetry.groups.presentation import Presentation


def presentation(group: Group, repeats: int) -> Presentation:
    """The group in the plane of logarithms, with r = t1^-1 of order `repeats`, and z = t2."""
    described = {"r": f"a turn by {360 / repeats:.4g} degrees", "z": "the zoom", "m": "a mirror", "g": "a glide"}
    described |= {name: f"{what} of the logarithm" for name, what in TURNS.items()}
    names = (*group.point, "r", "z")
    words = [_renamed(relation) for relation in relations(group)]
    return Presentation(
        f"the zooming group {group.name}",
        tuple((name, described[name]) for name in names),
        ((("r", repeats),), *(word for word in words if word)),
    )


def _renamed(relation: Relation) -> Word:
    """A relation as one word that is the identity, t1 and t2 renamed."""
    word = relation.left + tuple((name, -exponent) for name, exponent in reversed(relation.right))
    return tuple({"t1": ("r", -exponent), "t2": ("z", exponent)}.get(name, (name, exponent)) for name, exponent in word)


def on_logarithm(linear: F64, shift: complex) -> F64:
    """(3, 3) movement of the logarithm: a linear map, then a shift."""
    return np.vstack([np.hstack([linear, [[shift.real], [shift.imag]]]), [0.0, 0.0, 1.0]])


def name_zoom(matrix: F64) -> str:
    """A movement of the logarithm in words."""
    linear, shift = matrix[:2, :2], complex(*matrix[:2, 2])
    factor, angle = math.exp(shift.real), math.degrees(cmath.phase(cmath.exp(1j * shift.imag)))
    zoomed = "" if abs(factor - 1) < 1e-9 else f"zoom by {factor:.4g}"
    turned = "" if abs(angle) < 1e-6 else f"{angle % 360:.4g} degree rotation"
    if np.abs(linear - np.eye(2)).max() < 1e-9:
        return " with a ".join(part for part in (zoomed, turned) if part) or "identity"
    if np.abs(linear - np.diag([1.0, -1.0])).max() < 1e-9:
        mirror = f"mirror in the line at {angle / 2 % 180:.4g} degrees through the middle"
        return f"{zoomed} with a {mirror}" if zoomed else mirror
    if np.abs(linear - np.diag([-1.0, 1.0])).max() < 1e-9:
        inversion = f"inversion in the circle of radius {math.sqrt(factor):.4g}"
        return f"{inversion} with a {turned}" if turned else inversion
    if np.abs(linear + np.eye(2)).max() < 1e-9:
        return f"half turn of the logarithm about radius {math.sqrt(factor):.4g}, {angle / 2:.4g} degrees"
    kind = f"{math.degrees(math.atan2(linear[1, 0], linear[0, 0])) % 360:.4g} degree turn"
    if np.linalg.det(linear) < 0:
        kind = f"mirror at {math.degrees(math.atan2(linear[1, 0], linear[0, 0])) / 2 % 180:.4g} degrees"
    return f"{kind} of the logarithm, moved by ({shift.real:.3g}, {shift.imag:.3g})"
