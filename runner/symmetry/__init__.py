"""Symmetries: exact by construction, each a settings class with its working class beside it.

The table at the end is the family: validation, schema, docs and tests are derived from it.
"""

from __future__ import annotations

from typing import Any

from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.model import Model
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere

SYMMETRIES = with_plugins(
    "symmetries",
    SymmetrySettings,
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
