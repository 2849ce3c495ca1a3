"""The trial of the processor's instructions: asked once, kept, survives a crash of the trial."""

import json

import pytest

from orbifolio.runner import cpu_features


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine that claims to have tiles, with an empty cache."""
    monkeypatch.setattr(cpu_features, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(cpu_features, "processor_flags", lambda: frozenset({"amx_bf16"}))
    monkeypatch.delenv(cpu_features.LIMIT, raising=False)
    ask = cpu_features.tiles_work
    ask.cache_clear()
    yield tmp_path
    ask.cache_clear()


@pytest.mark.parametrize(
    ("trial", "works"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", False),
        ("raise RuntimeError('could not create a primitive')", False),
        ("print('works')", True),
    ],
)
def test_the_trial_decides_and_is_remembered(machine, monkeypatch, trial, works):
    monkeypatch.setattr(cpu_features, "_TRIAL", trial)
    assert cpu_features.tiles_work() is works
    (record,) = (machine / "orbifolio").iterdir()
    assert json.loads(record.read_text()) == {"tiles_work": works}
    cpu_features.tiles_work.cache_clear()
    monkeypatch.setattr(cpu_features, "_try", lambda: pytest.fail("asked again"))
    assert cpu_features.tiles_work() is works


def test_a_limit_is_set_only_where_the_trial_failed(machine, monkeypatch):
    import os

    monkeypatch.setattr(cpu_features, "tiles_work", lambda: True)
    cpu_features.protect()
    assert cpu_features.LIMIT not in os.environ
    monkeypatch.setattr(cpu_features, "tiles_work", lambda: False)
    cpu_features.protect()
    assert os.environ.pop(cpu_features.LIMIT) == cpu_features.WITHOUT_TILES


def test_a_users_own_limit_is_left_alone(machine, monkeypatch):
    import os

    monkeypatch.setenv(cpu_features.LIMIT, "AVX2")
    monkeypatch.setattr(cpu_features, "tiles_work", lambda: False)
    cpu_features.protect()
    assert os.environ[cpu_features.LIMIT] == "AVX2"


def test_no_tiles_no_trial(machine, monkeypatch):
    monkeypatch.setattr(cpu_features, "processor_flags", lambda: frozenset())
    monkeypatch.setattr(cpu_features, "_try", lambda: pytest.fail("tried"))
    assert cpu_features.tiles_work() is False
