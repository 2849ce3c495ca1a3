"""Empty collections everywhere: each gives an error of the recipe or a plan that works, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orbifolio.runner.errors import InputError, RecipeError
from orbifolio.runner.recipe.model import LoadedRecipe, load
from orbifolio.runner.run.plan import make_plan

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*/*.yaml"))


def collections(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The way to every list and mapping of resolved settings, and to what is null, with what empties it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, item in items:
        yield from collections(item, (*way, key))
    if way and (isinstance(value, dict) or value is None):
        yield way, "{}"
    if way and (isinstance(value, list | tuple) or value is None):
        yield way, "[]"


def setting(parameters: Any, way: tuple[Any, ...]) -> tuple[str, ...]:
    """What a way leads to, whichever recipe and place in a list it is: the kinds above it, and its keys."""
    words = []
    for key in way:
        words.append(f"{parameters.get('kind', '')}.{key}" if isinstance(parameters, dict) else "#")
        parameters = parameters[key]
    return tuple(words)


def emptied() -> Iterator[tuple[Path, str]]:
    """A recipe and an override for each setting of each kind that a shipped recipe has, once."""
    seen = set()
    for path in RECIPES:
        parameters = load(path, [], {}).parameters
        for way, empty in collections(parameters):
            each = (*setting(parameters, way), empty)
            if each not in seen:
                seen.add(each)
                yield path, f"{'.'.join(map(str, way))}={empty}"


def loaded(path: Path, override: str) -> LoadedRecipe | None:
    """The recipe if it is valid; an invalid one says what is wrong and where."""
    try:
        return load(path, [override], {})
    except RecipeError as error:
        problems = [problem.message for problem in error.problems]
    assert problems
    assert all(map(str.strip, problems))
    return None


def test_empty_collections_are_valid_or_refused_with_the_reason() -> None:
    chosen = list(emptied())
    assert len(chosen) > 300
    outcomes = {loaded(*each) is not None for each in chosen[::8]}
    assert outcomes == {True, False}


@pytest.mark.parametrize("override", ["renderer.vary=[]", "renderer.vary={}", "renderer.phases=[]"])
@pytest.mark.parametrize("path", [path for path in RECIPES if path.parent.name == "survey"], ids=lambda path: path.stem)
def test_a_survey_of_nothing_is_refused(path: Path, override: str) -> None:
    with pytest.raises((RecipeError, InputError), match=r"vary|phases"):
        make_plan(load(path, [override], {}))


@pytest.mark.slow
def test_valid_empty_collections_have_plans() -> None:
    for each in emptied():
        recipe = loaded(*each)
        if recipe is not None:
            assert make_plan(recipe, "cpu").phases, each
