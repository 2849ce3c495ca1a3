"""Mail around a run: it is told of its begin and its end, and a mail that cannot be sent costs a warning only."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from orbifolio.runner.cli import cli
from orbifolio.runner.errors import MailError
from orbifolio.runner.images.writing import write_png16
from orbifolio.runner.mail.notifier import Notifier
from orbifolio.runner.mail.ses import SES

RECIPE = """\
schema: 1
title: Tiny
renderer: {kind: image-optimisation, vision: untrained, objectives: [range, smoothness], phases: [{size: 16, steps: 2}]}
"""


class Post(SES):
    """Keeps what it is given, or fails."""

    def send(self, message: EmailMessage) -> None:
        if TROUBLE:
            raise TROUBLE[0]
        SENT.append(message)


SENT: list[EmailMessage] = []
TROUBLE: list[Exception] = []


@pytest.fixture(autouse=True)
def _empty() -> None:
    SENT.clear()
    TROUBLE.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's."""
    path = tmp_path / "tiny" / "20261121-101500-0001"
    path.mkdir(parents=True)
    (path / "run.json").write_text(json.dumps({"title": "Tiny", "status": "running"}))
    return path


def _finish(folder: Path) -> None:
    write_png16(folder / "final.png", np.full((2000, 3000, 3), 0.5, np.float32), title="Tiny")
    final = {"path": "final.png", "width": 3000, "height": 2000}
    (folder / "run.json").write_text(json.dumps({"title": "Tiny", "status": "done", "final": final}))


def test_begin_and_end(folder: Path) -> None:
    said: list[str] = []
    mailer = Post(sender="a@example.org", to=("b@example.org",))
    with Notifier(mailer, lambda run: f"https://x.example/{run.name}", said.append) as notifier:
        notifier.begin(folder)
        notifier._first.join()  # type: ignore[union-attr]
        _finish(folder)
    assert [message["Subject"] for message in SENT] == ["Tiny has begun", "Tiny is done"]
    (picture,) = [part for part in SENT[1].walk() if part.get_content_type() == "image/jpeg"]
    (folder / "seen.jpg").write_bytes(picture.get_payload(decode=True))  # type: ignore[arg-type]
    with Image.open(folder / "seen.jpg") as image:
        assert image.size == (1200, 800)
        assert image.getpixel((600, 400)) == pytest.approx((128, 128, 128), abs=2)
    assert said == ["mail sent to b@example.org"]


def test_only_the_end_if_so_wished(folder: Path) -> None:
    with Notifier(Post(sender="a@example.org", to=("b@example.org",), start=False), lambda run: "", print) as notifier:
        notifier.begin(folder)
        _finish(folder)
    assert [message["Subject"] for message in SENT] == ["Tiny is done"]


@pytest.mark.parametrize(
    "trouble", [MailError("refused; try"), OSError("no network"), ZeroDivisionError("a fault of ours")]
)
def test_a_failing_mail_is_a_warning(folder: Path, trouble: Exception) -> None:
    said: list[str] = []
    TROUBLE.append(trouble)
    with Notifier(Post(sender="a@example.org", to=("b@example.org",)), lambda run: "", said.append) as notifier:
        notifier.begin(folder)
    assert len(said) == 2
    assert all(line.startswith("warning: no mail was sent: ") for line in said)


def test_a_run_that_fails_is_told_and_fails_as_it_would(folder: Path) -> None:
    mailer = Post(sender="a@example.org", to=("b@example.org",), start=False)
    record = {"title": "Tiny", "status": "failed", "message": "disk full; make room"}
    (folder / "run.json").write_text(json.dumps(record))

    def go() -> None:
        with Notifier(mailer, lambda run: "", print) as notifier:
            notifier.begin(folder)
            raise KeyError

    with pytest.raises(KeyError):
        go()
    assert SENT[0]["Subject"] == "Tiny failed"
    assert "disk full; make room" in SENT[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_nothing_is_sent_of_a_run_that_never_began() -> None:
    with Notifier(Post(sender="a@example.org", to=("b@example.org",)), lambda run: "", print):
        pass
    assert not SENT


def test_a_run_with_a_mail_server_that_is_away_is_done(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    mail = tmp_path / "mail.yaml"
    mail.write_text("mail: {kind: smtp, host: 127.0.0.1, port: 9, security: none, sender: a@b.c, to: a@b.c}")
    words = ["run", str(tmp_path / "tiny.yaml"), "--out", str(tmp_path / "gallery"), "--mail", str(mail)]
    answer = CliRunner().invoke(cli, words, standalone_mode=False)
    assert answer.exception is None, answer.output
    assert "warning: no mail was sent: 127.0.0.1:9" in answer.stderr
    (summary,) = tmp_path.glob("gallery/tiny/*/run.json")
    assert json.loads(summary.read_text())["status"] == "done"
    assert "a@b.c" not in summary.read_text()  # a published report tells nobody's address
