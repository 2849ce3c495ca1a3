"""Whatever a run is called, all of it is published, and every link leads somewhere."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import BUCKET, S3Server
from lxml import etree
from page_reading import script_data
from stores import Memory, RecordingListener, dangling, of_folder, of_memory
from synthetic_run import BEGAN, write_run

from orbifolio.reports.publish.catalogue import read_catalogue
from orbifolio.reports.publish.folder import FolderTarget
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner.errors import PublishError

Publish = Callable[..., PublishStats]
NOW = BEGAN + 4
NAMES = (
    "10:15:00 at night",
    "C:",
    "spaces  and  two ",
    "ünïcødé ☃ 𝔘 日本",
    "e\u0301 and é",  # two spellings of one letter
    "100%",
    "%41%2F..%2Fb",
    "what?#&=+;,@$!~'\"<>|*`^{}[]()",
    "-rf",
    "a..b...",
    "case",
    "CASE",
    "+",
    "n" * 255,
    "☃" * 85,
    "con.json",
)
RECIPES = ("10:15", "what? 100%#", "CASE", "case", "-☃")


@pytest.fixture(scope="module")
def odd_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each name, and a recipe of some."""
    gallery = tmp_path_factory.mktemp("odd") / "gallery"
    first = write_run(gallery, recipe="plain", identity=NAMES[0], sizes=((16, 16),), steps=1, every=1)
    for name in NAMES[1:]:
        shutil.copytree(first, gallery / "plain" / name)
    for name in RECIPES:
        shutil.copytree(first, gallery / name / "20261121-101500-4f2a")
    rebuild_gallery(gallery, now=NOW)
    return gallery


def files(gallery: Path) -> dict[str, bytes]:
    """What is to be in the store of each run, by key."""
    return {
        key: path.read_bytes()
        for path in gallery.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(gallery).parts)
        and (key := path.relative_to(gallery).as_posix()).count("/") > 1
        and not key.startswith("assets/")
    }


def check_published(gallery: Path, contents: Callable[[str], bytes | None], keys: set[str]) -> None:
    wanted = files(gallery)
    assert {key for key, content in wanted.items() if contents(key) != content} == set()
    runs = {"/".join(key.split("/")[:2]) for key in wanted}
    beside = {key for key in keys - wanted.keys() if not key.startswith((".orbifolio/", "assets/"))}
    assert {key for key in beside if "/" in key} == {f"{run.split('/')[0]}/index.html" for run in runs}  # no orphan
    assert dangling(contents) == []
    reached = script_data((contents("runs.js") or b"").decode(), "runs")
    assert {f"{recipe['type']}/{run[0]}" for recipe in reached for run in recipe["runs"]} == runs
    feed = etree.fromstring(contents("feed.xml") or b"")
    assert len(feed.findall("{*}entry")) > 10


def test_runs_of_any_name_in_a_folder(odd_gallery: Path, tmp_path: Path, publish: Publish) -> None:
    target = tmp_path / "www"
    listener = RecordingListener()
    publish(FolderTarget(path=str(target)).build(Path()), odd_gallery, listener=listener)
    assert listener.said == []
    keys = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    check_published(odd_gallery, of_folder(target), keys)
    store = FolderTarget(path=str(target)).build(Path())
    assert len(read_catalogue(store).runs) == len(NAMES) + len(RECIPES)
    again = publish(store, odd_gallery)
    assert (again.uploaded, again.deleted, again.changed) == (0, 0, 0)
    gallery = shutil.copytree(odd_gallery, tmp_path / "gallery")
    shutil.rmtree(gallery / "plain" / NAMES[0])
    shutil.rmtree(gallery / "plain" / NAMES[-2])
    rebuild_gallery(gallery, now=NOW)
    publish(store, gallery, remove=[f"plain/{NAMES[0]}", f"plain/{NAMES[-2]}"])
    keys = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    check_published(gallery, of_folder(target), keys)


def test_runs_of_any_name_in_a_bucket(
    odd_gallery: Path, tmp_path: Path, seaweed: S3Server, prefix: str, publish: Publish
) -> None:
    gallery = shutil.copytree(odd_gallery, tmp_path / "gallery")
    for name in NAMES[::2]:  # a request for each file takes its time
        shutil.rmtree(gallery / "plain" / name)
    rebuild_gallery(gallery, now=NOW)
    publish(S3(bucket=BUCKET, prefix=prefix, endpoint_url=seaweed.url).build(), gallery)
    client = seaweed.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
    keys = {item["Key"].removeprefix(f"{prefix}/") for page in pages for item in page.get("Contents", ())}
    found: dict[str, bytes | None] = {}

    def contents(key: str) -> bytes | None:
        if key not in keys:
            return None
        if key not in found:
            body = client.get_object(Bucket=BUCKET, Key=f"{prefix}/{key}")["Body"].read()
            found[key] = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        return found[key]

    check_published(gallery, contents, keys)
    client.close()


def test_a_run_that_cannot_be_read_stops_no_other(
    gallery: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = gallery / "rainbow-hexagon/20261121-101500-4f2a/final.png"

    def opened(path: Path, *arguments: object, **options: object) -> object:
        if path == bad:
            raise PermissionError(13, "Permission denied", str(path))
        return path_open(path, *arguments, **options)  # type: ignore[arg-type]

    path_open = Path.open
    monkeypatch.setattr(Path, "open", opened)
    store, listener = Memory(), RecordingListener()
    with pytest.raises(PublishError, match=r"final\.png: cannot be read"):
        publish(store, gallery, listener=listener)
    assert len(read_catalogue(store).runs) == 2
    assert dangling(of_memory(store)) == []
    assert [text for text in listener.said if "left out" in text]
