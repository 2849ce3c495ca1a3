"""A webhook on the loopback: what Slack, Discord and ntfy would get, and that trouble never fails a run."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from orbifolio.runner.errors import MailError, RecipeError
from orbifolio.runner.mail.message import compose
from orbifolio.runner.mail.notifier import Notifier
from orbifolio.runner.mail.settings import read_mailer
from orbifolio.runner.mail.webhook import Webhook

SUMMARY = {"title": "Koi – in öl", "recipe": "koi", "seed": 3, "status": "done", "seconds": 61, "steps": 9}
LINK = "https://pictures.example.org/koi/index.html"


class Hook(http.server.ThreadingHTTPServer):
    """Keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.code = 200
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((self.path, dict(self.headers), body))
                self.send_response(hook.code)
                if hook.code == 302:
                    self.send_header("Location", f"http://127.0.0.1:{hook.server_port}/elsewhere")
                self.end_headers()

            def log_message(self, *nothing: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/secret"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_services_find_their_words_under_the_key_that_they_know(hook: Hook):
    webhook = Webhook(url=hook.address)
    webhook.send(compose(webhook, SUMMARY, address=LINK))
    ((path, headers, body),) = hook.got
    assert path == "/hook/secret"
    assert headers["Content-Type"] == "application/json"
    told = json.loads(body)
    assert told["text"] == told["content"]
    assert told["text"].startswith("Koi – in öl is done.")
    assert "Time: 1:01, 9 steps" in told["text"]
    assert (told["title"], told["report"]) == ("Koi – in öl is done", LINK)


def test_ntfy_gets_text_with_title_and_link(hook: Hook):
    webhook = Webhook(url=hook.address, format="ntfy")
    webhook.send(compose(webhook, SUMMARY, address=LINK))
    ((_, headers, body),) = hook.got
    assert (headers["Title"], headers["Click"]) == ("Koi ? in ?l is done", LINK)
    assert body.decode().startswith("Koi – in öl is done.")


def test_a_run_is_told_of_at_its_start_and_its_end_by_an_address_of_the_environment(hook: Hook, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_HOOK", hook.address)
    settings = tmp_path / "mail.yaml"
    settings.write_text("mail: {kind: webhook, url_variable: MY_HOOK}\n")
    said: list[str] = []
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps(SUMMARY))
    with Notifier(read_mailer(settings), lambda folder: LINK, said.append) as notifier:
        notifier.begin(tmp_path / "run")
    assert len(hook.got) == 2
    assert said == ["mail sent to the webhook"]
    assert not any("secret" in line for line in said)


@pytest.mark.parametrize(("code", "words"), [(404, "answers 404"), (500, "answers 500"), (302, "answers 302")])
def test_what_is_refused_is_told_without_the_address_and_followed_nowhere(hook: Hook, code, words):
    hook.code = code
    with pytest.raises(MailError, match=words) as caught:
        Webhook(url=hook.address).send(compose(Webhook(url=hook.address), SUMMARY, address=""))
    assert "secret" not in str(caught.value)
    assert [path for path, *_ in hook.got] == ["/hook/secret"]


def test_nobody_there_and_no_address_are_told(hook: Hook, monkeypatch):
    free = Webhook(url="http://127.0.0.1:9/x")
    with pytest.raises(MailError, match="cannot be reached"):
        free.send(compose(free, SUMMARY, address=""))
    unset = Webhook(url_variable="NO_SUCH_HOOK")
    monkeypatch.delenv("NO_SUCH_HOOK", raising=False)
    with pytest.raises(MailError, match="the variable NO_SUCH_HOOK holds no address"):
        unset.send(compose(unset, SUMMARY, address=""))
    monkeypatch.setenv("NO_SUCH_HOOK", "http://example.org/x")
    with pytest.raises(MailError, match="by https only"):
        unset.send(compose(unset, SUMMARY, address=""))


@pytest.mark.parametrize(
    "values", [{}, {"url": "http://example.org/x"}, {"url": "ftp://x"}, {"url": "https://a", "url_variable": "B"}]
)
def test_addresses_are_judged_when_they_are_read(values, tmp_path: Path):
    with pytest.raises(ValidationError):
        Webhook(**values)
    path = tmp_path / "mail.yaml"
    path.write_text(f"mail: {json.dumps({'kind': 'webhook', **values})}\n")
    with pytest.raises(RecipeError):
        read_mailer(path)
