"""User data executed for real, in a scratch root: what a rented machine does, in which order, also if it fails."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import BUCKET, KEYS, S3Server, serving
from stubs import Facts, Machine, dependencies, machine

from orbifolio.runner.cloud.launch import script_of
from orbifolio.runner.cloud.launch_spec import LaunchSpec
from orbifolio.runner.cloud.prepare import LaunchOptions, PreparedLaunch, prepare
from orbifolio.runner.cloud.wheel import make_wheel
from orbifolio.runner.commands.publishing import target_settings
from orbifolio.runner.mail.settings import read_mailer
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.loop import Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # a venv, a wheel, torch: each takes its time

RECIPE = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: image-optimisation
  vision: untrained
  objectives: [range, smoothness, {kind: style, images: [../pictures/photo.png], layers: [conv1_1]}]
  phases: [{size: 16, steps: STEPS}]
frames: 3
"""
STEPS = 200
"""So many that a machine can be lost in between."""
MAIL = """\
mail: {kind: ses, region: us-east-1, sender: studio@example.org, to: ann@example.org}
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this very program."""
    return make_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dependencies(tmp_path_factory.mktemp("packages") / "site")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first machine's environment, which later ones begin with."""
    return {}


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def boot(
    seaweed: S3Server, facts: Facts, packages: Path, installed: dict[str, Path], tmp_path: Path
) -> Iterator[Callable[..., Machine]]:
    """Makes machines; whatever they leave running is ended."""
    if shutil.which("curl") is None:
        pytest.skip("a machine asks for its facts by curl, which is not here")
    processes = []
    with serving(facts.handler()) as address:

        def make(script: str, *, bare: bool = False, **more: str) -> tuple[Machine, Any]:
            root = tmp_path / f"machine-{len(processes)}"
            made = machine(root, s3=seaweed.url, facts=address, packages=packages, more=more)
            if not bare and "venv" in installed:
                made.base.mkdir()
                (made.base / "venv").symlink_to(installed["venv"])
            process = made.boot(script)
            processes.append(process)
            return made, process

        yield make
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


@pytest.fixture
def prepared(tmp_path: Path, seaweed: S3Server, program: Path) -> Callable[..., PreparedLaunch]:
    """A launch whose files lie in the bucket."""

    def make(*, steps: int = 4, mail: bool = False, wheel: Path | None = None, mode: str = "run") -> PreparedLaunch:
        from PIL import Image
        from skimage.data import astronaut

        folder = tmp_path / "recipes"
        (folder / "pictures").mkdir(parents=True)
        (folder / "plane").mkdir()
        Image.fromarray(astronaut()[:64, :64]).save(folder / "pictures" / "photo.png")
        path = folder / "plane" / "tiny.yaml"
        path.write_text(RECIPE.replace("STEPS", str(steps)))
        settings = tmp_path / "mail.yaml"
        settings.write_text(MAIL)
        options = LaunchOptions(
            gallery=target_settings(f"s3://{BUCKET}/{tmp_path.name}/gallery"),  # type: ignore[arg-type]
            work=target_settings(f"s3://{BUCKET}/{tmp_path.name}/launches"),  # type: ignore[arg-type]
            region="us-east-1",
            hours=1.0,
            mode=mode,
            reach="ssm" if mode == "serve" else "none",
            wheel=wheel or program,
            mailer=read_mailer(settings) if mail else None,
            mail_text=settings.read_bytes() if mail else b"",
        )
        found = prepare(load(path), options)
        for name, content in found.files().items():
            seaweed.client().put_object(Bucket=BUCKET, Key=f"{found.spec.location.prefix}/{name}", Body=content)
        return found

    return make


def stored(seaweed: S3Server, order: LaunchSpec, name: str) -> bytes:
    answer = seaweed.client().get_object(Bucket=BUCKET, Key=f"{order.location.prefix}/{name}")
    return bytes(answer["Body"].read())


def published(seaweed: S3Server, order: LaunchSpec) -> list[str]:
    prefix = order.gallery.partition(BUCKET)[2].lstrip("/")
    found = seaweed.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [item["Key"].removeprefix(f"{prefix}/") for item in found]


def finish(process: Any, seconds: float = 240.0) -> int:
    return int(process.wait(seconds))


def final(made: Machine) -> bytes:
    (path,) = made.base.glob("gallery/tiny/*/final.png")
    return path.read_bytes()


def undisturbed(folder: Path) -> bytes:
    """What the recipe of `prepared` comes to in this process."""
    path = folder / "recipes/plane/tiny.yaml"
    done = Run(load(path), gallery=folder / "here", device="cpu", command="").execute(lambda run: [])
    return (done.folder / "final.png").read_bytes()


def place(lines: list[str], part: str) -> int:
    """Where a line with this part first stands."""
    found = [number for number, line in enumerate(lines) if part in line]
    assert found, (part, lines)
    return found[0]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Amazon's mail service, on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_from_boot_to_end(
    boot: Callable[..., Any],
    prepared: Callable[..., PreparedLaunch],
    seaweed: S3Server,
    post: str,
    installed: dict[str, Path],
) -> None:
    import boto3
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    boto3.client("ses", endpoint_url=post, **_keys()).verify_email_identity(EmailAddress="studio@example.org")
    launch = prepared(mail=True)
    made, process = boot(script_of(launch.spec), bare=True, AWS_ENDPOINT_URL_SES=post)
    assert finish(process) == 0, made.log()
    lines = made.journal
    assert lines[0] == "shutdown -h +60 orbifolio: the time of this machine is over"  # before anything else
    assert lines[-1] == "shutdown -h now"
    order = [place(lines, part) for part in ("status.json", "/bundle.tar.gz", ".whl", "state.tar")]
    assert order == sorted(order)
    assert not any("stop" in line.split("/")[-1] and line.startswith("aws ses") for line in lines)
    assert (made.base / "venv/bin/orbifolio").is_file()
    status = json.loads(stored(seaweed, launch.spec, "status.json"))
    assert (status["state"], status["reason"]) == ("done", "")
    log = stored(seaweed, launch.spec, "log.txt").decode()
    assert "published: " in log
    assert "orbifolio: done" in log
    assert log.index("published: ") < log.index("mail sent to ann@example.org")  # the link leads somewhere
    keys = published(seaweed, launch.spec)
    assert "index.html" in keys
    assert any(key.endswith("/final.png") for key in keys)
    assert not any("checkpoint" in key for key in keys)
    begun, done = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages[-2:]
    assert "Subject: Tiny has begun" in begun.raw_data
    assert "Subject: Tiny is done" in done.raw_data
    assert "image/jpeg" in done.raw_data
    installed["venv"] = made.base / "venv"
    assert "tester-secret" not in log + "".join(lines) + script_of(launch.spec)


def _keys() -> dict[str, str]:
    return {
        "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
        "region_name": "us-east-1",
    }


def test_a_lost_spot_machine_is_gone_on_with_to_the_same_picture(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch], seaweed: S3Server, facts: Facts, tmp_path: Path
) -> None:
    launch = prepared(steps=STEPS)
    script = script_of(launch.spec)
    first, process = boot(script)
    _until(lambda: list(first.base.glob("gallery/tiny/*/checkpoint/state.pt")), process, first)
    facts.notice = True
    assert finish(process) == 130, first.log()
    assert not list(first.base.glob("gallery/tiny/*/final.png"))
    (summary,) = first.base.glob("gallery/tiny/*/run.json")
    assert json.loads(summary.read_text())["rerun"]["resume"] == f"orbifolio launch --resume {launch.spec.launch}"
    assert first.journal[-1] == "shutdown -h now"
    status = json.loads(stored(seaweed, launch.spec, "status.json"))
    assert (status["state"], status["reason"]) == ("interrupted", "the spot machine is taken back")
    with tarfile.open(fileobj=io.BytesIO(stored(seaweed, launch.spec, "state.tar"))) as state:
        names = state.getnames()
    assert names[0].endswith("checkpoint/state.pt")  # before the log, which goes on
    facts.notice = False
    second, process = boot(script)
    assert finish(process) == 0, second.log()
    assert "orbifolio: going on from" in second.log()
    events = [
        json.loads(line) for line in next(second.base.glob("gallery/tiny/*/events.jsonl")).read_text().splitlines()
    ]
    assert [event["resumed"] for event in events if event["event"] == "run-started"] == [False, True]
    steps = [event["step"] for event in events if event["event"] == "stepped"]
    assert steps == list(range(1, STEPS + 1))  # none lost, none twice
    assert final(second) == undisturbed(tmp_path)  # as if it had never been lost


def test_a_request_to_stop_keeps_the_state(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch], seaweed: S3Server
) -> None:
    launch = prepared(steps=3000)
    made, process = boot(script_of(launch.spec))
    _until(lambda: list(made.base.glob("gallery/tiny/*/checkpoint/state.pt")), process, made)
    seaweed.client().put_object(Bucket=BUCKET, Key=f"{launch.spec.location.prefix}/stop", Body=b"stop")
    assert finish(process) == 130, made.log()
    assert json.loads(stored(seaweed, launch.spec, "status.json"))["reason"] == "stopped on request"
    assert stored(seaweed, launch.spec, "state.tar")
    assert made.journal[-1] == "shutdown -h now"


def test_a_run_that_fails_ends_the_machine_and_tells(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch], seaweed: S3Server
) -> None:
    launch = prepared()
    script = script_of(launch.spec).replace("'publish=", "renderer.phases.0.size=nonsense 'publish=")
    made, process = boot(script)
    assert finish(process) == 2, made.log()
    assert json.loads(stored(seaweed, launch.spec, "status.json"))["state"] == "failed"
    assert "renderer.phases.0.size" in stored(seaweed, launch.spec, "log.txt").decode()
    assert made.journal[-1] == "shutdown -h now"


def test_a_program_that_cannot_be_installed_is_told_by_mail(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch], seaweed: S3Server, wheel: Path
) -> None:
    launch = prepared(mail=True, wheel=wheel)
    made, process = boot(script_of(launch.spec), bare=True)
    assert finish(process) == 1, made.log()
    sent = next(line for line in made.journal if line.startswith("aws ses send-email"))
    assert "--from studio@example.org --to ann@example.org" in sent
    assert "could not be set up" in sent
    assert made.journal[-1] == "shutdown -h now"
    assert json.loads(stored(seaweed, launch.spec, "status.json"))["state"] == "failed"


def test_a_bucket_that_cannot_be_read_ends_the_machine(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch]
) -> None:
    launch = prepared()
    made, process = boot(
        script_of(launch.spec), AWS_ENDPOINT_URL_S3="http://127.0.0.1:9", ORBIFOLIO_PAUSE="0.05", AWS_MAX_ATTEMPTS="1"
    )
    assert finish(process) == 1
    assert made.journal[0].startswith("shutdown -h +60")
    assert made.journal[-1] == "shutdown -h now"
    assert "cannot be read" in made.log()


def test_a_page_that_nobody_comes_to_runs_the_recipe_and_ends(
    boot: Callable[..., Any], prepared: Callable[..., PreparedLaunch], seaweed: S3Server
) -> None:
    launch = prepared(mode="serve")
    script = script_of(launch.spec).replace("--idle-minutes 20", "--idle-minutes 0.05 --port 0")
    made, process = boot(script)
    assert finish(process) == 0, made.log()
    token = stored(seaweed, launch.spec, "token").decode().strip()
    assert len(token) == 32
    assert token not in script
    assert json.loads(stored(seaweed, launch.spec, "status.json"))["state"] == "done"
    assert any(key.endswith("/final.png") for key in published(seaweed, launch.spec))
    assert made.journal[-1] == "shutdown -h now"


def _until(found: Callable[[], object], process: Any, made: Machine) -> None:
    until = time.monotonic() + 120
    while not found():
        assert process.poll() is None, made.log()
        assert time.monotonic() < until, made.log()
        time.sleep(0.05)
