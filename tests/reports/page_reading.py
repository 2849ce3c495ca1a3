"""Reading back what reports wrote: pages, their texts, and the data of the scripts beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lxml import html
from lxml.html import HtmlElement


def read_page(path: Path) -> HtmlElement:
    return html.fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))


def texts(page: HtmlElement, path: str) -> list[str]:
    """The words of the elements at an XPath, one space between them."""
    return [" ".join(element.text_content().split()) for element in page.xpath(path)]


def script_data(script: str, function: str) -> Any:
    """The data of a script, if it is one call with plain JSON and nothing else."""
    start, end = f"orbifolio.{function}(", ");\n"
    assert script.startswith(start)
    assert script.endswith(end)
    assert "<" not in script
    return json.loads(script[len(start) : -len(end)])
