"""The trial of the processor's instructions: asked once, kept, survives a crash of the trial."""

import json

import pytest

from runner import arithmetic


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine that claims to have tiles, with an empty cache."""
    monkeypatch.setattr(arithmetic, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(arithmetic, "processor_flags", lambda: frozenset({"amx_bf16"}))
    monkeypatch.delenv(arithmetic.LIMIT, raising=False)
    ask = arithmetic.tiles_work
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
    monkeypatch.setattr(arithmetic, "_TRIAL", trial)
    assert arithmetic.tiles_work() is works
    (record,) = (machine / "orbifolio").iterdir()
    assert json.loads(record.read_text()) == {"tiles_work": works}
    arithmetic.tiles_work.cache_clear()
    monkeypatch.setattr(arithmetic, "_try", lambda: pytest.fail("asked again"))
    assert arithmetic.tiles_work() is works


def test_a_limit_is_set_only_where_the_trial_failed(machine, monkeypatch):
    import os

    monkeypatch.setattr(arithmetic, "tiles_work", lambda: True)
    arithmetic.protect()
    assert arithmetic.LIMIT not in os.environ
    monkeypatch.setattr(arithmetic, "tiles_work", lambda: False)
    arithmetic.protect()
    assert os.environ.pop(arithmetic.LIMIT) == arithmetic.WITHOUT_TILES


def test_a_users_own_limit_is_left_alone(machine, monkeypatch):
    import os

    monkeypatch.setenv(arithmetic.LIMIT, "AVX2")
    monkeypatch.setattr(arithmetic, "tiles_work", lambda: False)
    arithmetic.protect()
    assert os.environ[arithmetic.LIMIT] == "AVX2"


def test_no_tiles_no_trial(machine, monkeypatch):
    monkeypatch.setattr(arithmetic, "processor_flags", lambda: frozenset())
    monkeypatch.setattr(arithmetic, "_try", lambda: pytest.fail("tried"))
    assert arithmetic.tiles_work() is False
