"""Runs that travel through a store: what a node sends arrives here as it stood, and goes from the store when done."""

from pathlib import Path

import pytest

from orbifolio.runner.run.subprocess import read_result, write_result
from orbifolio.runner.sweeps.bundle import ArchiveInbox, RunArchive, store_of
from orbifolio.runner.sweeps.member_state import MemberState, read_member_state, write_member_state

RUN = "tiny/20261121-101500-4f2a"
KEY = "20261121-101500-4f2a/3.tar"


class Journey:
    """A member's run on a node, its archive, and an inbox that expects it here."""

    def __init__(self, folder: Path) -> None:
        self.store = store_of(f'{{"kind": "folder", "path": "{folder / "store"}"}}')
        self.far, self.here = folder / "node", folder / "here"
        for gallery in (self.far, self.here):
            (gallery / "member").mkdir(parents=True)
        (self.far / RUN / "checkpoint").mkdir(parents=True)
        (self.far / RUN / "checkpoint" / "state.pt").write_bytes(b"state")
        (self.far / RUN / "events.jsonl").write_text("one\n")
        write_member_state(self.far / "member", MemberState(1, RUN, "node abc"))
        self.archive = RunArchive(self.store, KEY, self.far, self.far / "member")
        self.inbox = ArchiveInbox(self.store)
        self.inbox.expect(3, KEY, self.here, self.here / "member")


@pytest.fixture
def journey(tmp_path) -> Journey:
    """A run that is under way."""
    return Journey(tmp_path)


def test_a_run_arrives_as_it_stands_and_again_when_it_has_grown(journey):
    journey.inbox.pull_next()  # nothing was sent yet
    assert not (journey.here / "tiny").exists()
    journey.archive.push()
    assert not journey.inbox.is_complete(3)
    assert (journey.here / RUN / "events.jsonl").read_text() == "one\n"
    assert (journey.here / RUN / "checkpoint" / "state.pt").read_bytes() == b"state"
    assert read_member_state(journey.here / "member") == MemberState(1, RUN, "node abc")
    (journey.far / RUN / "events.jsonl").write_text("one\ntwo\n")
    journey.archive.push()
    assert not journey.inbox.is_complete(3)
    assert (journey.here / RUN / "events.jsonl").read_text() == "one\ntwo\n"


def test_a_run_that_is_done_leaves_neither_checkpoint_nor_archive(journey):
    journey.archive.push()
    assert not journey.inbox.is_complete(3)
    (journey.far / RUN / "checkpoint" / "state.pt").unlink()
    (journey.far / RUN / "checkpoint").rmdir()
    (journey.far / RUN / "final.png").write_bytes(b"picture")
    write_result(journey.far / "member", "done", "")
    journey.archive.push()
    assert journey.inbox.is_complete(3)
    assert (journey.here / RUN / "final.png").read_bytes() == b"picture"
    assert not (journey.here / RUN / "checkpoint").exists()
    assert journey.store.head(KEY) is None


def test_a_run_that_failed_keeps_its_archive_for_a_retry(journey):
    write_result(journey.far / "member", "failed", "the loss is NaN")
    journey.archive.push()
    assert journey.inbox.is_complete(3)
    assert read_result(journey.here / "member") == ("failed", "the loss is NaN")
    assert journey.store.head(KEY) is not None


def test_a_member_that_never_says_how_it_ended_is_waited_for_only_so_long(journey, monkeypatch):
    assert not journey.inbox.is_complete(3)
    monkeypatch.setattr("orbifolio.runner.sweeps.bundle.time.monotonic", lambda: 1e9)
    assert journey.inbox.is_complete(3)
