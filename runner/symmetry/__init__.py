"""Symmetries: exact by construction, each a settings class with its working class beside it.

The table at the end is the family: validation, schema, docs and tests are derived from it.
"""

from __future__ import annotations

from typing import Any

from runner.settings import Settings, family
from runner.symmetry.hyperbolic import Hyperbolic
from runner.symmetry.none import NoSymmetry
from runner.symmetry.plane import Plane
from runner.symmetry.sphere import Sphere

SYMMETRIES: tuple[type[Settings], ...] = (NoSymmetry, Plane, Sphere, Hyperbolic)
AnySymmetry: Any = family(*SYMMETRIES)
