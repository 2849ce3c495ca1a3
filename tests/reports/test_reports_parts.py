"""Curves, pictures, words and references, each against something that knows better."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from page_reading import read_page
from PIL import Image
from synthetic_run import picture

from orbifolio.reports.data.reference import Reference
from orbifolio.reports.data.references import REFERENCES, resolve_references, to_bibtex
from orbifolio.reports.data.values import as_int, as_numbers, as_texts
from orbifolio.reports.links import Place
from orbifolio.reports.media.thumbnails import _shrink, prepare_image, prepare_tile
from orbifolio.reports.parts import PARTS
from orbifolio.reports.parts.base import Part
from orbifolio.reports.prose import yaml_tokens
from orbifolio.reports.render import own_templates
from orbifolio.reports.write import write_report

KEYS = """gatys2015 gatys2016 simonyan2014 xie2015 tan2019 szegedy2016 szegedy2015 mordvintsev2015 olah2017
mordvintsev2018 liu1989 nocedal2006 kingma2015 rudin1992 itc-a conway2008 coxeter1972 jarratt1980 spglib2024
senechal1975 senechal1979 ustyuzhaninov2016 saxe2014 berger2016 risser2017 li2017 fournier1982 reinhard2001
mindseye catmull1974 odena2016 deng2009""".split()


def test_a_shrunk_tile_still_wraps(tmp_path: Path) -> None:
    """Scaling the tile down equals scaling its 3x3 repetition down and cutting out the middle."""
    tile = picture(150, 90, seed=3)
    noise = np.random.default_rng(0).integers(0, 255, (90, 150, 3)).astype(np.uint8)
    tile = Image.blend(tile, Image.fromarray(noise), 0.5)
    shrunk = _shrink(tile, (50, 30), (True, True))
    plane = Image.new("RGB", (450, 270))
    for row in range(3):
        for column in range(3):
            plane.paste(tile, (150 * column, 90 * row))
    wanted = plane.resize((150, 90), Image.Resampling.LANCZOS).crop((50, 30, 100, 60))
    assert np.abs(np.asarray(shrunk, int) - np.asarray(wanted, int)).max() <= 1
    alone = np.asarray(tile.resize((50, 30), Image.Resampling.LANCZOS), int)
    assert np.abs(alone - np.asarray(wanted, int)).max() > 5  # so the margin matters


def test_sixteen_bit_pictures_become_eight_bit_copies(tmp_path: Path) -> None:
    numpngw = pytest.importorskip("numpngw")
    deep = np.linspace(0, 65535, 400 * 10 * 3).reshape(10, 400, 3).astype(np.uint16)
    numpngw.write_png(str(tmp_path / "final.png"), deep)
    source = prepare_image(tmp_path, "final.png")
    assert source is not None
    assert [width for _, width in source.versions] == [320, 400]
    with Image.open(source.versions[-1][0]) as copy:
        assert (copy.format, copy.size) == ("WEBP", (400, 10))
        assert np.abs(np.asarray(copy, int) - (deep >> 8)).mean() < 4


def test_small_web_pictures_are_not_copied(tmp_path: Path) -> None:
    picture(200, 100).save(tmp_path / "frame.webp")
    source = prepare_image(tmp_path, "frame.webp")
    assert source is not None
    assert source.versions == ((tmp_path / "frame.webp", 200),)
    assert not (tmp_path / "thumbs").exists()


@pytest.mark.parametrize("name", ["", "missing.png", "text.png", "."])
def test_unreadable_pictures_are_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    assert prepare_image(tmp_path, name) is None
    assert prepare_tile(tmp_path, name, wrap=(True, True)) is None


def test_yaml_tokens_join_to_the_text() -> None:
    text = "a: {b: 1.5, 'c d': \"x # y\"}  # why\n- e: -3\n  f: p6m # 2\n\n\tg:\n"
    tokens = yaml_tokens(text)
    assert "".join(token.text for token in tokens) == text
    assert {"comment", "key", "number", "text"} <= {token.kind for token in tokens}
    assert [token.text for token in tokens if token.kind == "comment"] == ["# why", "# 2"]


def test_references_of_all_keys_resolve() -> None:
    references, unknown = resolve_references(KEYS)
    assert unknown == ()
    assert len(references) == len(set(KEYS))
    for key, reference in REFERENCES.items():
        digits = re.search(r"\d{4}", key)
        assert digits is None or int(digits[0]) == reference.year, key
        assert not reference.item.get("DOI", "").startswith("http")
        assert re.fullmatch(r"(\d{4}\.\d{4,5})?", reference.item.get("archive_location", "")), key
        assert reference.link == "" or reference.link.startswith("https://")
    assert resolve_references(["nobody1900", "gatys2015", "gatys2015"])[1] == ("nobody1900",)


def test_the_words_of_a_reference_are_those_of_its_item() -> None:
    volume = REFERENCES["desmit2003"]
    assert volume.authors == "Bart de Smit, Hendrik W. Lenstra Jr."
    assert volume.venue == "Notices of the American Mathematical Society 50(4), 446–451"
    tables = REFERENCES["itc-a"]
    assert tables.authors == "Mois I. Aroyo (editor)"
    assert tables.venue == "6th edition, International Union of Crystallography"
    assert REFERENCES["huang2007"].venue == "University of Massachusetts Amherst, technical report 07-49"
    assert REFERENCES["fritzke1997"].venue == "Artificial Neural Networks, ICANN'97, LNCS 1327, 613–618"
    assert REFERENCES["nakano2019"].venue == ""
    assert (REFERENCES["nakano2019"].label, REFERENCES["mindseye"].label) == ("arXiv:1904.08410", "deepartist.org")
    keys = ["simonyan2014", "gatys2016", "desmit2003", "gatys2015", "itc-a"]
    order = ["itc-a", "gatys2015", "gatys2016", "simonyan2014", "desmit2003"]  # Aroyo, Gatys, Gatys, Simonyan, Smit
    assert [reference.item["id"] for reference in resolve_references(keys)[0]] == order


def test_bibtex_says_what_the_report_says() -> None:
    """Read back with a reader of its own: one entry a reference, one field a line."""
    entries = re.findall(r"^@(\w+)\{([^,]+),\n((?:  .*\n)*)\}$", to_bibtex(REFERENCES.values()), re.MULTILINE)
    assert [key for _, key, _ in entries] == list(REFERENCES)
    for _, key, body in entries:
        reference = REFERENCES[key]
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.MULTILINE))
        assert len(fields) == len(body.splitlines()), key
        assert body.count("{") == body.count("}"), key
        assert fields["title"] == f"{{{reference.title}}}"
        assert fields["year"] == str(reference.year)
        names = fields.get("author", fields.get("editor", "")).split(" and ")
        families = [name.split(",")[0] for name in names]
        assert len(names) == len(reference.authors.split(", ")), key
        assert all(family in reference.authors for family in families), key
        assert fields.get("doi", "") in reference.link
        assert fields.get("pages", "").replace("--", "–") in reference.venue
    special = Reference(
        {"id": "x", "type": "book", "author": [{"family": "A"}], "issued": {"date-parts": [[1999]]}}
        | {"title": "50% of R&D_1"}
    )
    assert "title = {{50\\% of R\\&D\\_1}}" in special.bibtex


def test_references_are_taken_away_as_they_are_shown(make_run: Callable[..., Path], gallery: Path) -> None:
    page = read_page(write_report(make_run(), gallery=gallery)).get_element_by_id("references")
    files = {
        link.get("download"): unquote(link.get("href").partition(",")[2]) for link in page.xpath(".//a[@download]")
    }
    shown = page.xpath(".//cite/text()")
    assert [item["title"] for item in json.loads(files["references.json"])] == shown
    assert re.findall(r"title = \{\{(.*)\}\}", files["references.bib"]) == shown


def test_each_part_has_a_template_and_each_template_a_part() -> None:
    def below(part: type[Part]) -> set[type[Part]]:
        return {part}.union(*(below(other) for other in part.__subclasses__()))

    assert set(PARTS) == below(Part) - {Part}
    assert len(set(PARTS)) == len(PARTS)
    folder = own_templates()
    taken = [part.template for part in PARTS]
    assert len(set(taken)) == len(taken)
    named = set(re.findall(r"parts/\w+\.html", " ".join(path.read_text() for path in folder.rglob("*.html"))))
    assert {path.relative_to(folder).as_posix() for path in (folder / "parts").glob("*")} == {*taken, *named}


def test_every_citation_in_the_program_resolves() -> None:
    runner = Path(sys.modules["orbifolio.reports"].__path__[0]).parent / "runner"
    cited = {
        key
        for path in runner.rglob("*.py")
        for body in re.findall(r"\bcites: ClassVar\[[^=]*=\s*\(([^)]*)\)", path.read_text(encoding="utf-8"))
        for key in re.findall(r"\"([^\"]+)\"", body)
    }
    assert resolve_references(cited)[1] == ()


@pytest.mark.parametrize("target", ["a b/c#d?.png", "über/ö.html", "x:y.html", "it's (1).webp", "100%.html"])
def test_addresses_come_back_as_files(tmp_path: Path, target: str) -> None:
    from urllib.parse import urljoin, urlsplit
    from urllib.request import url2pathname

    base = (tmp_path / "one" / "two" / "index.html").as_uri()
    address = Place(tmp_path / "one" / "two").to(tmp_path / "one" / target)
    assert url2pathname(urlsplit(urljoin(base, address)).path) == str(tmp_path / "one" / target)


def test_numbers_of_any_kind_are_read_or_refused() -> None:
    assert as_numbers({"a": 1, "b": "x", "c": True, "d": "2.5", "e": None}) == {"a": 1.0, "d": 2.5}
    assert as_int(1e400) is None
    assert as_texts("one") == ("one",)
    assert as_texts([1, None, "", "two"]) == ("1", "two")
