"""The part with the globe: there only where its files are, and where galleries take their cover from."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.media.run_card import card_from_run
from orbifolio.reports.parts.product.globe import globe_part
from orbifolio.reports.write import write_report

EXTRAS = [
    {"path": "extras/globe.js", "title": "the page's globe", "kind": "scene"},
    {"path": "extras/globe.webp", "title": "The globe", "kind": "picture"},
    {"path": "extras/spin.webp", "title": "Rotation as a loop", "kind": "picture"},
    {"path": "extras/globe.glb", "title": "The globe as a model", "kind": "data"},
    {"path": "extras/orb.stl", "title": "A ball to print", "kind": "data"},
]


def orb(gallery: Path, **changes: Any) -> Path:
    folder = write_run(gallery, **{"extras": EXTRAS, "cover": "extras/globe.webp", **changes})
    for name in ("globe.js", "globe.glb", "orb.stl"):
        (folder / "extras" / name).write_text("x")
    for name in ("globe.webp", "spin.webp"):
        Image.new("RGBA", (64, 64), (200, 90, 40, 128)).save(folder / "extras" / name)
    return folder


def part(folder: Path) -> Any:
    return globe_part(read_run(folder, now=BEGAN + 1000), Place(folder))


def test_the_part_names_its_scene_its_picture_and_its_files(tmp_path: Path) -> None:
    section = part(orb(tmp_path))
    assert (section.title, section.label) == ("Globe", "Rainbow hexagon, as a globe")
    assert section.scene == "extras/globe.js"
    assert section.still.alt == section.label
    assert [link.href for link in section.links] == ["extras/spin.webp", "extras/globe.glb", "extras/orb.stl"]


def test_bodies_in_colour_are_offered_and_named(tmp_path: Path) -> None:
    names = [f"solid/orb-80mm-{half}-half.{ending}" for half in ("upper", "lower") for ending in ("webp", "3mf", "stl")]
    folder = orb(
        tmp_path, extras=[*EXTRAS, *({"path": f"extras/{name}", "title": name, "kind": "data"} for name in names)]
    )
    for name in names:
        (folder / "extras" / name).parent.mkdir(exist_ok=True)
        (folder / "extras" / name).write_text("x")
    told = {link.href: link.label for link in part(folder).links}
    assert [told[f"extras/solid/orb-80mm-{half}-half.3mf"] for half in ("upper", "lower")] == [
        "For 3D printing in colour, the upper half (3MF, 1 B)",
        "For 3D printing in colour, the lower half (3MF, 1 B)",
    ]
    assert not any(href.startswith("extras/solid") and href.endswith((".stl", ".webp")) for href in told)


@pytest.mark.parametrize(
    "changes",
    [
        {"extras": EXTRAS[1:]},
        {"cover": ""},
        {"cover": "extras/none.webp"},
        {"cover": "../../elsewhere.webp"},
        {"extras": "torn"},
        {"extras": [{"path": "/etc/passwd", "kind": "scene"}]},
        {"extras": [{"path": "../../a.js", "kind": "scene"}]},
        {"extras": [{"path": "extras/missing.js", "kind": "scene"}]},
    ],
    ids=json.dumps,
)
def test_without_all_it_needs_there_is_no_part(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert part(orb(tmp_path, **changes)) is None


def test_the_gallery_shows_the_portrait(tmp_path: Path) -> None:
    folder = orb(tmp_path)
    assert card_from_run(read_run(folder, now=BEGAN + 1000)).cover.path == "extras/globe.webp"
    other = orb(tmp_path, recipe="other", cover="extras/none.webp")
    assert card_from_run(read_run(other, now=BEGAN + 1000)).cover.path == "final.png"


def test_the_page_holds_the_part_and_offers_no_scene_to_take_away(tmp_path: Path) -> None:
    folder = orb(tmp_path, title='A "title" <b>')
    text = write_report(folder, gallery=tmp_path, now=BEGAN + 1000).read_text(encoding="utf-8")
    assert 'id="globe"' in text
    assert text.count("extras/globe.js") == 1
    assert html.escape('A "title" <b>', quote=True).replace("&quot;", "&#34;") in text
    assert "the page&#39;s globe" not in text
    for name in ("globe", "painters"):
        assert re.search(rf"assets/{name}-[0-9a-f]{{8}}\.js", text)
