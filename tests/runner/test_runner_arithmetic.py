"""The trial of bfloat16: asked once for each machine, survives a broken cache, and a run goes on as it began."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from orbifolio.runner import devices
from orbifolio.runner.devices import FAST_BF16, choose_precision, has_fast_bf16, processor_gain


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty cache folder of a machine with AVX-512's bfloat16, on which nobody has said what is fast."""
    monkeypatch.setattr(devices, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset({"avx512_bf16"}))
    monkeypatch.delenv(FAST_BF16, raising=False)
    processor_gain.cache_clear()
    yield tmp_path / "orbifolio"
    processor_gain.cache_clear()


def again() -> bool:
    """As another process would ask."""
    processor_gain.cache_clear()
    return has_fast_bf16("cpu")


@pytest.mark.parametrize(("gain", "fast"), [(1.29, False), (1.3, True), (2.0, True)])
def test_the_trial_decides_and_is_remembered(cache, monkeypatch, gain: float, fast: bool) -> None:
    monkeypatch.setattr(devices, "_measured_gain", lambda: gain)
    assert has_fast_bf16("cpu") is fast
    (record,) = cache.iterdir()
    assert json.loads(record.read_text()) == {"gain": gain}
    monkeypatch.setattr(devices, "_measured_gain", lambda: pytest.fail("tried again"))
    assert again() is fast


@pytest.mark.parametrize("text", ["", "{", "[]", '{"gain": null}', '{"gain": "fast"}', "\x00\xff"])
def test_a_broken_cache_is_tried_again_and_mended(cache, monkeypatch, text: str) -> None:
    monkeypatch.setattr(devices, "_measured_gain", lambda: 2.0)
    assert has_fast_bf16("cpu") is True
    (record,) = cache.iterdir()
    record.write_text(text, encoding="latin-1")
    assert again() is True
    assert json.loads(record.read_text()) == {"gain": 2.0}


def test_a_cache_that_cannot_be_written_costs_only_the_trial(cache, monkeypatch) -> None:
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(devices, "_measured_gain", lambda: 2.0)
    assert has_fast_bf16("cpu") is True


def test_processors_without_the_instructions_are_not_tried(cache, monkeypatch) -> None:
    monkeypatch.setattr(devices, "_measured_gain", lambda: pytest.fail("tried"))
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset({"avx512f"}))
    assert has_fast_bf16("cpu") is False
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset({"avx512_bf16", "amx_bf16"}))
    monkeypatch.setattr(devices, "tiles_work", lambda: False)  # they trap, and no limit keeps torch from them
    monkeypatch.delenv(devices.LIMIT, raising=False)
    assert again() is False


def test_the_trial_measures_a_ratio_and_leaves_the_threads_alone() -> None:
    threads = torch.get_num_threads()
    assert 0 < devices._measured_gain() < 100
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("word", "fast"), [("yes", True), ("no", False)])
def test_the_environment_answers_instead(cache, monkeypatch, word: str, fast: bool) -> None:
    monkeypatch.setattr(devices, "_measured_gain", lambda: pytest.fail("tried"))
    monkeypatch.setenv(FAST_BF16, word)
    assert has_fast_bf16("cpu") is fast


def test_precision_follows_wish_trial_and_agreement(monkeypatch) -> None:
    monkeypatch.setenv(FAST_BF16, "yes")
    assert choose_precision("auto", "cpu", agrees=True) == ("bf16", torch.bfloat16)
    assert choose_precision("auto", "cpu", agrees=False) == ("fp32", torch.float32)
    assert choose_precision("bf16", "cpu", agrees=False)[0] == "bf16"
    assert choose_precision("fp32", "cpu", agrees=True)[0] == "fp32"
    assert choose_precision("auto", "cpu", agrees=True, fast=False)[0] == "fp32"  # as the run began
    monkeypatch.setenv(FAST_BF16, "no")
    assert choose_precision("auto", "cpu", agrees=True)[0] == "fp32"
    assert choose_precision("auto", "cpu", agrees=True, fast=True)[0] == "bf16"
    assert choose_precision("auto", "cpu", agrees=False, fast=True)[0] == "fp32"
