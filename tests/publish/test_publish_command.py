"""`orbifolio publish` as a user types it, and `publish:` of a recipe while it runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from loopback import BUCKET, KEYS, S3Server, Trouble, proxy
from rich.console import Console
from stores import dangling
from synthetic_run import write_run
from typed import typed

from orbifolio.reports.publish import background
from orbifolio.reports.publish.catalogue import read_catalogue
from orbifolio.reports.publish.folder import FolderTarget
from orbifolio.reports.publish.publisher import Publisher
from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.write_gallery import rebuild_gallery, update_index
from orbifolio.runner.cli import cli
from orbifolio.runner.commands.publishing import PublishProgress, target_settings
from orbifolio.runner.errors import InputError, PublishError
from orbifolio.runner.recipe.model import load

ROOT = Path(__file__).resolve().parents[2]

TINY = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: image-optimisation
  vision: untrained
  objectives: [range, smoothness]
  phases: [{size: 16, steps: STEPS}]
frames: 40
publish: TARGET
"""


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


def orbifolio(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment}
    return typed(*arguments, cwd=folder, env=surroundings, timeout=200)


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recipe that is published."""

    def make(target: object, steps: int = 4) -> Path:
        path = tmp_path / "plane" / "tiny.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(TINY.replace("TARGET", json.dumps(target)).replace("STEPS", str(steps)))
        return path

    return make


def test_publish_to_a_folder_and_again(gallery: Path, tmp_path: Path) -> None:
    target = tmp_path / "www"
    rebuild_gallery(gallery)
    dry = invoke("publish", gallery, target, "--dry-run")
    assert dry.exit_code == 0
    assert "older than" not in dry.stderr
    assert not target.exists()
    lines = [line.split(maxsplit=2) for line in dry.stdout.splitlines()]
    assert {line[0] for line in lines} == {"upload"}
    assert lines[-1][2] == "index.html"
    assert "would be uploaded" in dry.stderr
    first = invoke("publish", gallery, target)
    assert first.exit_code == 0, first.output
    assert first.stdout == f"{target.as_uri()}/index.html\n"
    assert f"{len(lines)} files uploaded" in first.stderr
    assert first.stderr.rstrip().endswith("3 of 3 runs changed")
    again = invoke("publish", gallery, target)
    assert again.stderr.strip().replace("\n", "") == f"{target}: nothing to do; all 3 runs are up to date"


def test_a_terminal_gets_a_bar(gallery: Path, tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, soft_wrap=True)
    with PublishProgress(console, dry=False) as meter:
        Publisher(FolderTarget(path=str(tmp_path / "www")).build(Path()), gallery, meter).publish()
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "publishing" in shown
    assert "3/3" in shown


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["s3://Bucket"],
            "s3://Bucket: 'Bucket' is not a valid bucket name; use 3 to 63 of a-z, 0-9, - and ., beginning",
        ),
        (["s3://bucket//a"], "s3://bucket//a: '/a' is not a valid prefix; it must not begin with /"),
        (["s3://192.168.0.1"], "it must not have two dots in a row, nor look like an IP address"),
        (["s3://xn--bucket"], "beginnings like xn-- and endings like -s3alias are reserved"),
        (["gs://bucket"], "gs://bucket: 'gs://bucket' is not a folder; name a path on this machine"),
        (
            ["s3://bucket", "--endpoint-url", "host:80"],
            "'host:80' is not a valid store address; write it as in https://s3.example.org",
        ),
        (["s3://bucket", "--endpoint-url", "https://me:word@host"], "an address must not hold credentials or a query"),
        (["s3://bucket", "--region", "Europe West"], "--region: string should match pattern"),
        (["folder", "--region", "eu-west-1"], "folder: --endpoint-url and --region are for buckets"),
        (["folder", "--website"], "folder: --website is for buckets, as any web server can serve a folder"),
        (
            ["s3://bucket", "--website", "--apply", "--endpoint-url", "https://host"],
            "--apply: sets up websites on AWS only",
        ),
        (["s3://bucket"], "gallery: holds no run; a gallery holds folders RECIPE/RUN"),
        (["nowhere", "s3://bucket"], "nowhere: this folder does not exist; name a gallery; `orbifolio run` makes one"),
    ],
)
def test_wrong_arguments(arguments: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gallery").mkdir()
    answer = invoke("publish", *arguments)
    assert isinstance(answer.exception, InputError)
    assert text in str(answer.exception)
    assert "word" not in str(answer.exception)


def test_three_places_are_too_many() -> None:
    assert "3 arguments given" in str(invoke("publish", "a", "b", "c").exception)
    assert "--apply needs --website" in str(invoke("publish", "s3://bucket", "--apply").exception)


def test_the_website_is_explained_with_json_that_can_be_used(credentials: None) -> None:
    answer = invoke("publish", "s3://pictures/art", "--website", "--region", "eu-central-1")
    assert answer.exit_code == 0
    assert "Block Public Access" in answer.stdout
    assert "http://pictures.s3-website.eu-central-1.amazonaws.com/art/" in answer.stdout
    blocks = [json.loads(f"{{{part.split(chr(10) + '}' + chr(10))[0]}\n}}") for part in answer.stdout.split("\n{")[1:]]
    assert blocks[0]["BlockPublicPolicy"] is False
    assert blocks[1]["Statement"][0]["Resource"] == "arn:aws:s3:::pictures/art/*"
    assert blocks[2]["ErrorDocument"] == {"Key": "art/404.html"}


def test_targets() -> None:
    settings = target_settings("s3://pictures/art/gallery/", "https://host/", None)
    assert settings == S3(bucket="pictures", prefix="art/gallery", endpoint_url="https://host")
    assert target_settings("s3://pictures").target == "s3://pictures"
    assert isinstance(target_settings("a folder"), FolderTarget)


def test_a_broken_target_is_exit_code_1_and_one_line(gallery: Path, tmp_path: Path) -> None:
    answer = orbifolio(tmp_path, "publish", gallery, "s3://pictures/art")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: s3://pictures/art: no credentials were found;")
    assert len(answer.stderr.splitlines()) == 1


def test_a_recipe_is_checked_without_network(recipe: Callable[..., Path]) -> None:
    loaded = load(recipe({"kind": "s3", "bucket": "pictures", "prefix": "art", "every": 2}))
    assert loaded.recipe.publish == S3(bucket="pictures", prefix="art", every=2)
    answer = orbifolio(ROOT, "check", recipe({"kind": "s3", "bucket": "Pictures", "prefix": "../x"}))
    assert answer.returncode == 2
    assert "publish.bucket: 'Pictures' is not a valid bucket name" in answer.stderr
    assert "publish.prefix: '../x' is not a valid prefix" in answer.stderr


def test_a_run_is_published_while_it_goes_on_and_when_it_is_done(recipe: Callable[..., Path], tmp_path: Path) -> None:
    path = recipe({"kind": "folder", "path": "../www", "every": 0.001}, steps=60)
    answer = orbifolio(tmp_path, "run", path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1].endswith("/index.html")
    assert f"publishing to {tmp_path}/www every 0.001 min" in answer.stderr
    assert f"published: {(tmp_path / 'www').as_uri()}/index.html" in answer.stderr
    assert "warning" not in answer.stderr
    target = tmp_path / "www"
    [card] = [json.loads(path.read_text()) for path in target.glob("tiny/*/card.json")]
    assert card["status"] == "done"
    assert not dangling(lambda key: (target / key).read_bytes() if (target / key).is_file() else None)
    [entry] = read_catalogue(FolderTarget(path=str(target)).build(Path())).runs.values()
    assert entry.card.status == "done"


def test_trouble_with_publishing_does_not_fail_the_run(recipe: Callable[..., Path], tmp_path: Path) -> None:
    path = recipe({"kind": "s3", "bucket": "pictures", "endpoint_url": "http://127.0.0.1:9", "every": 0.001})
    answer = orbifolio(tmp_path, "run", path, **KEYS, AWS_MAX_ATTEMPTS="2")
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.count("warning: not published: s3://pictures: http://127.0.0.1:9 cannot be reached") == 1
    assert (
        "publish it later with: orbifolio publish gallery s3://pictures --endpoint-url http://127.0.0.1:9"
        in answer.stderr
    )
    assert "Traceback" not in answer.stderr


def test_an_interrupted_run_is_published_too(recipe: Callable[..., Path], tmp_path: Path) -> None:
    path = recipe({"kind": "folder", "path": "../www", "every": None}, steps=100_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", "run", str(path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _await(lambda: list(tmp_path.glob("gallery/tiny/*/phases/*/frames/*.webp")))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    [card] = [json.loads(path.read_text()) for path in (tmp_path / "www").glob("tiny/*/card.json")]
    assert card["status"] == "interrupted"
    assert "published: " in told


def test_whatever_ends_a_run_its_report_is_published(gallery: Path, tmp_path: Path) -> None:
    settings, said = FolderTarget(path="www", every=None), list[str]()
    folder = gallery / "rainbow-hexagon/20261121-101500-4f2a"
    with (
        contextlib.suppress(ZeroDivisionError),
        background.BackgroundPublisher(settings, tmp_path, gallery, said.append) as going,
    ):
        going.begin(folder)
        raise ZeroDivisionError
    assert said == [f"published: {(tmp_path / 'www/index.html').as_uri()}"]
    with background.BackgroundPublisher(settings, tmp_path / "nowhere", gallery, said.append):
        pass  # the run never began
    assert len(said) == 1
    with background.BackgroundPublisher(settings, tmp_path / "nowhere", gallery, said.append) as going:
        going.begin(folder)
    assert said[1].startswith(
        f"warning: not published: {tmp_path}/nowhere/www: the folder {tmp_path}/nowhere does not exist;"
    )
    assert said[2].startswith("publish it later with: orbifolio publish ")


def test_publishing_while_running_sees_new_frames_and_survives_outages(
    seaweed: S3Server, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener alone, with a run that grows on disk and a server that is away for a while."""
    from orbifolio.reports.write import write_report

    gallery = tmp_path / "gallery"
    folder = write_run(gallery, status="running", sizes=((16, 16),), steps=4, until=2, every=1)
    write_report(folder, gallery=gallery)
    update_index(gallery, folder.parent.name)
    said: list[str] = []
    trouble = Trouble()
    away, turned_away = threading.Event(), threading.Event()

    def decide(method: str, path: str) -> str:
        if away.is_set():
            turned_away.set()
            return "reset"
        return ""

    trouble.decide = decide
    with proxy(seaweed.url, trouble) as server:
        settings = S3(bucket=BUCKET, prefix=prefix, endpoint_url=server.url, every=0.002)
        store = settings.build(tmp_path)
        with background.BackgroundPublisher(settings, tmp_path, gallery, said.append) as going:
            going.begin(folder)
            _await(lambda: len(read_catalogue(store).runs) == 1)
            away.set()
            assert turned_away.wait(120)
            _await(lambda: any("not published" in line for line in said))
            (folder / "phases/1-16px/frames/00009.webp").write_bytes(b"a new frame")
            away.clear()
            key = f"{folder.relative_to(gallery).as_posix()}/phases/1-16px/frames/00009.webp"
            _await(lambda: store.head(key) is not None)
    assert said[0].startswith("publishing to s3://")
    assert said[-1].startswith("published: ")
    assert [line for line in said if line.startswith("warning")]


def _await(holds: Callable[[], Any]) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            if holds():
                return
        except PublishError:
            pass
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_where_a_run_is_published_does_not_hinder_going_on_with_it(tmp_path: Path) -> None:
    from orbifolio.runner.run.run_folder import find_resumable

    parameters = {"seed": 1, "publish": None}
    folder = write_run(tmp_path / "gallery", recipe="tiny", status="interrupted", until=3, parameters=parameters)
    found, _ = find_resumable(tmp_path / "gallery", "tiny", {**parameters, "publish": {"kind": "folder", "path": "x"}})
    assert found == folder
    found, why = find_resumable(tmp_path / "gallery", "tiny", {**parameters, "seed": 2})
    assert found is None
    assert "other parameters" in why
