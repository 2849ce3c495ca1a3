"""What is published and in which order; interrupted at any moment, overtaken at any moment."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import Memory, RecordingListener, dangling, links, of_memory
from synthetic_run import write_run

from orbifolio.reports.publish.catalogue import CATALOGUE_KEY, read_catalogue
from orbifolio.reports.publish.contents import read_file
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.publish.serving import STATE_FOLDER
from orbifolio.reports.publish.store import ObjectHeaders
from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner.errors import InputError, PublishError

Publish = Callable[..., PublishStats]
RUN = "rainbow-hexagon/20261121-101500-4f2a"


def test_everything_that_a_page_needs_is_published_and_nothing_else(gallery: Path, publish: Publish) -> None:
    run = gallery / RUN
    (run / "checkpoint").mkdir(exist_ok=True)
    (run / "checkpoint/state.pt").write_bytes(b"secret")
    (run / ".hidden").write_bytes(b"secret")
    (run / "events.jsonl.123.part").write_bytes(b"half")
    (run / ".index.html.1-ab.tmp").write_bytes(b"half")
    (run / "outside").symlink_to("/etc")
    (run / "outside.txt").symlink_to("/etc/hostname")
    (run / "extras/inside.png").symlink_to(run / "final.png")
    (gallery / "robots.txt").write_text("User-agent: *\n")
    store = Memory()
    tally = publish(store, gallery)
    keys = {key for key in store.objects if not key.startswith(STATE_FOLDER)}
    local = {path.relative_to(gallery).as_posix() for path in gallery.rglob("*") if path.is_file()}
    left = {key for key in local if "/." in f"/{key}" or "checkpoint" in key or key.endswith(".part")}
    outside = {key for key in local if "/outside" in key}
    assert keys == local - left - outside | {"404.html"}
    assert {"robots.txt", f"{RUN}/extras/inside.png"} <= keys
    assert b"secret" not in b"".join(content for content, _ in store.objects.values())
    assert tally.uploaded == len(keys)
    assert not dangling(of_memory(store))


def test_the_order_of_uploads(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    at = {key: number for number, key in enumerate(store.uploads)}
    for key in store.uploads:
        if key.endswith(".html") and key != "404.html":
            below = {
                link for link in links(key, store.objects[key][0]) if link.startswith(key.removesuffix("index.html"))
            }
            late = [link for link in below - {key} if at[link] > at[key]]
            assert not late, (key, late)
    assert store.uploads[0].startswith("assets/")
    assert store.uploads[-1] == "index.html"


def test_an_unchanged_gallery_uploads_nothing(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    store.asked.clear()
    tally = publish(store, gallery)
    assert store.changes == []
    assert (tally.uploaded, tally.deleted, tally.runs, tally.changed) == (0, 0, 3, 0)
    assert not [request for request in store.asked if request == ("get", f".orbifolio/runs/{RUN}.json")]


def test_only_what_changed_is_uploaded_and_what_is_gone_is_deleted_last(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    store.asked.clear()
    run = gallery / RUN
    (run / "extras/tile.png").write_bytes(b"another picture")
    gone = run / "phases/1-16px/frames/00001.webp"
    gone.unlink()
    publish(store, gallery)
    assert store.uploads == [f"{RUN}/extras/tile.png"]
    [deletion] = [number for number, request in enumerate(store.asked) if request[0] == "delete"]
    assert store.asked[deletion][1] == f"{RUN}/phases/1-16px/frames/00001.webp"
    assert deletion > store.asked.index(("put", f"{RUN}/extras/tile.png"))
    store.asked.clear()
    publish(store, gallery)
    assert store.changes == []


def test_keys_of_strangers_stay(gallery: Path, publish: Publish) -> None:
    stranger = {f"{RUN}/notes.txt": (b"mine", ObjectHeaders()), "elsewhere/file.txt": (b"mine", ObjectHeaders())}
    store = Memory(dict(stranger))
    publish(store, gallery)
    (gallery / RUN / "extras/tile.png").unlink()
    publish(store, gallery)
    assert stranger.items() <= store.objects.items()
    assert f"{RUN}/extras/tile.png" not in store.objects


def test_a_dry_run_tells_exactly_what_then_happens_and_changes_nothing(gallery: Path, publish: Publish) -> None:
    store = Memory()
    told, done = RecordingListener(), RecordingListener()
    publish(store, gallery, listener=told, dry=True)
    assert store.objects == {}
    assert store.changes == []
    publish(store, gallery, listener=done)
    assert sorted(told.keys) == sorted(done.keys)
    (gallery / RUN / "extras/tile.png").unlink()
    told, done = RecordingListener(), RecordingListener()
    before = dict(store.objects)
    publish(store, gallery, listener=told, dry=True)
    assert store.objects == before
    publish(store, gallery, listener=done)
    assert (told.keys, told.gone) == (done.keys, done.gone) == ([], [f"{RUN}/extras/tile.png"])


def crash_at(store: Memory, number: int) -> None:
    """The machine dies at the n-th change from now; nothing gets through after it."""
    count = 0

    def before(operation: str, key: str) -> None:
        nonlocal count
        if operation in ("put", "delete"):
            count += 1
        if count >= number:
            raise PublishError("the machine is gone")

    store.before = before


def test_interrupted_at_any_moment_no_page_is_broken_and_it_goes_on_from_there(gallery: Path, publish: Publish) -> None:
    whole = Memory()
    publish(whole, gallery)
    changed = gallery.with_name("changed")
    shutil.copytree(gallery, changed)
    shutil.rmtree(changed / "upside-down")
    write_run(changed, recipe="upside-down", sizes=((16, 16),), steps=3, every=1)  # it went on, and is done
    rebuild_gallery(changed, now=1_763_720_100.0)
    target = Memory(dict(whole.objects))
    publish(target, changed)
    moments = len(target.changes)
    assert moments > 20
    for number in range(1, moments + 1, 2):
        store = Memory(dict(whole.objects))
        crash_at(store, number)
        with pytest.raises(PublishError, match="the machine is gone"):
            publish(store, changed)
        assert not dangling(of_memory(store)), number
        again = Memory(store.objects)
        publish(again, changed)
        assert again.objects == target.objects, number


def test_a_first_publication_interrupted_at_any_moment(gallery: Path, publish: Publish) -> None:
    whole = Memory()
    publish(whole, gallery)
    for number in range(1, len(whole.changes) + 1, 5):
        store = Memory()
        crash_at(store, number)
        with pytest.raises(PublishError):
            publish(store, gallery)
        assert not dangling(of_memory(store)), number
        again = Memory(store.objects)
        publish(again, gallery)
        assert again.objects == whole.objects, number


def test_what_was_uploaded_before_an_interruption_is_not_uploaded_again(gallery: Path, publish: Publish) -> None:
    whole = Memory()
    publish(whole, gallery)
    store = Memory()
    begun = 0

    def before(operation: str, key: str) -> None:
        nonlocal begun
        begun += operation == "put" and key.startswith("upside-down")
        if begun == 4 and operation == "put" and not key.startswith(STATE_FOLDER):
            raise KeyboardInterrupt  # as Ctrl-C

    store.before = before
    with pytest.raises(KeyboardInterrupt):
        publish(store, gallery)
    first = [key for key in store.uploads if key in store.objects]
    assert len(first) > 5
    again = Memory(store.objects)
    publish(again, gallery)
    assert not set(first) & set(again.uploads)
    assert again.objects == whole.objects


def test_two_publishers_lose_nothing_wherever_one_overtakes_the_other(
    gallery: Path, make_gallery: Callable[..., Path], publish: Publish
) -> None:
    other = make_gallery("other", recipe="another", title="Another")
    counted = Memory()
    publish(counted, gallery)
    both = {"rainbow-hexagon", "upside-down", "another"}
    shared = [n for n, (_, key) in enumerate(counted.asked, 1) if key.startswith(STATE_FOLDER) or "/" not in key]
    assert len(shared) > 20
    for number in shared[::3]:
        store = Memory()
        asked = 0

        def before(operation: str, key: str, store: Memory = store, number: int = number) -> None:
            nonlocal asked
            asked += 1
            if asked == number:
                publish(Memory(store.objects), other)

        store.before = before
        publish(store, gallery)
        assert {run.partition("/")[0] for run in read_catalogue(store).runs} == both
        index = store.objects["index.html"][0].decode()
        assert all(f"{name}/" in index for name in both), number
        assert not dangling(of_memory(store)), number


def test_the_later_of_two_index_pages_never_gives_way_to_the_earlier(
    gallery: Path, make_gallery: Callable[..., Path], publish: Publish
) -> None:
    """Between reading the catalogue and writing the page, another publisher does both."""
    store = Memory()
    publish(store, make_gallery("first", recipe="first"))
    other = make_gallery("other", recipe="another", title="Another")
    seen: list[bytes] = []
    meddled = False

    def before(operation: str, key: str) -> None:
        nonlocal meddled
        if (operation, key) == ("put", "index.html") and not meddled:
            meddled = True
            publish(Memory(store.objects), other)
        seen.append(store.objects["index.html"][0])

    store.before = before
    publish(store, gallery)
    with_another = [b"another/" in page for page in seen]
    assert with_another == sorted(with_another)
    assert with_another[-1]


def test_a_store_that_ignores_conditions_is_noticed_and_told(
    gallery: Path, make_gallery: Callable[..., Path], publish: Publish
) -> None:
    class Careless(Memory):
        trusted = False  # type: ignore[assignment]

    listener = RecordingListener()
    store = Careless(kept=False)
    publish(store, gallery, listener=listener)
    assert listener.said == [
        "memory ignores conditional writes: if two machines publish at the same moment, the index may lack a run until "
        "the next publication; nothing that was uploaded is lost"
    ]
    publish(store, make_gallery("other", recipe="another"))
    assert len(read_catalogue(store).runs) == 4
    good = Careless(kept=True)
    listener = RecordingListener()
    publish(good, gallery, listener=listener)
    assert listener.said == []
    good.asked.clear()
    publish(good, gallery)
    assert good.changes == []


def test_even_without_conditions_an_index_that_lost_a_run_is_noticed(
    gallery: Path, make_gallery: Callable[..., Path], publish: Publish
) -> None:
    """The other publishes between our catalogue and our index page, which then takes the place of theirs."""
    other = make_gallery("other", recipe="another", title="Another")
    store = Memory(kept=False)
    publish(store, make_gallery("first", recipe="first"))
    meddled = False

    def before(operation: str, key: str) -> None:
        nonlocal meddled
        if (operation, key) == ("put", "index.html") and not meddled:
            meddled = True
            publish(Memory(store.objects, kept=False), other)

    store.before = before
    publish(store, gallery)
    assert meddled
    assert b"another/" in store.objects["index.html"][0]


def test_what_came_to_be_in_an_interrupted_upload_is_ours_to_delete(gallery: Path, publish: Publish) -> None:
    store = Memory()
    gone = False

    def before(operation: str, key: str) -> None:
        nonlocal gone
        gone = gone or key.endswith("/steps/00000/index.html")  # the frames of this run stand, its pages do not
        if gone:
            raise PublishError("the machine is gone")

    store.before = before
    with pytest.raises(PublishError):
        publish(store, gallery)
    orphans = [key for key in store.objects if "/frames/" in key]
    assert orphans
    for key in orphans:
        (gallery / key).unlink()
    again = Memory(store.objects)
    publish(again, gallery)
    assert not [key for key in orphans if key in again.objects]


def test_a_lost_or_torn_catalogue_is_made_again_from_the_manifests(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    before = dict(store.objects)
    for torn in (None, b"", b"{", b"[" * 100_000, b'{"runs": {"a": 3}}', b"\xff\xfe"):
        if torn is None:
            del store.objects[CATALOGUE_KEY]
        else:
            store.objects[CATALOGUE_KEY] = (torn, ObjectHeaders())
        publish(store, gallery)
        assert store.objects == before


def test_a_torn_manifest_uploads_again_and_deletes_nothing(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    before = dict(store.objects)
    key = f".orbifolio/runs/{RUN}.json"
    evil = {"schema": 1, "run": RUN, "complete": True, "card": None, "files": {"../../index.html": ["", 0, ""]}}
    for torn in (b"", b"{", b'{"files": 3}', json.dumps(evil).encode()):
        store.objects[key] = (torn, ObjectHeaders())
        store.asked.clear()
        publish(store, gallery)
        assert store.objects == before
        assert not [request for request in store.asked if request[0] == "delete"]


def test_a_run_can_be_taken_away(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery)
    with pytest.raises(InputError, match="still in"):
        publish(store, gallery, remove=["upside-down/20261121-101500-4f2a"])
    shutil.rmtree(gallery / "upside-down")
    publish(store, gallery)
    assert "upside-down/index.html" in store.objects  # a run that is not here may be another machine's
    with pytest.raises(InputError, match="holds no such run"):
        publish(store, gallery, remove=["upside-down/2"])
    publish(store, gallery, remove=["upside-down/20261121-101500-4f2a"])
    assert not [key for key in store.objects if "upside-down" in key]
    assert b"upside-down" not in store.objects["index.html"][0]
    assert not dangling(of_memory(store))


def test_a_removal_interrupted_at_any_moment(gallery: Path, publish: Publish) -> None:
    whole = Memory()
    publish(whole, gallery)
    shutil.rmtree(gallery / "upside-down")
    name = "upside-down/20261121-101500-4f2a"
    counted = Memory(dict(whole.objects))
    publish(counted, gallery, remove=[name])
    for number in range(1, len(counted.changes) + 1, 3):
        store = Memory(dict(whole.objects))
        crash_at(store, number)
        with pytest.raises(PublishError):
            publish(store, gallery, remove=[name])
        assert not dangling(of_memory(store)), number
        again = Memory(store.objects)
        if f".orbifolio/runs/{name}.json" in again.objects:
            publish(again, gallery, remove=[name])
        assert again.objects == counted.objects, number


def test_runs_that_cannot_be_published_are_told_and_left_out(gallery: Path, publish: Publish) -> None:
    (gallery / "linked").mkdir()
    (gallery / "linked/run").symlink_to(gallery / RUN)
    shutil.copytree(gallery / RUN, gallery / "two\nlines" / "run")
    shutil.copytree(gallery / RUN, gallery / "back\\slash" / "run")
    shutil.copytree(gallery / RUN, Path(os.fsdecode(os.fsencode(gallery) + b"/\xff")) / "run")
    listener, store = RecordingListener(), Memory()
    publish(store, gallery, listener=listener)
    assert listener.said == [
        f"{gallery}/'back\\\\slash/run': left out, as not every store takes such signs; rename the folder",
        f"{gallery}/linked/run: left out, as it is a link; publish the gallery that it leads to",
        f"{gallery}/'two\\nlines/run': left out, as not every store takes such signs; rename the folder",
        f"{gallery}/'\\\\udcff/run': left out, as not every store takes such signs; rename the folder",
    ]
    assert not dangling(of_memory(store))
    assert not [key for key in store.objects if not key.isprintable()]  # nor any file of theirs
    store.asked.clear()
    publish(store, gallery)
    assert store.changes == []


def test_one_run_alone_is_published_beside_the_others(gallery: Path, publish: Publish) -> None:
    store = Memory()
    publish(store, gallery, runs=[gallery / RUN])
    assert set(read_catalogue(store).runs) == {RUN}
    assert not [key for key in store.objects if "upside-down" in key]
    assert not dangling(of_memory(store))
    publish(store, gallery)
    assert len(read_catalogue(store).runs) == 3


def test_a_silent_run_is_shown_as_stopped_only_after_two_publications_were_missed(
    gallery: Path, publish: Publish
) -> None:
    store = Memory()
    running = gallery / "upside-down/20261121-101500-4f2a"
    publish(store, gallery, runs=[running], every=3600.0)
    [entry] = read_catalogue(store).runs.values()
    assert entry.every == 3600.0
    assert entry.card.last is not None
    assert entry.at(entry.card.last + 7000).status == "running"
    assert entry.at(entry.card.last + 9000).status == "stopped"


def test_a_page_that_grows_while_it_is_read_never_links_to_what_was_not_listed(
    gallery: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of two pages the run writes a frame, its page, and links to both."""
    run = gallery / RUN
    honest, step = read_file, run / "phases/1-16px/steps/00009"

    def read(path: Path) -> bytes:
        content = honest(path)
        if path == run / "phases/1-16px/index.html" and not step.exists():
            step.mkdir()
            (run / "phases/1-16px/frames/00009.webp").write_bytes(b"new")
            (step / "index.html").write_text('<img src="../../frames/00009.webp"><a href="../../index.html">up</a>')
            for page in sorted(run.glob("phases/1-16px/steps/*/index.html")):
                page.write_text(page.read_text().replace("</body>", '<a href="../00009/index.html">next</a></body>'))
        return content

    monkeypatch.setattr("orbifolio.reports.publish.contents.read_file", read)
    store = Memory()
    publish(store, gallery)
    assert f"{RUN}/phases/1-16px/frames/00009.webp" in store.objects
    assert not dangling(of_memory(store))
