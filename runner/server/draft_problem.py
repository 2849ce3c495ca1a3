"""A fault of a draft: (place in the recipe, message), and how the page is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from orbifolio.runner.errors import Problem
from orbifolio.runner.recipe.marks import Route


@dataclass(frozen=True)
class Fault:
    """Something that a recipe from a browser may not hold, and where."""

    route: Route
    message: str


def told(problem: Problem) -> dict[str, object]:
    """A problem for the page: its place by path and by line, its words."""
    return {
        "path": problem.path,
        "message": problem.message,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
    }
