"""`orbifolio paint`: one line, one painting; faults end with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from skimage import data

from orbifolio.runner.cli import cli
from orbifolio.runner.commands.painting import LOOK_NAMES, PLACER_NAMES
from orbifolio.runner.painting.looks import LOOKS
from orbifolio.runner.painting.placers import PLACERS
from orbifolio.runner.settings import kind_of


def paint(*arguments: object):
    return CliRunner().invoke(cli, ["paint", *map(str, arguments)], catch_exceptions=True)


def test_a_photo_is_painted_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.coffee()[::4, ::4]).save("my: cup.png")
    result = paint("my: cup.png", "--look", "gouache", "--size", 150, "--seed", 7)
    assert result.exit_code == 0, result.output
    page = Path(result.output.strip().splitlines()[-1])
    record = json.loads((page.parent / "run.json").read_text())
    assert record["title"] == "my: cup, painted"
    picture = np.asarray(Image.open(page.parent / "final.png").convert("RGB"))
    assert picture.shape == (100, 150, 3)
    assert abs(picture.mean((0, 1)) - data.coffee().mean((0, 1))).max() < 20
    assert (page.parent / "extras" / "strokes.json").is_file()
    assert "orbifolio paint &#39;my: cup.png&#39; --look gouache --size 150 --seed 7" in page.read_text() or (
        "--look gouache --size 150 --seed 7" in json.dumps(record)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.jpg"], "nothing.jpg: this file does not exist"),
        (["skimage:coffee", "--hand", "nobody.jpg"], "nobody.jpg: this file does not exist"),
        (["skimage:coffee", "--look", "fresco"], "'fresco' is not one of 'oil'"),
        (["skimage:coffee", "--look", "ink", "--placer", "predictor"], "or placer: planned"),
        (["skimage:coffee", "--size", "20"], "20 is not in the range 64<=x<=16384"),
    ],
)
def test_faults_end_with_a_sentence(arguments: list[str], message: str) -> None:
    result = paint(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output + str(result.exception)


def test_the_command_offers_every_look_and_placer() -> None:
    assert LOOK_NAMES == tuple(kind_of(look) for look in LOOKS)
    assert PLACER_NAMES == tuple(kind_of(placer) for placer in PLACERS)


@pytest.mark.slow
def test_a_photo_is_painted_by_another_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.coffee()[::4, ::4]).save("cup.png")
    Image.fromarray(data.chelsea()[::2, ::2]).save("hand.png")
    result = paint("cup.png", "--hand", "hand.png", "--size", 150)
    assert result.exit_code == 0, result.output
    record = json.loads((Path(result.output.strip().splitlines()[-1]).parent / "run.json").read_text())
    assert record["phases"][0]["notes"][0].startswith("taken from the painting: strokes ")
    assert [item["name"] for item in record["inputs"]] == ["image", "hand"] or len(record["inputs"]) == 2


@pytest.mark.slow
def test_a_painting_is_drawn_again_at_any_size(tmp_path: Path) -> None:
    first = paint("skimage:coffee", "--size", 150, "--out", tmp_path)
    run = Path(first.output.strip().splitlines()[-1]).parent
    for name, arguments in (("large.png", ["--size", "300"]), ("shapes.svg", []), ("layers.ora", [])):
        result = CliRunner().invoke(cli, ["redraw", str(run), *arguments, "--out", str(tmp_path / name)])
        assert result.exit_code == 0, result.output
    large = np.asarray(Image.open(tmp_path / "large.png").convert("RGB"))
    assert large.shape == (200, 300, 3)
    refused = CliRunner().invoke(cli, ["redraw", str(run), "--program", "neural"], catch_exceptions=True)
    assert "painted in bristles, not with a learnt brush; leave out --program" in refused.output + str(
        refused.exception
    )
