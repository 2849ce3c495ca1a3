"""The documentation site's sources: every link and every anchor leads somewhere; read without mkdocs."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from orbifolio.reports.data.card import THEMES

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("make_site", ROOT / "scripts" / "make_site.py")
assert _spec is not None
assert _spec.loader is not None
site = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(site)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    """The sources as mkdocs gets them."""
    folder = tmp_path_factory.mktemp("site") / "docs"
    site.write(folder)
    return folder


def anchors(text: str) -> set[str]:
    """Of a page's headings, as Python-Markdown's table of contents makes them."""
    found: set[str] = set()
    for part, is_prose in site.prose(text):
        for heading in re.findall(r"^#+ (.+)$", part, re.MULTILINE) if is_prose else ():
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
            name = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
            found.add(name if name not in found else f"{name}_{sum(each.startswith(name) for each in found)}")
    return found


def test_themes_come_in_the_gallery_s_order_and_none_is_unknown() -> None:
    assert site.THEMES == THEMES
    assert {path.parent.name for path in site.recipes()} <= set(THEMES)


def test_every_link_of_the_site_leads_somewhere(pages):
    texts = {path: path.read_text(encoding="utf-8") for path in pages.rglob("*.md")}
    broken, count = [], 0
    for path, text in texts.items():
        for part, is_prose in site.prose(text):
            for _, _, target in site.LINK.findall(part) if is_prose else ():
                if re.match(r"[a-z]+:", target):
                    continue
                count += 1
                name, _, anchor = target.partition("#")
                place = (path.parent / name).resolve() if name else path
                if not place.is_file() or (anchor and anchor not in anchors(texts[place])):
                    broken.append(f"{path.relative_to(pages)}: {target}")
    assert broken == []
    assert count > 300


def test_the_menu_has_every_page_and_no_other(pages):
    text = re.sub(r"!!python/name:\S+", "''", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))

    def leaves(menu):
        for each in menu:
            (value,) = each.values()
            yield from [value] if isinstance(value, str) else leaves(value)

    listed = list(leaves(yaml.safe_load(text)["nav"]))
    there = {path.relative_to(pages).as_posix() for path in pages.rglob("*.md")}
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name in there if not name.startswith("recipes/")}
    assert {f"recipes/{path.stem}.md" for path in site.recipes()} <= there


def test_links_to_code_become_words_and_code_stays_as_it_is():
    text = "[`a`](../runner/errors.py) [b](waves.md#x) [c](../README.md) [d](https://x.org)\n```\n[e](../runner/cli.py)\n```\n"
    assert site.relinked(text, "docs/how-to/x.md".replace("how-to/", ""), "x.md") == (
        "`a` [b](waves.md#x) [c](index.md) [d](https://x.org)\n```\n[e](../runner/cli.py)\n```\n"
    )


def test_the_api_page_has_all_that_the_package_offers(pages):
    import orbifolio

    text = (pages / "api.md").read_text(encoding="utf-8")
    for name in orbifolio.__all__:
        assert name.startswith("__") or f"## `{name}`" in text
