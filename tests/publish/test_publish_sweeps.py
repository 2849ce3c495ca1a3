"""Sweeps in a store: their pages show the runs that are there, whoever published them, and lead to nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html as lxml_html
from stores import Memory, dangling, of_memory
from synthetic_run import BEGAN
from synthetic_sweep import NAME, TINY, finished_sweep, product, record, run_for, write_sweep_record

from orbifolio.reports.publish.catalogue import parse_catalogue, read_catalogue
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.write_gallery import rebuild_gallery, run_folders
from orbifolio.runner.errors import InputError, PublishError

Publish = Callable[..., PublishStats]
NOW = BEGAN + 100
PAGE = f"sweeps/{NAME}/index.html"
VARIED = {"seed": ["1", "2"], "steps": ["3", "4"]}


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """A gallery with a sweep of four runs."""
    gallery = tmp_path / "swept"
    finished_sweep(gallery, VARIED)
    rebuild_gallery(gallery, now=NOW)
    return gallery


def cells(store: Memory) -> dict[str, bool]:
    """Number of each member -> whether it leads to a run."""
    page = lxml_html.fromstring(store.objects[PAGE][0])
    return {cell.get("data-member"): bool(cell.xpath(".//a")) for cell in page.xpath("//div[@data-member]")}


def test_a_gallery_with_a_sweep_is_whole_and_is_uploaded_once(swept: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, swept)
    assert not dangling(of_memory(store))
    assert cells(store) == dict.fromkeys("0123", True)
    assert {PAGE, "sweeps/index.html"} <= set(store.objects)
    assert f"sweeps/{NAME}/sweep.json" not in store.objects  # it is in the catalogue
    store.asked.clear()
    assert publish(store, swept).uploaded == 0
    assert store.changes == []
    known = read_catalogue(store)
    assert parse_catalogue(known.to_json().encode()).sweeps == known.sweeps


def test_one_run_alone_takes_its_sweep_along(swept: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, swept, runs=run_folders(swept)[1:2])
    assert cells(store) == {"0": False, "1": True, "2": False, "3": False}
    assert not dangling(of_memory(store))
    publish(store, swept)
    assert cells(store) == dict.fromkeys("0123", True)


def test_runs_of_several_machines_meet_on_one_page(tmp_path: Path, publish: Publish) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    entries = product(VARIED)
    members = [run_for(here, entries[0]), run_for(there, entries[1]), *entries[2:]]
    write_sweep_record(here, record(VARIED, members), touched=NOW)
    store = Memory()
    for gallery in (here, there):
        rebuild_gallery(gallery, now=NOW)
        publish(store, gallery)
    assert cells(store) == {"0": True, "1": True, "2": False, "3": False}
    assert not dangling(of_memory(store))
    told = json.loads(store.objects[f"sweeps/{NAME}/live.js"][0].removeprefix(b"orbifolio.live(")[:-3])
    assert told["line"] == "2 of 4 done, 2 waiting"


def test_no_moment_leaves_a_link_that_leads_nowhere(tmp_path: Path, publish: Publish) -> None:
    """The hard case: pages of runs that are published already lead to a sweep that is not."""
    gallery = tmp_path / "gallery"
    entries = product({"seed": ["1", "2"]})
    members = [run_for(gallery, entry, **TINY) for entry in entries]
    rebuild_gallery(gallery, now=NOW)
    before = Memory()
    publish(before, gallery)
    write_sweep_record(gallery, record({"seed": ["1", "2"]}, members, status="done"))
    rebuild_gallery(gallery, now=NOW)
    number = 0
    while True:
        store, left = Memory(dict(before.objects)), number

        def fail(operation: str, key: str) -> None:
            nonlocal left
            left -= operation in ("put", "delete")
            if left < 0:
                raise PublishError("no network")

        store.before = fail
        try:
            publish(store, gallery)
        except PublishError:
            store.before = lambda operation, key: None
            assert not dangling(of_memory(store)), number
            number += 1 + number // 4  # closely at first, where a link is most likely too early
            continue
        assert PAGE in store.objects
        return


def test_a_sweep_is_taken_away(swept: Path, tmp_path: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, swept)
    with pytest.raises(InputError, match="the sweep is still in"):
        publish(store, swept, remove=[f"sweeps/{NAME}"])
    (swept / "sweeps" / NAME / "sweep.json").unlink()
    (swept / "sweeps" / NAME / "index.html").unlink()
    rebuild_gallery(swept, now=NOW)
    with pytest.raises(InputError, match="holds no such sweep"):
        publish(store, swept, remove=["sweeps/nothing"])
    publish(store, swept, remove=[f"sweeps/{NAME}"])
    assert not [key for key in store.objects if key.startswith("sweeps/")]
    assert not dangling(of_memory(store))
    assert read_catalogue(store).sweeps == {}


def test_a_run_that_is_taken_away_loses_its_link(swept: Path, tmp_path: Path, publish: Publish) -> None:
    import shutil

    store = Memory()
    publish(store, swept)
    gone = run_folders(swept)[0]
    name = f"{gone.parent.name}/{gone.name}"
    shutil.rmtree(gone)
    publish(store, swept, remove=[name])
    assert cells(store) == {"0": False, "1": True, "2": True, "3": True}
    assert not dangling(of_memory(store))
