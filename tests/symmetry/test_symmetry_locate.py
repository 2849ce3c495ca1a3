"""`orbifolio measure` finds symmetry wherever it stands in a picture, and says what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from test_symmetry_flat import droste, frieze, rotor, texture

from orbifolio.runner.cli import cli
from orbifolio.runner.images.writing import write_png8
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.verify.locate import locate_symmetry, with_origin
from orbifolio.runner.symmetry.verify.measure import measure_symmetry


def plane(group: str) -> Symmetry:
    return Plane.model_validate({"group": group}).build()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("symmetry", "shift"),
    [
        (plane("p2mg"), (13, 40)),
        (plane("pg"), (0, 21)),
        (frieze("p2mg", r2="g,r,b"), (0, 37)),
        (frieze("p2mm"), (0, 9)),
    ],
)
def test_an_origin_is_found_in_a_picture_that_repeats(symmetry: Symmetry, shift: tuple[int, int]) -> None:
    picture = np.roll(texture(symmetry, 120), shift, (0, 1))
    assert not measure_symmetry(picture, symmetry).holds
    found = measure_symmetry(locate_symmetry(picture, symmetry).picture, symmetry)
    assert found.worst is not None
    assert found.worst < 0.05


def test_glides_are_found_in_the_other_direction() -> None:
    symmetry = plane("pg")
    picture = np.rot90(np.roll(texture(symmetry, 120), (3, 50), (0, 1)))
    found = locate_symmetry(picture, symmetry)
    assert found.turned
    assert measure_symmetry(found.picture, symmetry).worst < 0.05


@pytest.mark.parametrize("symmetry", [rotor(5), rotor(4, True, r="g,r,b"), droste(zoom=2, turn=30, repeats=2)])
def test_a_middle_is_found_beside_the_picture_s_own(symmetry: Symmetry) -> None:
    picture = texture(symmetry, 192)[9:, :-14]
    found = locate_symmetry(picture, symmetry)
    measured = measure_symmetry(found.picture, symmetry)
    assert measured.worst is not None
    assert measured.worst < 0.05
    assert found.origin[0] * picture.shape[1] == pytest.approx(7, abs=0.6)
    assert found.origin[1] * picture.shape[0] == pytest.approx(-4.5, abs=0.6)


def test_moving_is_rolling_and_cutting() -> None:
    picture = np.random.default_rng(0).random((12, 10, 3))
    np.testing.assert_array_equal(with_origin(picture, np.array([0.3, 0.0]), (True, True)), np.roll(picture, -3, 1))
    assert with_origin(picture, np.array([0.1, -0.125]), (False, False)).shape == (9, 8, 3)


@pytest.mark.parametrize(
    ("group", "symmetry"),
    [
        ("frieze:p2mg", frieze("p2mg")),
        ("D4", rotor(4, True)),
        ("rotor:C5", rotor(5)),
        ("droste:p1,zoom=2,repeats=3", droste(zoom=2, repeats=3)),
        ("droste:p2,zoom=3,turn=30,repeats=2", droste("p2", zoom=3, turn=30, repeats=2)),
    ],
)
def test_the_command_measures_every_kind(tmp_path: Path, group: str, symmetry: Symmetry) -> None:
    path = tmp_path / "picture.png"
    write_png8(path, texture(symmetry, 192).astype(np.float32))
    result = CliRunner().invoke(cli, ["measure", str(path), "--group", group, "--json"])
    record = json.loads(result.output)
    assert result.exit_code == 0, result.output
    assert record["holds"]
    assert record["worst"] < 0.02
    assert record["closest_unclaimed"] > 0.2
    assert "origin" not in record


def test_the_command_tells_where_it_found_the_symmetry(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_png8(path, np.roll(texture(frieze("p2mm"), 144), 30, 1).astype(np.float32))
    result = CliRunner().invoke(cli, ["measure", str(path), "--group", "frieze:p2mm"])
    assert "origin found at (" in result.output
    assert result.output.rstrip().endswith("holds")


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("freize:p1", "'freize' is not a kind of symmetry; write a wallpaper group (p6), or KIND:GROUP"),
        ("frieze:pma2", "'pma2' is another name of p2mg"),
        ("p5", "'p5' is not a plane group"),
        ("rotor:D99", "order: Input should be less than or equal to 24"),
        ("droste:p1,zoon=4", "zoon: Extra inputs are not permitted"),
    ],
)
def test_wrong_groups_are_explained(tmp_path: Path, group: str, text: str) -> None:
    path = tmp_path / "picture.png"
    write_png8(path, np.zeros((32, 32, 3), dtype=np.float32))
    result = CliRunner().invoke(cli, ["measure", str(path), "--group", group])
    assert result.exit_code != 0
    assert text in (result.output + str(result.exception))
