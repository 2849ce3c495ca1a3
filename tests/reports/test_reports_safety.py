"""A recipe or a run from a stranger shows as text: nothing of it runs, nothing is written elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html as lxml_html
from page_reading import read_page
from synthetic_run import BEGAN, replace_in

from orbifolio.reports.prose import _TAGS, markdown_to_html, markdown_to_text
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='x {{ 7*7 }} {% raw %}"
MakeRun = Callable[..., Path]

MARKDOWN = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,x)",
    "<img src=https://evil.example/x.png>",
    "![x](https://evil.example/x.png)",
    "<iframe src=https://evil.example>",
    "<p style='background:url(https://evil.example)' onclick=x id=main class=x>y</p>",
    "<svg onload=alert(1)>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<style>@import 'https://evil.example'</style>",
    "<form action=https://evil.example><input name=x></form>",
    "<base href=https://evil.example>",
    "[x](../../../etc/passwd)",
    "[x](//evil.example)",
    "<meta http-equiv=refresh content=0>",
    "<![CDATA[<script>]]>",
    "<math><mi//xlink:href='data:x,<script>'>",
    "[x]: javascript:alert(1)\n[x]",
    "<details open ontoggle=x>",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_hostile_markdown_is_harmless(text: str) -> None:
    tree = lxml_html.fromstring(f"<div>{markdown_to_html('before ' + text)}{markdown_to_html(text)}</div>")
    for element in tree.iter():
        if element is tree:
            continue
        assert element.tag in _TAGS
        assert set(element.attrib) <= {"href", "title", "rel", "start"}
        if (address := element.get("href")) is not None:
            assert address.startswith(("http://", "https://", "mailto:"))


def test_good_markdown_survives() -> None:
    shown = markdown_to_html(
        "# One\n\n#### Two\n\n**b** [x](https://example.org/?a=1&b=2)\n\n| a | b |\n|--|--|\n| 1 | 2 |\n"
    )
    assert "<h2>One</h2>" in shown
    assert "<h3>Two</h3>" in shown
    assert "<strong>b</strong>" in shown
    assert 'href="https://example.org/?a=1&amp;b=2"' in shown
    assert "<td>2</td>" in shown


def test_hostile_text_everywhere_is_only_text(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(
        title=EVIL,
        theme=EVIL,
        about=EVIL,
        device=EVIL,
        seed=EVIL,
        network=EVIL,
        overrides=[EVIL],
        status="failed",
        message=EVIL,
        rerun={"local": EVIL, "resume": EVIL, "cloud": EVIL},
        references=[EVIL],
        until=9,
        parameters={EVIL: EVIL},
        versions={EVIL: EVIL},
        system={EVIL: EVIL},
        weights=[{"name": EVIL, "licence": EVIL, "source": EVIL, "notes": EVIL, "sha256": EVIL}],
        symmetry={
            "group": EVIL,
            "title": EVIL,
            "notes": [EVIL],
            "advisories": [EVIL],
            "worst": 0.1,
            "claims": [{"name": EVIL, "colour": EVIL, "residual": EVIL}],
        },
        inputs=[{"name": EVIL, "source": EVIL, "original": "inputs/style-1.webp"}],
        extras=[{"path": "extras/tile.png", "title": EVIL, "kind": "picture"}],
        sizes=((16, 28), (32, 56)),
    )
    (folder / "recipe.yaml").write_text(f"title: {EVIL}\n# {EVIL}\n")
    rebuild_gallery(gallery, now=BEGAN + 5)
    pages = list(gallery.rglob("index.html"))
    assert len(pages) > 8
    for path in pages:
        tree = read_page(path)
        scripts = tree.xpath("//script")
        assert all(
            re.fullmatch(r"(\.\.?/)+assets/(vendor/)?[\w.-]+-[0-9a-f]{8}\.js", script.get("src", ""))
            or script.get("type") == "application/json"
            for script in scripts
        ), path
        assert not tree.xpath("//@onerror | //@onload | //img[@src='x']"), path
        assert all("<" not in (script.text or "") for script in scripts)
        assert "49" not in "".join(tree.xpath("//h1/text()"))
    run = read_page(folder / "index.html")
    assert run.xpath("//h1/text()") == [EVIL]


@pytest.mark.parametrize("path", ["../../../outside", "/tmp/outside", "..", "a/../../b", "C:\\x", "phases/../../x"])
def test_paths_of_a_run_stay_inside_it(make_run: MakeRun, gallery: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("secret")
    folder = make_run(
        final={"path": path, "width": 3, "height": 3, "tiles": [True, True]},
        inputs=[{"name": "x", "original": path, "prepared": path}],
        extras=[{"path": path, "title": "x"}],
    )
    loaded = json.loads((folder / "run.json").read_text())
    for phase in loaded["phases"]:
        phase["folder"] = path
    (folder / "run.json").write_text(json.dumps(loaded))
    before = {item for item in tmp_path.rglob("*") if not item.is_relative_to(gallery)}
    page = write_report(folder, gallery=gallery, now=BEGAN + 5).read_text()
    assert {item for item in tmp_path.rglob("*") if not item.is_relative_to(gallery)} == before
    assert all(item.is_relative_to(folder / "phases") for item in gallery.rglob("steps"))
    assert "outside" not in page


def test_a_number_without_measure_costs_nothing(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run()
    replace_in(folder / "events.jsonl", '"step": 3', '"step": 1000000000000000000')
    assert "Rainbow hexagon" in write_report(folder, gallery=gallery, now=BEGAN + 5).read_text()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["[a" * 50_000, "*" * 100_000, "word " * 50_000, "`" * 9_999])
def test_markdown_of_a_stranger_takes_no_time(text: str) -> None:
    assert str(markdown_to_html(text)).startswith("<p>")
    assert len(markdown_to_text(text)) <= 161
