"""The house: imports run one way, one noun is one class, and the docs name every room."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import house_facts
finally:
    sys.path.pop(0)

TWICE: frozenset[str] = frozenset()
"""Class names that may stand for two things: none so far."""
MAX_FILES = 30  # in a folder: more is not taken in at a glance
OUTSIDE = {"orbifolio"}  # rows of the table that are no room of runner or reports


@pytest.fixture(scope="module")
def modules() -> dict[str, set[str]]:
    """Every module and all that it imports: eagerly, lazily or for types alone."""
    return house_facts.graph()


@pytest.fixture(scope="module")
def levels() -> dict[str, int]:
    """Each room's row in docs/architecture.md, from above."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("\n## Rooms\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    return {
        path.rstrip("/").removesuffix(".py").replace("/", "."): number
        for number, row in enumerate(rows)
        for path in re.findall(r"`(.*?)`", row)
    }


def test_no_module_imports_itself_through_others(modules):
    assert house_facts.circles(modules) == []


def test_the_architecture_names_every_room_and_no_other(modules, levels):
    packages = {"runner.__init__", "reports.__init__"}  # a sentence each
    rooms = {room for name in modules if (room := house_facts.room(name)) not in packages}
    empty = {room for room in rooms if room.endswith(".__init__") and room not in levels}
    assert all(not modules[f"orbifolio.{room.removesuffix('.__init__')}"] for room in empty)  # no table in it
    assert set(levels) - OUTSIDE == rooms - empty


def test_imports_run_downwards(modules, levels):
    upwards = [
        f"{name} -> {target}"
        for name, targets in modules.items()
        for target in targets
        if (here := house_facts.room(name)) != (there := house_facts.room(target))
        and here in levels
        and there in levels
        and levels[here] >= levels[there]
    ]
    assert upwards == []


def test_a_class_name_means_one_thing():
    assert {name for name, count in house_facts.classes().items() if count > 1} == TWICE


def test_a_folder_can_be_taken_in_at_a_glance():
    counts = Counter(path.parent for path in house_facts.sources().values())
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_the_figures_can_be_taken():
    figures = house_facts.figures()
    assert figures["circles between rooms"] == "0"
    assert len(figures) > 10
