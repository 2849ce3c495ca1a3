"""Judgements of finished runs: what is compared with what, what is silent, and where they are kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_eyes import ColourEye, made_up_judge

from orbifolio.reports.data.log import read_run
from orbifolio.reports.data.metrics import run_measures
from orbifolio.reports.write import write_report
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.writing import write_png16
from orbifolio.runner.judge.judgement import Judgement, judge_weights, keep_judgement, kept_judgement
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.loop import Run
from orbifolio.runner.vision.alexnet import AlexNet
from orbifolio.runner.vision.published import TABLE
from orbifolio.runner.vision.untrained import Untrained

HEAD = "schema: 1\ntitle: Tiny\nseed: 3\nframes: 1\n"
PATCHES = """\
renderer:
  kind: patches
  symmetry: {kind: plane, group: p4, colours: {r4: [g, r, b]}}
  images: ["orbifolio:stained-glass"]
  size: 128
"""
BOTH = """\
renderer:
  kind: image-optimisation
  vision: untrained
  canvas: {aspect: "1:1"}
  objectives:
    - {kind: content, image: "skimage:coffee", layers: [conv1_1]}
    - {kind: style, images: ["orbifolio:ikat"], layers: [conv1_1]}
  phases: [{size: 96, steps: 1}]
"""
NOTHING = """\
renderer:
  kind: image-optimisation
  symmetry: {kind: plane, group: p6}
  canvas: {kind: waves, photo: "skimage:coffee"}
  objectives: [{kind: range}]
  phases: [{size: 96, steps: 0}]
"""


def finished(folder: Path, renderer: str, *overrides: str) -> Path:
    recipe = folder / "tiny.yaml"
    recipe.write_text(HEAD + renderer, encoding="utf-8")
    work = Run(load(recipe, overrides), gallery=folder / "gallery", device="cpu", command="orbifolio run tiny.yaml")
    assert work.execute(lambda folder: []).outcome == "done"
    return work.folder


@pytest.fixture(scope="module")
def patches(tmp_path_factory) -> Path:
    return finished(tmp_path_factory.mktemp("patches"), PATCHES)


@pytest.fixture
def run(patches, tmp_path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(patches, tmp_path / "gallery" / "tiny" / patches.name))


def test_a_picture_of_its_style_is_nearer_than_noise(run):
    judge = made_up_judge()
    found = judge.judge(run)
    assert found.distance is not None
    assert found.distance == pytest.approx(np.mean(list(found.eyes.values())))
    assert set(found.eyes) == {"gram", "features"}
    assert found.silent == {"lpips": "the recipe has no content picture"}
    assert found.seam == pytest.approx(1, abs=0.6)
    assert 0.5 < found.grain < 2
    assert 0 <= found.visibility <= 1
    assert judge.judge(run / "run.json") == found  # the same every time, by any file of the run
    noise = np.random.default_rng(1).random((128, 128, 3)).astype(np.float32)
    write_png16(run / "final.png", noise, title="Noise")
    worse = judge.judge(run)
    assert worse.distance > found.distance + 0.3
    assert worse.grain > 1.5 * found.grain


def test_a_run_is_not_changed_unless_it_is_asked(run):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    made_up_judge().judge(run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_kept_judgement_is_read_again_measured_and_shown(run):
    assert kept_judgement(run) is None
    found = made_up_judge().judge(run)
    keep_judgement(run, found)
    again = kept_judgement(run)
    assert again.as_record() == found.as_record()
    measures = run_measures(read_run(run))
    assert measures["judge.distance"] == pytest.approx(found.distance, abs=1e-4)
    assert measures["judge.eyes.gram"] == pytest.approx(found.eyes["gram"], abs=1e-4)
    assert not any("silent" in name or "weights" in name for name in measures)
    write_report(run, gallery=run.parents[1])
    page = (run / "index.html").read_text(encoding="utf-8")
    assert '<h2 id="judge-title">Judge</h2>' in page
    assert "Silent: Content (LPIPS): the recipe has no content picture." in page
    torn = json.loads((run / "run.json").read_text(encoding="utf-8"))
    torn["judge"] = {"distance": "near", "eyes": []}
    (run / "run.json").write_text(json.dumps(torn), encoding="utf-8")
    assert kept_judgement(run) is None


def test_an_eye_that_the_recipe_looks_through_is_left_out(run, monkeypatch):
    monkeypatch.setattr(ColourEye, "weights", "alexnet/imagenet")
    summary = json.loads((run / "run.json").read_text(encoding="utf-8"))
    vision = AlexNet().model_dump(mode="json")
    summary["parameters"]["renderer"]["refine"] = {"steps": 1, "vision": vision}
    (run / "run.json").write_text(json.dumps(summary), encoding="utf-8")
    found = made_up_judge().judge(run)
    assert set(found.eyes) == {"features"}
    assert found.silent["gram"] == "the recipe looks through it"
    summary["parameters"]["renderer"]["refine"]["vision"] = Untrained().model_dump(mode="json")
    (run / "run.json").write_text(json.dumps(summary), encoding="utf-8")
    assert set(made_up_judge().judge(run).eyes) == {"gram", "features"}


def test_content_counts_as_much_as_style(tmp_path):
    folder = finished(tmp_path, BOTH)
    judge = made_up_judge()
    found = judge.judge(folder)
    assert set(found.eyes) == {"gram", "features", "lpips"}
    style = np.mean([found.eyes["gram"], found.eyes["features"]])
    assert found.distance == pytest.approx((style + found.eyes["lpips"]) / 2)
    assert found.lpips > 0
    block = json.loads((folder / "run.json").read_text(encoding="utf-8"))["inputs"]
    shutil.copy(folder / next(item["prepared"] for item in block if item["name"] == "content 1"), folder / "final.png")
    same = judge.judge(folder)  # the content itself, a little cropped
    assert same.lpips < found.lpips


def test_without_style_and_content_all_eyes_are_silent(tmp_path):
    found = made_up_judge().judge(finished(tmp_path, NOTHING))
    assert found.distance is None
    assert found.eyes == {}
    assert set(found.silent) == {"gram", "features", "lpips"}
    assert "distance" not in found.as_record()
    assert found.visibility is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "symmetry",
    [
        "{kind: frieze, group: p2mg}",
        "{kind: rotor, order: 5}",
        "{kind: sphere, group: O}",
        "{kind: hyperbolic, p: 4, q: 6}",
        "{kind: droste, group: p1, zoom: 4}",
    ],
)
def test_every_kind_of_symmetry_is_judged(tmp_path, symmetry):
    found = made_up_judge().judge(finished(tmp_path, PATCHES, f"renderer.symmetry={symmetry}"))
    assert found.distance is not None
    assert found.distance < 0.8
    assert found.seam is None or 0.4 < found.seam < 2.5


@pytest.mark.slow
def test_a_masked_style_is_looked_for_where_it_is(tmp_path):
    mask = np.zeros((64, 64, 3), np.float32)
    mask[:, :32] = 1
    write_png16(tmp_path / "left.png", mask, title="Left")
    write_png16(tmp_path / "right.png", 1 - mask, title="Right")
    images = "[{image: 'orbifolio:waves', mask: left.png}, {image: 'orbifolio:stained-glass', mask: right.png}]"
    folder = finished(
        tmp_path, PATCHES, f"renderer.images={images}", "renderer.symmetry={kind: none}", "renderer.size=256"
    )
    judge = made_up_judge()
    right_way = judge.judge(folder)
    summary = (folder / "run.json").read_text(encoding="utf-8")
    swapped = json.loads(summary)
    files = {item["name"]: item for item in swapped["inputs"]}
    left, right = files["mask 1"]["prepared"], files["mask 2"]["prepared"]
    files["mask 1"]["prepared"], files["mask 2"]["prepared"] = right, left
    (folder / "run.json").write_text(json.dumps(swapped), encoding="utf-8")
    assert judge.judge(folder).distance > right_way.distance + 0.2


def test_what_is_no_finished_run_is_refused(run, tmp_path):
    with pytest.raises(InputError, match="no run here"):
        made_up_judge().judge(tmp_path)
    style = next((run / "inputs").glob("style-1-prepared.webp"))
    style.unlink()
    with pytest.raises(
        InputError, match="style-1-prepared.webp: the picture that the run was made from cannot be read"
    ):
        made_up_judge().judge(run)
    (run / "final.png").unlink()
    with pytest.raises(InputError, match="no final.png"):
        made_up_judge().judge(run)


def test_names_of_weights_are_published():
    assert set(judge_weights()) <= set(TABLE)
    assert len(judge_weights()) == 3


def test_numbers_that_are_none_are_left_out_of_records():
    record = replace(Judgement(0.5, {"gram": 0.5}), seam=1.0).as_record()
    assert record == {"distance": 0.5, "seam": 1.0, "eyes": {"gram": 0.5}, "silent": {}, "weights": {}}
