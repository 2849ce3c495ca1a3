"""Words from recipes, made safe: Markdown -> sanitised HTML, YAML -> coloured tokens.

A recipe may be untrusted: no script, style, form, frame, event handler, picture or odd link
survives `markdown_to_html`. Pictures are dropped on purpose, since a report loads nothing from elsewhere.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import nh3
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markupsafe import Markup

_TAGS = {
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "del",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "sub",
    "sup",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "dl",
    "dt",
    "dd",
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_LINK = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_MAX_LETTERS = 20_000  # of a text; the rest of a longer one is left out
_MAX_MARKDOWN = 10_000  # letters; longer text is shown as it is
_COSTLY, _MAX_COSTLY = "[*_`<", 400  # Markdown takes the square of their number in time
_MAX_BLOCKS = 1500  # that are tried, at every depth anew; 10,000 letters of prose have 300
_MAX_DEPTH = 20  # lists, items and quotations within each other
_HEADING = re.compile(r"(</?h)([1-6])>")


def _only_links(tag: str, attribute: str, value: str) -> str | None:
    """Keep a link only if it leads to the web or to a mailbox: a relative one would dangle here."""
    return value if attribute != "href" or _LINK.match(value) else None


def _levels(clean: str, below: int) -> str:
    """Headings one below the other, without leaving out a level, all under a given one."""
    before = below

    def moved(match: re.Match[str]) -> str:
        nonlocal before
        if match[1] == "<h":
            before = min(6, int(match[2]) + below, before + 1)
        return f"{match[1]}{before}>"

    return _HEADING.sub(moved, clean)


class _TooMuch(Exception):
    """A text is nested too deeply, or has more blocks than its length explains."""


class _BlockCounter(BlockProcessor):
    """Matches no block and only counts: it is tried before every other rule, at every block and every depth.

    Counting is the same on every machine, unlike a clock, so that equal texts give equal pages.
    """

    tried = 0

    def test(self, parent: object, block: str) -> bool:
        """Count one block.

        Raises:
            _TooMuch: there were too many: lists in definitions take the square of their lines.
        """
        self.tried += 1
        if self.tried > _MAX_BLOCKS or len(self.parser.state) > _MAX_DEPTH:
            raise _TooMuch
        return False


def _rendered(text: str) -> str | None:
    """Markdown as HTML of any kind; None where it would cost time or depth out of proportion."""
    if len(text) > _MAX_MARKDOWN or any(text.count(sign) > _MAX_COSTLY for sign in _COSTLY):
        return None
    reader = Markdown(extensions=["tables", "fenced_code", "sane_lists", "def_list"])
    reader.parser.blockprocessors.register(_BlockCounter(reader.parser), "count", 1000)
    try:
        return reader.convert(text)
    except (_TooMuch, RecursionError):
        return None


def markdown_to_html(text: str, *, below: int = 1) -> Markup:
    """Markdown as HTML that is safe to show, its headings below a given level.

    Text that is long, nested deeply or made to take long is shown as it is.

    Args:
        below: level of the heading above the text; `# One` becomes the next level, and no
            level is left out on the way down.

    Returns:
        Markup without ids, classes, styles, scripts or pictures.
    """
    rough = _rendered(text)
    if rough is None:
        return Markup("\n").join(Markup("<p>{}</p>").format(piece) for piece in text[:_MAX_LETTERS].split("\n\n"))
    clean = nh3.clean(
        rough,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_links,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return Markup(_levels(clean, below))


def markdown_to_text(text: str, *, limit: int = 160) -> str:
    """The first words of Markdown, without any markup, cut at a word.

    >>> markdown_to_text("**Six-fold** rotation; each sixth cycles.", limit=20)
    'Six-fold rotation;…'
    """
    plain = html.unescape(nh3.clean(str(markdown_to_html(text[: 20 * limit])), tags=set()))
    words = " ".join(plain.split())
    return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0] + "…"


@dataclass(frozen=True)
class Token:
    """A stretch of text in one colour: `kind` is key, comment, number, text or plain."""

    kind: str
    text: str


_YAML = re.compile(
    r"""(?P<comment>(?:(?<=\s)|^)\#.*)
      | (?P<key>(?:(?<=^)|(?<=[\s{,]))[\w$.*<&-]+(?=:(?:\s|$)))
      | (?P<text>"(?:[^"\\]|\\.)*"|'[^']*')
      | (?P<number>(?<![\w.#-])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.-]))
    """,
    re.VERBOSE,
)


def yaml_tokens(text: str) -> tuple[Token, ...]:
    """YAML as tokens whose texts join to the input; a picture of the text, not a parse.

    >>> [(token.kind, token.text) for token in yaml_tokens("size: 128")]
    [('key', 'size'), ('plain', ': '), ('number', '128')]
    """
    tokens: list[Token] = []

    def add(kind: str, piece: str) -> None:
        if not piece:
            return
        if tokens and tokens[-1].kind == kind:
            tokens[-1] = Token(kind, tokens[-1].text + piece)
        else:
            tokens.append(Token(kind, piece))

    for line in text.splitlines(keepends=True):
        end = 0
        for match in _YAML.finditer(line):
            add("plain", line[end : match.start()])
            add(match.lastgroup or "plain", match[0])
            end = match.end()
        add("plain", line[end:])
    return tuple(tokens)
