"""Symmetries: exact by construction, each a settings class with its working class beside it.

The table is the family: validation, schema, docs and tests are derived from it.
"""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily

SYMMETRIES = KindFamily(
    {
        "none": "orbifolio.runner.symmetry.kinds.none:NoSymmetry",
        "plane": "orbifolio.runner.symmetry.kinds.plane:Plane",
        "isohedral": "orbifolio.runner.symmetry.kinds.isohedral:Isohedral",
        "metamorphosis": "orbifolio.runner.symmetry.kinds.metamorphosis:Metamorphosis",
        "circle-limit": "orbifolio.runner.symmetry.kinds.circle_limit:CircleLimit",
        "figure-sphere": "orbifolio.runner.symmetry.kinds.figure_sphere:FigureSphere",
        "sphere": "orbifolio.runner.symmetry.kinds.sphere:Sphere",
        "hyperbolic": "orbifolio.runner.symmetry.kinds.hyperbolic:Hyperbolic",
        "mesh": "orbifolio.runner.symmetry.kinds.model:Model",
        "frieze": "orbifolio.runner.symmetry.kinds.frieze:Frieze",
        "rotor": "orbifolio.runner.symmetry.kinds.rotor:Rotor",
        "droste": "orbifolio.runner.symmetry.kinds.droste:Droste",
        "partial": "orbifolio.runner.symmetry.kinds.partial:Partial",
    },
    others=plugins("symmetries", "orbifolio.runner.symmetry.base:SymmetrySettings"),
)
AnySymmetry = Annotated[Any, SYMMETRIES]
