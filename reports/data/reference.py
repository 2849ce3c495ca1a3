"""A reference: a CSL-JSON item -> the words of a report's bibliography, its link, and its BibTeX entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ENTRY_TYPES = {
    "article-journal": "article",
    "paper-conference": "inproceedings",
    "book": "book",
    "chapter": "incollection",
    "report": "techreport",
}
_CONTAINERS = {"article": "journal", "inproceedings": "booktitle", "incollection": "booktitle"}
_ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd"}
_SPECIAL = re.compile(r"[&%$#_]")


def _full_name(name: Mapping[str, str]) -> str:
    parts = (name.get(part) for part in ("given", "non-dropping-particle", "family", "suffix"))
    return " ".join(part for part in parts if part)


def _bibtex_name(name: Mapping[str, str]) -> str:
    family = " ".join(name[part] for part in ("non-dropping-particle", "family") if part in name)
    return ", ".join(part for part in (family, name.get("suffix"), name.get("given")) if part)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)


@dataclass(frozen=True)
class Reference:
    """One publication, as an item of CSL-JSON; of its date only the year is kept."""

    item: Mapping[str, Any]

    @property
    def _people(self) -> list[Mapping[str, str]]:
        return self.item.get("author") or self.item.get("editor") or []

    @property
    def authors(self) -> str:
        """All authors, or the editors where there are none, with their given names first."""
        names = ", ".join(map(_full_name, self._people))
        return names if "author" in self.item else f"{names} (editor)"

    @property
    def year(self) -> int:
        """The year of publication."""
        return int(self.item["issued"]["date-parts"][0][0])

    @property
    def sort_key(self) -> tuple[str, int]:
        """Sorts a bibliography by the first author's family name, then by year."""
        return self._people[0]["family"], self.year

    @property
    def title(self) -> str:
        """The title as published, with its capitals."""
        return str(self.item["title"])

    @property
    def venue(self) -> str:
        """Journal, proceedings or publisher, with volume and pages; "" for a preprint."""
        word = {name: str(value) for name, value in self.item.items() if not isinstance(value, list | dict)}.get
        issue = f"({word('issue')})" if word("issue") else ""
        edition = word("edition")
        pieces = (
            f"{word('container-title', '')} {word('volume', '')}{issue}",
            f"{word('collection-title', '')} {word('collection-number', '')}",
            f"{_ORDINALS.get(edition, f'{edition}th')} edition" if edition else "",
            word("publisher", ""),
            f"{word('genre', '')} {word('number', '')}",
            word("page", "").replace("-", "–"),
        )
        return ", ".join(piece.strip() for piece in pieces if piece.strip())

    @property
    def _link_and_label(self) -> tuple[str, str]:
        if doi := self.item.get("DOI"):
            return f"https://doi.org/{doi}", f"doi:{doi}"
        if identifier := self.item.get("archive_location"):
            return f"https://arxiv.org/abs/{identifier}", f"arXiv:{identifier}"
        address = str(self.item.get("URL", ""))
        return address, address.removeprefix("https://").rstrip("/")

    @property
    def link(self) -> str:
        """Where to read it, or ""."""
        return self._link_and_label[0]

    @property
    def label(self) -> str:
        """The text of the link: `doi:...`, `arXiv:...` or a bare address."""
        return self._link_and_label[1]

    @property
    def bibtex(self) -> str:
        """The reference as a BibTeX entry in UTF-8, named by its citation key."""
        kind = _ENTRY_TYPES.get(self.item["type"], "misc")
        fields = "".join(f"  {name} = {{{value}}},\n" for name, value in self._bibtex_fields(kind))
        return f"@{kind}{{{self.item['id']},\n{fields}}}\n"

    def _bibtex_fields(self, kind: str) -> Iterator[tuple[str, str]]:
        role = "author" if "author" in self.item else "editor"
        yield role, " and ".join(map(_bibtex_name, self._people))
        yield "title", f"{{{_escaped(self.title)}}}"  # a second pair of braces keeps the capitals
        yield "year", str(self.year)
        publisher = "institution" if kind == "techreport" else "publisher"
        names = {
            "container-title": _CONTAINERS.get(kind, "howpublished"),
            "volume": "volume",
            "issue": "number",
            "collection-title": "series",
            "collection-number": "volume",
            "edition": "edition",
            "publisher": publisher,
            "genre": "type" if kind == "techreport" else "note",
            "number": "number",
        }
        for key, name in names.items():
            if value := self.item.get(key):
                yield name, _escaped(str(value))
        if pages := self.item.get("page"):
            yield "pages", pages.replace("-", "--")
        if doi := self.item.get("DOI"):
            yield "doi", doi
        if identifier := self.item.get("archive_location"):
            yield "eprint", identifier
            yield "archiveprefix", "arXiv"
        if address := self.item.get("URL"):
            yield "url", address
