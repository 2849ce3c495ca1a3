"""`orbifolio judge` and `sweep --best-by judge`: the table, JSON, what is kept, and errors; made-up eyes."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from lxml import html
from made_up_eyes import made_up_judge

from orbifolio.runner.judge.judgement import Judge, kept_judgement
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.loop import Run
from orbifolio.runner.vision import weights
from orbifolio.runner.vision.published import TABLE
from orbifolio.runner.vision.weight_sources import Address

RECIPE = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: patches
  symmetry: {kind: plane, group: p4}
  images: ["orbifolio:ikat"]
  size: 64
frames: 1
"""


@pytest.fixture
def eyes(monkeypatch):
    """Made-up ones; no weights are looked for."""
    monkeypatch.setattr(Judge, "open", classmethod(lambda cls: made_up_judge()))
    monkeypatch.setattr("orbifolio.runner.commands.judging.judge_weights", lambda: ())


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """A gallery with one finished run."""
    folder = tmp_path_factory.mktemp("done")
    recipe = folder / "tiny.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    work = Run(load(recipe), gallery=folder / "gallery", device="cpu", command="orbifolio run tiny.yaml")
    assert work.execute(lambda folder: []).outcome == "done"
    return work.folder


@pytest.fixture
def runs(done, tmp_path) -> list[Path]:
    """Two runs: as it was made, and with a grey picture."""
    good, grey = (tmp_path / "gallery" / "tiny" / name for name in ("20260101-000000-aaaa", "20260101-000000-bbbb"))
    for folder in (grey, good):
        shutil.copytree(done, folder)
    from orbifolio.runner.images.reading import read_picture
    from orbifolio.runner.images.writing import write_png16

    pixels = read_picture((grey / "final.png").read_bytes(), "final.png").pixels
    write_png16(grey / "final.png", pixels * 0 + 0.5, title="Grey")
    return [grey, good]


def test_runs_are_listed_the_best_first(runs, eyes, command):
    told = command("judge", *runs)
    assert told.returncode == 0, told.stderr
    head, first, second, *silent = told.stdout.splitlines()
    columns = ["run", "judge", "style-code", "gram", "features", "lpips", "visible", "seam", "grain"]
    assert head.split() == columns
    assert first.split()[0] == "tiny/20260101-000000-aaaa"
    assert second.split()[0] == "tiny/20260101-000000-bbbb"
    assert float(first.split()[1]) < float(second.split()[1])
    assert first.split()[2] == first.split()[5] == "-"  # not among the made-up eyes; no content
    assert silent == ["silent: lpips: the recipe has no content picture"]
    assert not any(kept_judgement(folder) for folder in runs)


def test_json_has_every_number(runs, eyes, command):
    found = json.loads(command("judge", "--json", *runs).stdout)
    assert [Path(item["run"]).name[-4:] for item in found] == ["aaaa", "bbbb"]
    assert set(found[0]) >= {"distance", "eyes", "seam", "grain", "side", "silent", "weights"}


def test_it_is_kept_where_it_is_asked_for(runs, eyes, command):
    assert command("judge", "--keep", runs[1]).returncode == 0
    kept = kept_judgement(runs[1])
    page = html.parse(str(runs[1] / "index.html"))
    (section,) = page.xpath("//section[@id='judge']")
    assert f"{kept.distance:.2g}".rstrip("0") in section.text_content()
    assert json.loads((runs[1] / "card.json").read_text())["measures"]["judge.distance"] == kept.distance


def test_all_that_is_no_run_is_named_at_once(runs, eyes, command, tmp_path):
    (runs[0] / "final.png").unlink()
    told = command("judge", *runs, tmp_path)
    assert told.returncode == 2
    assert told.stdout == ""
    assert "no final.png; the run's status is 'done'" in told.stderr
    assert f"{tmp_path}: no run here; a run's folder has a run.json" in told.stderr


def test_weights_that_cannot_be_had_are_told(runs, monkeypatch, tmp_path, command):
    nowhere = {
        name: dataclasses.replace(
            entry,
            files=tuple(dataclasses.replace(way, source=Address("http://127.0.0.1:9/x")) for way in entry.files),
        )
        for name, entry in TABLE.items()
    }
    store = weights.WeightsStore(tmp_path / "weights", nowhere)
    for place in ("commands.judging", "vision.style_predictor"):
        monkeypatch.setattr(f"orbifolio.runner.{place}.default_store", lambda: store)
    told = command("judge", runs[1])
    assert told.returncode == 1
    assert "style-predictor/magenta: the weights are not here and could not be fetched. Tried:" in told.stderr
    assert "orbifolio weights fetch style-predictor/magenta" in told.stderr


@pytest.mark.slow
def test_a_sweep_is_ranked_at_its_end(eyes, tmp_path, command):
    recipe = tmp_path / "plane" / "tiny.yaml"
    recipe.parent.mkdir()
    recipe.write_text(RECIPE, encoding="utf-8")
    told = command("sweep", recipe, "renderer.size=48,64", "--best-by", "judge", "--devices", "cpu")
    assert told.returncode == 0, told.stderr
    head, *rows, silent, page = told.stdout.splitlines()
    assert head.split()[:2] == ["run", "judge"]
    assert {row.split(" : ")[0] for row in rows} == {"#0", "#1"}
    assert silent.startswith("silent: lpips")
    (folder,) = (tmp_path / "gallery" / "sweeps").glob("*-*-*")
    record = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert record["best_by"] == "judge"
    assert f"#{record['best']} :" in rows[0]
    assert f"best by judge: {rows[0].split('  ')[0]}" in told.stderr
    assert "--best-by judge" in record["command"]
    text = html.parse(page).getroot().text_content()
    assert f"best by judge: #{record['best']}" in text
    assert "Judge distance" in text
    assert command("sweep", recipe, "renderer.size=48,64", "--best-by", "loss").returncode == 2
