"""Planned members -> all that is wrong with any of them, how long they take, and what must be downloaded.

Nothing is computed. Every member is read as its own process will read it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.runner.errors import InputError, RecipeError
from orbifolio.runner.images.sources import upload_of
from orbifolio.runner.recipe.model import Recipe, load
from orbifolio.runner.recipe.overrides import apply_overrides
from orbifolio.runner.recipe.source import read
from orbifolio.runner.recipe.validation import validate
from orbifolio.runner.run.plan import make_plan
from orbifolio.runner.sweeps.variations import Variation

_PLAN_SECONDS = 5.0  # spent on estimates, while the user waits; members left then count as the mean of the others


@dataclass(frozen=True)
class MemberForecast:
    """What can be said of a member before it runs.

    Attributes:
        title: of the recipe, for the page.
        uploads: names of the pictures that it needs.
        seconds: expected; None if it was not estimated.
        memory: bytes expected; None if it was not estimated.
        weights: files of weights to download first.
    """

    title: str
    uploads: tuple[str, ...]
    seconds: float | None
    memory: float | None
    weights: tuple[str, ...]


def needed_uploads(variation: Variation) -> tuple[str, ...]:
    """Names of the pictures that a recipe must be given; none if it cannot be read."""
    try:
        source = apply_overrides(read(variation.recipe), variation.overrides)
        return _uploads(validate(Recipe, source, folder=variation.recipe.parent))
    except RecipeError:
        return ()  # `validate_members` reports what is wrong


def _uploads(recipe: Recipe) -> tuple[str, ...]:
    uploads = (upload_of(source)[0] for source in recipe.pictures().values())
    return tuple(dict.fromkeys(filter(None, uploads)))


def validate_members(
    variations: Sequence[Variation],
    images: Mapping[str, Path],
    *,
    device: str,
) -> tuple[MemberForecast, ...]:
    """Read every member as its own process will.

    Args:
        variations: the members to be.
        images: pictures by name; each recipe gets those that it needs.
        device: that the estimates are for.

    Raises:
        InputError: everything that is wrong, each fault once, with the members that have it.
    """
    faults: dict[str, list[Variation]] = {}
    forecasts: list[MemberForecast] = []
    deadline = time.monotonic() + _PLAN_SECONDS
    one_recipe = len({variation.recipe for variation in variations}) == 1
    for variation in variations:
        # one recipe gets all pictures, so that one it does not need is reported; several share them out
        uploads = tuple(images) if one_recipe else needed_uploads(variation)
        try:
            given = {name: images[name] for name in uploads if name in images}
            loaded = load(variation.recipe, variation.overrides, given, typed_in=Path.cwd())
        except RecipeError as error:
            for problem in error.problems:
                if problem.severity == "error":
                    faults.setdefault(str(problem), []).append(variation)
            continue
        plan = make_plan(loaded, device) if time.monotonic() < deadline and not faults else None
        forecasts.append(
            MemberForecast(
                title=loaded.recipe.title,
                uploads=_uploads(loaded.recipe),
                seconds=None if plan is None else plan.seconds,
                memory=None if plan is None else plan.memory_bytes,
                weights=tuple(name for name, _, present in loaded.weights_needed() if not present),
            )
        )
    if faults:
        raise InputError(_describe(faults, len(variations)))
    return tuple(forecasts)


def _describe(faults: Mapping[str, Sequence[Variation]], total: int) -> str:
    """All faults, each after the members that have it, unless all do."""
    wrong = len({variation.number for members in faults.values() for variation in members})
    lines = [f"{wrong} of {total} runs cannot be made; nothing was started"]
    for fault, members in faults.items():
        if len(members) < total or total == 1:
            others = [f"#{variation.number}" for variation in members[1:]]
            more = f", also {', '.join(others[:12])}{' ...' if len(others) > 12 else ''}" if others else ""
            lines.append(f"{members[0].listing}{more}")
        lines.append(fault)
    return "\n".join(lines)


def total_seconds(forecasts: Sequence[MemberForecast]) -> float:
    """Expected seconds of all members, one after the other; those not estimated count as the mean of the others."""
    estimates = [forecast.seconds for forecast in forecasts if forecast.seconds is not None]
    return sum(estimates) / len(estimates) * len(forecasts) if estimates else 0.0
