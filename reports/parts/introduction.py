"""What a gallery's author says of it, above the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class Introduction(Part):
    """A few words, made from Markdown."""

    template: ClassVar[str] = "parts/introduction.html"
    words: Markup
