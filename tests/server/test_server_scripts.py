"""Which scripts run on the control page's origin: those that ship, and data; nothing else that lies in a gallery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import Visitor

from orbifolio.reports.files import data_script, is_data_script


@pytest.fixture
def folder(visitor: Visitor) -> Iterator[Path]:
    """A run's folder in the gallery, in which somebody has put files."""
    import shutil

    folder = visitor.serving.state.gallery / "nets" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["evil.html", "EVIL.HTML"])
@pytest.mark.parametrize(
    "script", ["<script>alert(1)</script>", "<SCRIPT type=module>x()</SCRIPT >", "<script >1</script>"]
)
def test_a_page_with_a_script_of_its_own_is_sandboxed(visitor: Visitor, folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"<!doctype html><title>x</title>{script}", encoding="utf-8")
    answer = visitor.client.get(f"/gallery/nets/{folder.name}/{name}")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert policy.startswith("sandbox allow-scripts;") or "script-src 'self';" in policy
    assert "allow-same-origin" not in policy
    if "sandbox" in policy:
        assert "script-src 'sha256-" in policy
        assert "connect-src" not in policy  # as default-src: nothing


def test_a_report_has_no_script_of_its_own_and_is_not_sandboxed(visitor: Visitor) -> None:
    policy = visitor.client.get("/gallery/index.html").headers["content-security-policy"]
    assert "sandbox" not in policy
    assert "script-src 'self';" in policy


def test_only_scripts_that_ship_are_served(visitor: Visitor, folder: Path) -> None:
    address = f"/gallery/nets/{folder.name}"
    (folder / "evil.js").write_text("fetch('/api/runs')", encoding="utf-8")
    (folder / "data.js").write_text(data_script("runs", [{"a": "</script>"}]), encoding="utf-8")
    assert visitor.client.get(f"{address}/evil.js").status_code == 404
    assert visitor.client.get(f"{address}/data.js").status_code == 200
    page = visitor.client.get("/gallery/index.html").text
    scripts = [part.split('"')[0] for part in page.split('<script src="')[1:]]
    assert scripts
    for script in scripts:
        answer = visitor.client.get(f"/gallery/{script}")
        assert answer.status_code == 200, script
        assert answer.headers["content-type"].startswith("text/javascript")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_what_data_scripts_hold_is_data(data: object) -> None:
    text = data_script("live", data)
    assert is_data_script(text.encode())
    assert json.loads(text.removeprefix("orbifolio.live(").removesuffix(");\n")) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alert(1)",
        "orbifolio.runs(alert(1));\n",
        "orbifolio.runs([1]);alert(1);\n",
        "orbifolio.runs([1]);\nalert(1);\n",
        "orbifolio.a.constructor([1]);\n",
        'orbifolio.runs("`${alert(1)}`");alert("");\n',
        "orbifolio.runs(" + "[" * 100_000 + ");\n",
    ],
)
def test_what_does_more_is_no_data_script(text: str) -> None:
    assert not is_data_script(text.encode())
