"""The feed: Atom as its standard asks, the newest pictures first, the same bytes for the same runs."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from lxml import etree
from synthetic_card import HOSTILE, a_card

from orbifolio.reports.data.card import Card
from orbifolio.reports.pages.feed import FEED_NAME, MAX_ENTRIES
from orbifolio.reports.render import renderer
from orbifolio.reports.write_gallery import files_above

ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://www.w3.org/1999/xhtml"}


def parsed(cards: list[Card], **options: Any) -> etree._Element:
    content = files_above(Path("/nowhere"), cards, renderer(), **options)[FEED_NAME]
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(value) for value in root.xpath(path, namespaces=ATOM)]


def test_every_element_that_the_standard_demands() -> None:
    root = parsed([a_card(number) for number in range(3)])
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    for parent in [root, *root.findall("a:entry", ATOM)]:
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"a:{name}", ATOM)) == 1
            assert parent.findtext(f"a:{name}", namespaces=ATOM)
    assert texts(root, "a:author/a:name/text()") == ["orbifolio"]
    assert texts(root, "a:link[@rel='self']/@href") == ["feed.xml"]
    assert len(texts(root, "a:entry/a:link[@rel='alternate']/@href")) == 3
    for content in root.findall("a:entry/a:content", ATOM):
        assert content.get("type") == "xhtml"
        assert [child.tag for child in content] == ["{http://www.w3.org/1999/xhtml}div"]


def test_newest_first_and_not_too_many() -> None:
    root = parsed([a_card(number) for number in range(80)])
    updated = texts(root, "a:entry/a:updated/text()")
    assert len(updated) == MAX_ENTRIES
    assert updated == sorted(updated, reverse=True)
    assert root.findtext("a:updated", namespaces=ATOM) == updated[0]
    assert updated[0] == "2025-11-21T10:15:39Z"  # when run 79 ended, by its log


def test_names_last_for_ever_and_differ() -> None:
    cards = [a_card(number) for number in range(10)]
    before = texts(parsed(cards), "//a:id/text()")
    assert len(set(before)) == 11
    assert all(uuid.UUID(name) for name in before)
    assert all(name.startswith("urn:uuid:") for name in before)
    after = texts(parsed([a_card(50), *cards]), "//a:id/text()")
    assert set(before) < set(after)


def test_only_finished_pictures_are_news() -> None:
    cards = [a_card(1), a_card(2, status="failed"), a_card(3, status="running"), a_card(4, cover=None)]
    assert texts(parsed(cards), "a:entry/a:title/text()") == ["Recipe 1"]


def test_the_picture_and_the_first_words() -> None:
    root = parsed([a_card(7, about="First words & more <b>.")])
    assert texts(root, "//x:img/@src") == ["recipe-7/20261121-000000-0000/thumbs/final-32.webp"]
    assert texts(root, "//x:img/@width") == ["32"]
    assert "First words & more <b>." in texts(root, "//x:p/text()")


def test_hostile_words_and_signs_that_xml_has_not() -> None:
    root = parsed([a_card(1, title=f"{HOSTILE}\x00\x0b\x1b\ufffe\ud800", about="]]>\x01", theme='"<')])
    assert not root.xpath("//x:script", namespaces=ATOM)
    assert "alert('x')" in texts(root, "a:entry/a:title/text()")[0]
    assert "]]>" in texts(root, "//x:p/text()")


def test_addresses_are_relative_to_the_base_if_there_is_one() -> None:
    name = "{http://www.w3.org/XML/1998/namespace}base"
    assert name not in parsed([a_card()]).attrib
    assert parsed([a_card()], base="https://example.org/art/").get(name) == "https://example.org/art/"


def test_an_empty_gallery_has_a_feed() -> None:
    root = parsed([])
    assert root.findtext("a:updated", namespaces=ATOM) == "1970-01-01T00:00:00Z"
    assert not root.findall("a:entry", ATOM)
    assert etree.tostring(parsed([])) == etree.tostring(root)
