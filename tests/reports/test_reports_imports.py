"""No module of the reports imports one that imports it, even indirectly, in a function or for types only."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from orbifolio.reports.links import Link

PACKAGE = Link.__module__.rpartition(".")[0]
ROOT = Path(str(sys.modules[PACKAGE].__file__)).parent


def module_name(path: Path) -> str:
    return ".".join((PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def imported(path: Path, modules: set[str]) -> set[str]:
    """The modules that a file imports from, packages only where it imports what they define themselves."""
    imports = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            imports |= inner & modules or {node.module}
    return imports


def test_imports_make_no_circle() -> None:
    paths = {module_name(path): path for path in ROOT.rglob("*.py")}
    graph = {name: imported(path, set(paths)) - {name} for name, path in paths.items()}
    assert sum(map(len, graph.values())) > 200  # so the imports were seen
    assert set(TopologicalSorter(graph).static_order()) == set(paths)
