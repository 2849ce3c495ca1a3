"""Targets of style on disk: computed once, the same bits, and never another recipe's."""

import os
from dataclasses import replace

import pytest
import torch

from orbifolio.runner.objectives.base import Appearance, Preparation
from orbifolio.runner.objectives.style import Style
from orbifolio.runner.objectives.target_cache import PROBE_SIDE, TargetCache, default_target_cache
from orbifolio.runner.vision.untrained import Untrained
from orbifolio.runner.vision.vgg import VggEncoder

PICTURES = {
    name: torch.rand((1, 3, 80, 96), generator=torch.Generator().manual_seed(seed))
    for seed, name in enumerate(("one", "two"))
}
MIRRORED = Appearance(0.0, True, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
STYLE = Style(images=("one",), layers=("conv1_1", "conv2_1"))


@pytest.fixture
def preparation(tmp_path):
    picture, cache = PICTURES.__getitem__, TargetCache(tmp_path / "targets")
    return Preparation(Untrained().build(), 64, 48, picture, picture, targets=cache)


@pytest.fixture
def seen(monkeypatch):
    """Sizes of the pictures that networks look at, but for the probe."""
    sizes, features = [], VggEncoder.features

    def looked(self, picture, layers):
        if picture.shape[-2:] != (PROBE_SIDE, PROBE_SIDE):
            sizes.append(tuple(picture.shape[-2:]))
        return features(self, picture, layers)

    monkeypatch.setattr(VggEncoder, "features", looked)
    return sizes


def same(first, second):
    names = first.targets.keys() | second.targets.keys()
    pairs = [(first.targets[name], second.targets[name]) for name in names]
    return all(torch.equal(a.mean, b.mean) and torch.equal(a.second, b.second) for a, b in pairs)


def test_a_second_run_looks_at_no_picture_and_has_the_same_bits(preparation, seen):
    plain = STYLE.build(replace(preparation, targets=None))
    first = STYLE.build(preparation)
    assert seen
    seen.clear()
    assert same(STYLE.build(preparation), plain)
    assert same(first, plain)
    assert not seen


def test_whatever_targets_follow_from_makes_others(preparation, seen):
    STYLE.build(preparation)
    changed = PICTURES["one"].clone()
    changed[0, 1, 40, 40] += 1e-6
    others = [
        (STYLE, replace(preparation, picture=lambda source: changed)),
        (STYLE, replace(preparation, width=80)),
        (STYLE, replace(preparation, appearances=(*preparation.appearances, MIRRORED))),
        (STYLE, replace(preparation, encoder=Untrained(seed=1).build())),
        (STYLE, replace(preparation, encoder=Untrained(pooling="max").build())),
        (STYLE, replace(preparation, encoder=Untrained().build().to("cpu", torch.bfloat16))),
        (Style(images=("one",), layers=("conv1_1",)), preparation),
        (Style(images=("one", "two"), layers=("conv1_1", "conv2_1")), preparation),
        (Style(images=("one",), layers=("conv1_1", "conv2_1"), statistics=("gram",)), preparation),
        (Style(images=({"image": "one", "magnifications": [0.5]},), layers=("conv1_1", "conv2_1")), preparation),
    ]
    for style, changed_preparation in others:
        seen.clear()
        found = style.build(changed_preparation)
        assert seen, style
        assert same(found, style.build(replace(changed_preparation, targets=None)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:100] + b"!" + path.read_bytes()[101:]),
        lambda path: path.write_bytes(b""),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["cut", "changed", "empty", "a folder"],
)
def test_a_damaged_file_is_made_anew(preparation, seen, damage):
    plain = STYLE.build(preparation)
    (path,) = preparation.targets.folder.iterdir()
    whole = path.read_bytes()
    damage(path)
    assert same(STYLE.build(preparation), plain)
    if path.is_file():
        assert path.read_bytes() == whole


def test_what_was_asked_for_longest_ago_goes_first(preparation):
    STYLE.build(preparation)
    (path,) = preparation.targets.folder.iterdir()
    cache = TargetCache(preparation.targets.folder, most_bytes=int(2.5 * path.stat().st_size))
    targets = cache.find(path.stem)
    cache.keep("second", targets)
    for age, name in enumerate(("second", path.stem)):
        os.utime(cache.folder / f"{name}.targets", (age, age))
    assert cache.find("second") is not None
    cache.keep("third", targets)
    assert sorted(file.stem for file in cache.folder.iterdir()) == ["second", "third"]
    assert TargetCache(cache.folder, most_bytes=10).keep("fourth", targets) is None
    assert cache.find("fourth") is None


def test_a_folder_that_cannot_be_written_only_costs_the_work(preparation, tmp_path):
    (tmp_path / "file").write_text("")
    style = STYLE.build(replace(preparation, targets=TargetCache(tmp_path / "file" / "targets")))
    assert same(style, STYLE.build(replace(preparation, targets=None)))


def test_the_cache_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("ORBIFOLIO_TARGETS", str(tmp_path))
    assert default_target_cache() == TargetCache(tmp_path)
    monkeypatch.setenv("ORBIFOLIO_TARGETS", "no")
    assert default_target_cache() is None
    monkeypatch.delenv("ORBIFOLIO_TARGETS")
    assert default_target_cache().folder.name == "targets"
