"""`serve --open`: no command line holds the token, and nobody else can read the file that does."""

from __future__ import annotations

import json
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from orbifolio.runner.commands.serving import serve
from orbifolio.runner.server import redirect_file

LINK = "http://127.0.0.1:1080/?token=a-token-of-more-than-sixteen-letters&x=%22%3E"
BROWSER = """\
import html, json, os, re, sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
seen = Path("/proc/self/cmdline").read_bytes().decode()
path = Path(url2pathname(urlsplit(sys.argv[2]).path))
text = path.read_text(encoding="utf-8")
modes = [oct(each.stat().st_mode & 0o777) for each in (path, path.parent)]
address = html.unescape(re.search('content="0; url=([^"]*)"', text)[1])
Path(sys.argv[1]).write_text(json.dumps([seen, modes, address, str(path)]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_browser_is_led_by_a_private_file_that_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, report = tmp_path / "browser.py", tmp_path / "report.json"
    script.write_text(BROWSER, encoding="utf-8")
    visited = threading.Event()

    def open_in_child(address: str) -> bool:
        done = webbrowser.GenericBrowser([sys.executable, str(script), str(report), "%s"]).open(address)
        visited.set()
        return done

    def run(options: object, say: Callable[[str], None], announce: Callable[[str], None]) -> None:
        announce(LINK)
        assert visited.wait(60)

    monkeypatch.setattr(webbrowser, "open", open_in_child)
    monkeypatch.setattr("orbifolio.runner.server.serve.serve", run)
    monkeypatch.setattr(redirect_file, "BEGIN_SECONDS", 0.0)
    ended = CliRunner().invoke(serve, ["--open", "--device", "cpu", "--out", str(tmp_path / "gallery")])
    assert ended.exception is None
    assert LINK in ended.output
    seen, modes, address, path = json.loads(report.read_text())
    assert "token" not in seen
    assert modes == ["0o600", "0o700"]
    assert address == LINK
    assert not Path(path).parent.exists()


def test_the_file_does_not_outlive_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(redirect_file, "BEGIN_SECONDS", 0.0)
    monkeypatch.setattr(redirect_file, "KEPT_SECONDS", 0.05)
    with redirect_file.opened_later(LINK):
        for thread in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
            thread.join()
        (address,) = opened
        assert not Path(address.removeprefix("file://")).parent.exists()
