"""Symmetries: exact by construction, each a settings class with its working class beside it.

The table at the end is the family: validation, schema, docs and tests are derived from it.
"""

from __future__ import annotations

from typing import Any

from runner.settings import Settings, family
from runner.symmetry.droste import Droste
from runner.symmetry.frieze import Frieze
from runner.symmetry.hyperbolic import Hyperbolic
from runner.symmetry.model import Model
from runner.symmetry.none import NoSymmetry
from runner.symmetry.partial import Partial
from runner.symmetry.plane import Plane
from runner.symmetry.rotor import Rotor
from runner.symmetry.sphere import Sphere

SYMMETRIES: tuple[type[Settings], ...] = (
    NoSymmetry,
    Plane,
    Sphere,
    Hyperbolic,
    Model,
    Frieze,
    Rotor,
    Droste,
    Partial,
)
AnySymmetry: Any = family(*SYMMETRIES)
