"""Checkpoints: round trip, atomic, refusing damage and foreign code."""

import pickle

import pytest
import torch

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.run.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_position,
    remove_checkpoint,
    write_checkpoint,
)
from orbifolio.runner.run.run_folder import CHECKPOINT


def example() -> Checkpoint:
    return Checkpoint(1, 7, 123, (1.0, 2.5), {"canvas": {"0": torch.arange(6.0)}, "step": 7, "good": None})


def test_round_trip(tmp_path):
    write_checkpoint(tmp_path / "checkpoint", example())
    back = read_checkpoint(tmp_path / "checkpoint", "cpu")
    assert (back.phase, back.step, back.log_bytes, back.seconds) == (1, 7, 123, (1.0, 2.5))
    assert torch.equal(back.state["canvas"]["0"], torch.arange(6.0))
    assert read_position(tmp_path / "checkpoint") == (1, 7)
    assert [path.name for path in (tmp_path / "checkpoint").iterdir()] == [CHECKPOINT]


def test_none_where_there_is_none(tmp_path):
    assert read_checkpoint(tmp_path / "checkpoint", "cpu") is None
    assert read_position(tmp_path / "checkpoint") is None
    remove_checkpoint(tmp_path / "checkpoint")


def test_a_failed_write_leaves_the_one_before(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "checkpoint", example())

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(tmp_path / "checkpoint", Checkpoint(2, 0, 0, (), {}))
    monkeypatch.undo()
    assert read_checkpoint(tmp_path / "checkpoint", "cpu").phase == 1
    assert [path.name for path in (tmp_path / "checkpoint").iterdir()] == [CHECKPOINT]


@pytest.mark.parametrize("damage", ["cut", "code"])
def test_damage_is_refused_with_a_cure(tmp_path, damage):
    write_checkpoint(tmp_path, example())
    path = tmp_path / CHECKPOINT
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.write_bytes(pickle.dumps(print))
    with pytest.raises(RunFailed, match="run without --resume to start again"):
        read_checkpoint(tmp_path, "cpu")
    with pytest.raises(RunFailed, match="start the run again"):
        read_position(tmp_path)
