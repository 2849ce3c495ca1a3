"""Several objectives under one network: the layers, pictures and complaints of all of them, for settings."""

from __future__ import annotations

from collections.abc import Sequence

from orbifolio.runner.objectives.base import ObjectiveSettings
from orbifolio.runner.settings import kind_of
from orbifolio.runner.views.base import View
from orbifolio.runner.vision.base import VisionSettings


def layers_of(objectives: Sequence[ObjectiveSettings], vision: VisionSettings) -> set[str]:
    """Names of all layers of a network that objectives use."""
    names: set[str] = set()
    for objective in objectives:
        names.update(objective.layers_needed() or objective.default_layers(vision))
    return names


def pictures_of(objectives: Sequence[ObjectiveSettings]) -> dict[str, str]:
    """Image sources by path, e.g. `objectives.0.images.0.image` of the first one's first."""
    sources: dict[str, str] = {}
    for number, objective in enumerate(objectives):
        path = f"objectives.{number}"
        for index, image in enumerate(getattr(objective, "images", ())):
            sources[f"{path}.images.{index}"] = image.image
        for name in ("image", "mask"):
            source = getattr(objective, name, None)
            if source is not None:
                sources[f"{path}.{name}"] = source
    return sources


def least_sides_of(objectives: Sequence[ObjectiveSettings], vision: VisionSettings) -> dict[str, tuple[int, str]]:
    """(pixels that each side needs, the network that needs them) of pictures that it sees as they are, by path."""
    return {
        path: (least, kind_of(type(vision)))
        for number, objective in enumerate(objectives)
        if (least := objective.least_side(vision))
        for path in pictures_of(objectives)
        if path.startswith(f"objectives.{number}.images.")
    }


def complaints_of(
    objectives: Sequence[ObjectiveSettings], vision: VisionSettings, views: Sequence[View]
) -> list[tuple[str, str]]:
    """What is wrong with objectives under a network and views, as (path, message)."""
    problems: list[tuple[str, str]] = []
    for number, objective in enumerate(objectives):
        problems += [(f"objectives.{number}.{path}", text) for path, text in objective.complaints(vision)]
        if views and objective.places():
            problems.append(
                (
                    f"objectives.{number}",
                    "compares fixed places of the artwork (a mask or a content picture), but views move what the "
                    "network sees; use only one of them; leave out views, or the mask or content",
                )
            )
    return problems
