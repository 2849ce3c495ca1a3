"""Publishing to a real S3 server on loopback, over a connection that breaks."""

from __future__ import annotations

import functools
import gzip
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from loopback import BUCKET, KEYS, S3Server, Trouble, proxy, website
from stores import RecordingListener, dangling

from orbifolio.reports.publish.catalogue import keeps_conditions, read_catalogue
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.publish.s3 import S3, S3Store
from orbifolio.runner.errors import PublishError

Publish = Callable[..., PublishStats]
ROOT = Path(__file__).resolve().parents[2]


def store(server: S3Server, prefix: str, *, bucket: str = BUCKET) -> S3Store:
    return S3(bucket=bucket, prefix=prefix, endpoint_url=server.url).build()


def contents(client: Any, prefix: str) -> Callable[[str], bytes | None]:
    """What the bucket holds, decompressed, by key below the prefix; each object is fetched once."""
    found: dict[str, bytes | None] = {}

    def get(key: str) -> bytes | None:
        if key not in found:
            try:
                body = client.get_object(Bucket=BUCKET, Key=f"{prefix}/{key}")["Body"].read()
                found[key] = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            except client.exceptions.NoSuchKey:
                found[key] = None
        return found[key]

    return get


def keys(client: Any, prefix: str) -> set[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return {item["Key"] for page in pages for item in page.get("Contents", ())}


def test_a_gallery_in_a_bucket_is_whole_and_served_as_it_should_be(
    seaweed: S3Server, prefix: str, gallery: Path, publish: Publish
) -> None:
    publish(store(seaweed, prefix), gallery)
    client = seaweed.client()
    assert not dangling(contents(client, prefix))
    found = keys(client, prefix)
    run = f"{prefix}/rainbow-hexagon/20261121-101500-4f2a"
    [style] = [key for key in found if "/assets/orbifolio-" in key and key.endswith(".css")]
    for key, kind, cache, encoding in (
        (f"{prefix}/index.html", "text/html; charset=utf-8", "no-cache", "gzip"),
        (f"{run}/run.json", "application/json; charset=utf-8", "no-cache", "gzip"),
        (style, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "gzip"),
        (f"{run}/final.png", "image/png", "public, max-age=3600", None),
        (f"{run}/phases/1-16px/frames/00001.webp", "image/webp", "public, max-age=3600", None),
    ):
        head = client.head_object(Bucket=BUCKET, Key=key)
        assert (head["ContentType"], head["CacheControl"], head.get("ContentEncoding")) == (kind, cache, encoding)
    client.close()


def test_nothing_is_sent_for_an_unchanged_gallery(
    seaweed: S3Server, prefix: str, gallery: Path, publish: Publish
) -> None:
    trouble = Trouble()
    with proxy(seaweed.url, trouble) as server:
        publish(store(server, prefix), gallery)
        assert len(trouble.changes) > 60
        trouble.seen.clear()
        tally = publish(store(server, prefix), gallery)
    assert trouble.changes == []
    assert tally.uploaded == tally.deleted == 0
    shared = [path for method, path in trouble.seen if method == "HEAD"]  # assets and index pages, each once
    assert len(shared) == len(set(shared))
    assert len(trouble.seen) - len(shared) <= 5


def test_large_files_go_in_parts(seaweed: S3Server, prefix: str, gallery: Path, publish: Publish) -> None:
    content = os.urandom(9 * 1024 * 1024)
    (gallery / "rainbow-hexagon/20261121-101500-4f2a/extras/large.zip").write_bytes(content)
    (gallery / "beside.zip").write_bytes(content)
    trouble = Trouble()
    resets = iter(("reset", ""))
    trouble.decide = lambda method, path: next(resets, "") if "partNumber=2" in path else ""
    with proxy(seaweed.url, trouble) as server:
        publish(store(server, prefix), gallery)
        parts = [path for method, path in trouble.seen if method == "PUT" and "partNumber" in path]
        assert len(parts) == 5  # two of each file, and one again
        trouble.seen.clear()
        publish(store(server, prefix), gallery)
        assert trouble.changes == []
    client = seaweed.client()
    for key in ("rainbow-hexagon/20261121-101500-4f2a/extras/large.zip", "beside.zip"):
        assert contents(client, prefix)(key) == content
    client.close()


def test_resets_and_slow_downs_are_waited_out(seaweed: S3Server, prefix: str, gallery: Path, publish: Publish) -> None:
    trouble, unlucky = Trouble(), dict[tuple[str, str], Iterator[str]]()

    def decide(method: str, path: str) -> str:
        """Every ninth request is reset first, then turned away, then answered."""
        answers = unlucky.setdefault((method, path), iter(() if len(unlucky) % 9 else ("reset", "slow down")))
        return next(answers, "")

    trouble.decide = decide
    with proxy(seaweed.url, trouble) as server:
        publish(store(server, prefix), gallery)
    client = seaweed.client()
    assert not dangling(contents(client, prefix))
    assert len(read_catalogue(store(seaweed, prefix)).runs) == 3
    client.close()


def test_a_server_that_stays_busy_is_told_and_what_was_uploaded_stays(
    seaweed: S3Server, prefix: str, gallery: Path, publish: Publish
) -> None:
    trouble, puts = Trouble(), 0

    def decide(method: str, path: str) -> str:
        nonlocal puts
        puts += method == "PUT"
        return "slow down" if puts > 40 else ""

    trouble.decide = decide
    with proxy(seaweed.url, trouble) as server:
        with pytest.raises(PublishError) as caught:
            publish(store(server, prefix), gallery)
        assert str(caught.value) == (
            f"s3://{BUCKET}/{prefix}: the server asked to slow down repeatedly; what was uploaded stays; "
            "publish again later"
        )
        client = seaweed.client()
        assert not dangling(contents(client, prefix))
        before = keys(client, prefix)
        trouble.decide = lambda method, path: ""
        trouble.seen.clear()
        publish(store(server, prefix), gallery)
        assert before <= keys(client, prefix)
    assert not dangling(contents(client, prefix))
    assert len(read_catalogue(store(seaweed, prefix)).runs) == 3
    client.close()


def publisher(gallery: Path, target: str, url: str) -> subprocess.Popen[str]:
    """Another machine: the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", "publish", str(gallery), target, "--endpoint-url", url],
        env={**os.environ, **KEYS, "PYTHONPATH": str(ROOT), "CI": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell's background job has Ctrl-C ignored, and so has everything that it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_ended_publisher_is_gone_on_with(
    seaweed: S3Server, prefix: str, make_gallery: Callable[..., Path], way: signal.Signals
) -> None:
    gallery = make_gallery("long", steps=60, every=1)
    trouble = Trouble(delay=0.1)
    client = seaweed.client()
    with proxy(seaweed.url, trouble) as server:
        process = publisher(gallery, f"s3://{BUCKET}/{prefix}", server.url)
        until = time.monotonic() + 120
        while len(trouble.changes) < 60 and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()
        process.send_signal(way)
        _, told = process.communicate(timeout=120)
        assert process.returncode == (130 if way == signal.SIGINT else -way), told
        assert "Traceback" not in told
        first = {path for _, path in trouble.changes}
        assert not dangling(contents(client, prefix))
        trouble.seen.clear()
        trouble.delay = 0
        process = publisher(gallery, f"s3://{BUCKET}/{prefix}", server.url)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
    twice = [path for _, path in trouble.changes if path in first and "/.orbifolio/" not in path]
    # a kill may cost what was sent since the manifest was last kept; an interruption what was on its way, eight
    # uploads at once and as many answers that nobody had noted yet
    assert len(twice) <= (64 + 16 if way == signal.SIGKILL else 16), twice
    assert not dangling(contents(client, prefix))
    client.close()


def test_three_machines_at_once_lose_nothing(seaweed: S3Server, prefix: str, make_gallery: Callable[..., Path]) -> None:
    galleries = [
        make_gallery(f"machine{number}", recipe=f"recipe-{number % 2}", identity=f"20261121-10150{number}-000{number}")
        for number in range(3)
    ]
    processes = [publisher(gallery, f"s3://{BUCKET}/{prefix}", seaweed.url) for gallery in galleries]
    for process in processes:
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
    client = seaweed.client()
    found = contents(client, prefix)
    assert not dangling(found)
    assert len(read_catalogue(store(seaweed, prefix)).runs) == 3
    for number in range(3):
        page = found(f"recipe-{number % 2}/index.html")
        assert page is not None
        assert f"20261121-10150{number}-000{number}".encode() in page
        assert f"recipe-{number % 2}/".encode() in (found("index.html") or b"")
    client.close()


def test_conditions_of_writes_are_kept_by_this_server(seaweed: S3Server, prefix: str) -> None:
    here = store(seaweed, prefix)
    assert not here.trusted
    assert keeps_conditions(here)


def test_wrong_keys_are_told(seaweed: S3Server, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-this-one")
    with pytest.raises(PublishError, match="the secret key does not belong to the access key") as caught:
        read_catalogue(store(seaweed, prefix))
    assert "not-this-one" not in str(caught.value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(PublishError, match="does not know this access key") as caught:
        read_catalogue(store(seaweed, prefix))
    assert "nobody" not in str(caught.value)


def test_a_bucket_that_is_not_there(seaweed: S3Server, credentials: None, gallery: Path, publish: Publish) -> None:
    with pytest.raises(PublishError) as caught:
        publish(store(seaweed, "art", bucket="not-there"), gallery)
    assert str(caught.value) == "s3://not-there/art: this bucket does not exist; create it, or correct the name"


def test_the_published_site_is_browsed_over_http(published_site: str) -> None:
    def get(path: str) -> tuple[int, bytes, Any]:
        request = urllib.request.Request(f"{published_site}/{path}", headers={"Accept-Encoding": "gzip"})
        try:
            with urllib.request.urlopen(request) as answer:
                body, headers, status = answer.read(), answer.headers, answer.status
        except HTTPError as error:
            body, headers, status = error.read(), error.headers, error.code
        return status, gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body, headers

    @functools.cache
    def page(key: str) -> bytes | None:
        status, body, _ = get(key)
        return body if status == 200 else None

    assert not dangling(page, "art/index.html")
    assert not dangling(page, "art/404.html")
    status, index, headers = get("art/")
    assert status == 200
    assert headers["Cache-Control"] == "no-cache"
    assert b"recipe-1/" in index
    assert b"recipe-2/" in index
    status, body, _ = get("art/no/such/page.html")
    assert status == 404
    assert b"There is no page here" in body


def test_a_website_server_serves_index_pages(seaweed: S3Server, prefix: str) -> None:
    client = seaweed.client()
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/index.html", Body=b"here", ContentType="text/html")
    with website(seaweed, BUCKET) as address, urllib.request.urlopen(f"{address}/{quote(prefix)}/") as answer:
        assert answer.read() == b"here"
    client.close()
    assert RecordingListener().said == []
