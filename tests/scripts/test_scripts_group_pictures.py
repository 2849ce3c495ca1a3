"""The drawings of groups in the editor: as many leaves of either hand as the group has elements of it."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("make_group_pictures", ROOT / "scripts" / "make_group_pictures.py")
assert _spec is not None
assert _spec.loader is not None
drawing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(drawing)


@pytest.mark.parametrize(("name", "order", "mirrored"), [("p1", 1, 0), ("p4", 4, 0), ("p31m", 6, 3), ("pg", 2, 1)])
def test_what_ships_is_what_the_group_makes(name, order, mirrored, tmp_path, monkeypatch):
    maps, basis = drawing.plane_maps(drawing.GROUPS[name])
    made = drawing.picture(maps, basis, strip=False)
    assert made == (drawing.TARGET / f"group-plane-{name}.svg").read_text(encoding="utf-8")
    assert len(maps) == order
    assert (drawing.MIRRORED in made) == bool(mirrored)
    leaves, of_other_hand = made.count("<use"), made.count(drawing.MIRRORED)
    assert abs(of_other_hand / leaves - mirrored / order) < 0.15  # some are cut off at the edges
