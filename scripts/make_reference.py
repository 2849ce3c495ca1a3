"""Write docs/reference.md from the settings classes: every kind, every field, its default and its help.

    python scripts/make_reference.py

A test holds the file in step with the code.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from orbifolio.reports.publish import PUBLISHERS
from orbifolio.runner.canvas import CANVASES
from orbifolio.runner.canvas.initial import INITIALS
from orbifolio.runner.gas.drawing import DRAWINGS
from orbifolio.runner.gas.drawing.colours import COLOURINGS
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.points import SAMPLINGS
from orbifolio.runner.gas.portrait import Portrait
from orbifolio.runner.gas.rules import RULES
from orbifolio.runner.gas.stops import STOPS
from orbifolio.runner.gas.tone import Tone
from orbifolio.runner.images.colour_transfer import TRANSFERS, ColourTransfer
from orbifolio.runner.images.finish import Finish
from orbifolio.runner.images.posterise import Posterise
from orbifolio.runner.images.preparation import StylePreparation
from orbifolio.runner.mail import MAILERS
from orbifolio.runner.objectives import OBJECTIVES
from orbifolio.runner.objectives.statistics import STATISTICS
from orbifolio.runner.objectives.style import StyleImage
from orbifolio.runner.optimisers import OPTIMISERS
from orbifolio.runner.painting.hand import Hand
from orbifolio.runner.painting.look import BrushLayer
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.placers import PLACERS
from orbifolio.runner.painting.placers.training import PredictorPhase
from orbifolio.runner.recipe.model import Recipe
from orbifolio.runner.renderers import RENDERERS
from orbifolio.runner.renderers.growing_neural_gas import GasPhase
from orbifolio.runner.renderers.image.settings import PhaseSettings
from orbifolio.runner.renderers.self_organising_map import MapPhase
from orbifolio.runner.renderers.training.agent_training import AgentSize
from orbifolio.runner.renderers.training.painter_comparison import Exercise
from orbifolio.runner.renderers.training.painter_training import TrainingPhase
from orbifolio.runner.renderers.training.predictor_training import PredictorSize
from orbifolio.runner.settings import field_help, kind_of
from orbifolio.runner.som.drawing import MAP_DRAWINGS
from orbifolio.runner.som.lattice import MapLattice
from orbifolio.runner.som.rules import MAP_RULES
from orbifolio.runner.som.signals import SIGNALS
from orbifolio.runner.strokes.agent.action_space import ActionSpace, Discrete
from orbifolio.runner.strokes.agent.data import TARGETS
from orbifolio.runner.strokes.agent.training import AgentPhase
from orbifolio.runner.strokes.brush_models.data import DATA
from orbifolio.runner.strokes.brush_models.kinds import PAINTERS
from orbifolio.runner.symmetry import SYMMETRIES
from orbifolio.runner.vector.plotter import Plotter
from orbifolio.runner.views import VIEWS
from orbifolio.runner.vision import NETWORKS

FAMILIES: tuple[tuple[str, str, tuple[type[BaseModel], ...]], ...] = (
    ("Renderers", "`renderer:`", RENDERERS),
    ("Canvases", "`renderer.canvas:`; what is optimised", CANVASES),
    ("Initial states", "`renderer.canvas.init:`; a bare number is a grey", INITIALS),
    ("Symmetries", "`renderer.symmetry:`", SYMMETRIES),
    ("Views", "`renderer.views:`, a list", VIEWS),
    ("Vision networks", "`renderer.vision:`", NETWORKS),
    ("Objectives", "`renderer.objectives:`, a list", OBJECTIVES),
    ("Statistics", "`statistics:` of a style, a list", STATISTICS),
    ("Optimisers", "`renderer.optimiser:`", OPTIMISERS),
    ("Points", "`renderer.points:` of growing-neural-gas", SAMPLINGS),
    ("Gases", "`renderer.gas:` of growing-neural-gas", RULES),
    ("Stops", "`renderer.stops:` of growing-neural-gas, a list", STOPS),
    ("Drawings", "`renderer.drawing:` of growing-neural-gas", DRAWINGS),
    ("Signals", "`renderer.signals:` of self-organising-map", SIGNALS),
    ("Rules of maps", "`renderer.rule:` of self-organising-map", MAP_RULES),
    ("Drawings of maps", "`renderer.drawing:` of self-organising-map, which also draws as a gas", MAP_DRAWINGS[-2:]),
    ("Colours of drawings", "`renderer.drawing.colour:`", COLOURINGS),
    ("Placers", "`renderer.placer:` of a painting", PLACERS),
    ("Painters", "`renderer.painter:` of painter-training", PAINTERS),
    ("Strokes to learn from", "`renderer.data:` of painter-training", DATA),
    ("Mailers", "`mail:` of a file for `--mail`; see [cloud.md](cloud.md)", MAILERS),
    ("Pictures to learn to paint", "`renderer.data:` of agent-training and painter-comparison", TARGETS),
    ("Ways of taking colours", "`by:` of a colour transfer", TRANSFERS),
    ("Publishers", "`publish:`; see [publishing.md](publishing.md)", PUBLISHERS),
)
PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("A phase", PhaseSettings),
    ("A phase of training", TrainingPhase),
    ("An exercise of a comparison", Exercise),
    ("A phase of an agent", AgentPhase),
    ("`manner:` of an agent", ActionSpace),
    ("`discrete:` of a manner", Discrete),
    ("`size:` of an agent", AgentSize),
    ("A phase of a stroke predictor", PredictorPhase),
    ("`size:` of a stroke predictor", PredictorSize),
    ("A phase of a gas", GasPhase),
    ("`map:` of a self-organising map", MapLattice),
    ("A phase of a map", MapPhase),
    ("`improve:` of a drawing", Improve),
    ("`plotter:` of a drawing", Plotter),
    ("`tone:` of a gas or a map", Tone),
    ("`portrait:` of a tone", Portrait),
    ("`look:` of a painting; the defaults are those of oil, other looks have their own", Oil),
    ("A layer of a look", BrushLayer),
    ("`hand:` of a painting", Hand),
    ("A style image", StyleImage),
    ("`style_preparation:`", StylePreparation),
    ("`finish:`", Finish),
    ("A colour transfer", ColourTransfer),
    ("`posterise:` of a finish", Posterise),
)


def reference() -> str:
    """The whole page."""
    lines = [
        "# Reference",
        "",
        "Made from the code by `python scripts/make_reference.py`. Every mapping may also hold keys that begin with",
        "`x-`; they are ignored. A kind whose other values may stay at their defaults can be written by its name",
        "alone: `optimiser: lbfgs` is `optimiser: {kind: lbfgs}`.",
        "",
        "## The recipe",
        "",
        *_table(Recipe),
    ]
    for title, place, kinds in FAMILIES:
        lines += [f"## {title}", "", f"{place}.", ""]
        for kind in kinds:
            lines += [f"### {kind_of(kind)}", "", *_prose(kind), *_table(kind)]  # type: ignore[arg-type]
    lines += ["## Parts", ""]
    for title, part in PARTS:
        lines += [f"### {title}", "", *_prose(part), *_table(part)]
    return "\n".join(lines).rstrip() + "\n"


def _prose(kind: type[BaseModel]) -> list[str]:
    text = inspect.cleandoc(kind.__doc__ or "")
    return [*text.splitlines(), ""]


def _table(kind: type[BaseModel]) -> list[str]:
    rows = []
    texts = field_help(kind)
    for name, field in kind.model_fields.items():
        if name == "kind":
            continue
        key = field.alias or name
        rows.append(f"| `{key}` | {_default(field.default)} | {_cell(texts.get(key, ''))} |")
    return ["| key | default | meaning |", "| --- | --- | --- |", *rows, ""] if rows else []


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return f"`{getattr(value, 'kind', None) or 'none set'}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(_item(item) for item in value) + "]`"
    return "`null`" if value is None else f"`{value if value != '' else chr(39) * 2}`"


def _item(value: Any) -> str:
    """One of several: a kind by its name, other settings by what differs from their defaults."""
    if not isinstance(value, BaseModel) or hasattr(value, "kind"):
        return str(getattr(value, "kind", value))
    return "{" + ", ".join(f"{name}: {item}" for name, item in value.model_dump(exclude_defaults=True).items()) + "}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    (Path(__file__).resolve().parents[1] / "docs" / "reference.md").write_text(reference(), encoding="utf-8")
