"""A publication: authors, year, title -> the link and its text, as a report shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes:
        venue: journal, proceedings or publisher, with volume and pages.
    """

    authors: str
    year: int
    title: str
    venue: str = ""
    doi: str = ""
    arxiv: str = ""
    address: str = ""

    @property
    def link(self) -> str:
        """Where to read it, or ""."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.address

    @property
    def label(self) -> str:
        """The link's text."""
        if self.doi:
            return f"doi:{self.doi}"
        return f"arXiv:{self.arxiv}" if self.arxiv else self.address.removeprefix("https://").rstrip("/")
