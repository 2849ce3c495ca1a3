"""YAML text -> nodes -> plain data with marks, within bounds.

PyYAML gives the events (scalars, beginnings and ends of collections, aliases); nodes and data are made
here, because its own composer recurses without bound, expands aliases without bound, keeps the last of
two equal keys in silence, and reads scalars by YAML 1.1. Bounds: depth 50, and 20,000 values after all
aliases are written out, which is a hundred times the longest shipped recipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from orbifolio.runner.errors import Problem
from orbifolio.runner.recipe.marks import Mark, Marks, Route, Source, Text, mark_at, unprintable
from orbifolio.runner.recipe.scalars import ScalarFault, resolve, shown
from orbifolio.runner.recipe.syntax import syntax_message

MAX_DEPTH = 50  # levels of mappings and lists; reading recurses, and Python's own limit is 1000 frames
MAX_VALUES = 20_000  # with all aliases written out: a few lines of aliases may stand for billions

COLOUR_COMMENT = re.compile(r"\s*(#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}))(?![^\s,}\]])")

_TUPLE = re.compile(r"\(\s*[-+~]?\w+(?:\s*,\s*[-+~]?\w+)+\s*\)(?=[\s,}\]\0])")
_LONGEST_TUPLE = 80  # characters; a permutation of the channels has ten

Fault = tuple[Mark, Route, Problem]


class _Pairs(list["tuple[YamlNode, YamlNode]"]):
    """A mapping's (key, value) nodes."""


@dataclass
class YamlNode:
    """One value as written: `content` is text, a list of nodes, or a list of (key, value) nodes."""

    mark: Mark
    content: Any
    plain: bool = False
    tag: str | None = None


class SyntaxFault(Exception):
    """The text is not YAML, or not within the bounds: reading ends here."""

    def __init__(self, mark: Mark, message: str) -> None:
        self.mark, self.message = mark, message
        super().__init__(message)


@dataclass
class Data:
    """The data of a node tree: the value, the marks of each part, the faults, the routes not understood."""

    value: Any = None
    marks: dict[Route, Marks] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[Route] = field(default_factory=set)


def read_mapping(origin: Text, text: str) -> Source:
    """The source of a whole recipe, whose top is a mapping.

    Args:
        origin: the text's name and lines.
        text: all of its characters.
    """
    nowhere: dict[Route, Marks] = {(): Marks(None, Mark())}
    try:
        data = read_value(origin, text)
        top = data.marks[()].value
        if data.value is None:
            raise SyntaxFault(
                top,
                "the recipe is empty; it needs at least the key 'renderer'; start with a copy of a shipped recipe",
            )
        if not isinstance(data.value, dict):
            raise SyntaxFault(
                top,
                f"the recipe is {_form(data.value)}; its top is a mapping of keys such as "
                "'renderer'; write 'key: value' lines",
            )
    except SyntaxFault as fault:
        problem = origin.problem(fault.mark, fault.message)
        return Source({}, nowhere, (origin,), ((fault.mark, (), problem),), fatal=True)
    return Source(data.value, data.marks, (origin,), tuple(data.faults), broken=frozenset(data.broken))


def read_value(origin: Text, text: str, *, index: int = 0, shift: int = 0, route: Route = ()) -> Data:
    """The value of a text of any form.

    Args:
        origin: the text that errors show; `text` is its end.
        text: one YAML value of any form.
        index: of `origin` among the source's texts.
        shift: columns of `origin` before `text` in its first line.
        route: of the value in the recipe.

    Raises:
        SyntaxFault: not YAML, or out of bounds.
    """
    bad = unprintable(text)
    if bad is not None:
        raise SyntaxFault(
            _moved(mark_at(text, bad.start()), index, shift),
            f"unexpected character U+{ord(bad.group()):04X}; a recipe is printable text; remove it",
        )
    node = _compose(text, index, shift)
    construction = _Construction(origin)
    if node is None:
        construction.data.marks[route] = Marks(None, Mark(index, 1, 1 + shift))
    else:
        construction.data.value = construction.value(node, route, None)
    return construction.data


def _moved(mark: Mark, index: int, shift: int) -> Mark:
    return Mark(index, mark.line, mark.column + (shift if mark.line == 1 else 0))


def _form(value: object) -> str:
    return "a list" if isinstance(value, list) else f"one value, {shown(value)}"


# --- events -> nodes ---------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """PyYAML's, to which (2,3,1) is one text in a list or mapping, too: articles write permutations so."""

    def scan_plain(self) -> yaml.ScalarToken:
        """A scalar without quotes; YAML's own ends at the first comma inside brackets or braces."""
        found = _TUPLE.match(self.prefix(_LONGEST_TUPLE)) if self.flow_level and self.peek() == "(" else None
        if found is None:
            return super().scan_plain()
        start = self.get_mark()
        self.forward(len(found[0]))
        return yaml.ScalarToken(found[0], True, start, self.get_mark())


def _events(text: str, index: int, shift: int) -> Iterator[tuple[yaml.Event, Mark]]:
    """PyYAML's events with our marks; its errors in our words."""
    loader = _Loader(text)

    def mark(position: Any) -> Mark:
        return _moved(Mark(0, position.line + 1, position.column + 1), index, shift)

    try:
        while loader.check_event():
            event = loader.get_event()  # type: ignore[no-untyped-call]
            yield event, mark(event.start_mark)
    except yaml.MarkedYAMLError as error:
        position = error.problem_mark or error.context_mark or loader.get_mark()
        raise SyntaxFault(mark(position), syntax_message(error, text)) from None
    except (yaml.YAMLError, ValueError, OverflowError, IndexError, AttributeError, TypeError):
        # PyYAML trips over hostile text in its own ways, e.g. the escape "\UFFFFFFFF" ends in chr().
        raise SyntaxFault(
            mark(loader.get_mark()), "this is not YAML; a recipe is YAML 1.2; compare with a shipped recipe"
        ) from None
    finally:
        loader.dispose()


def _compose(text: str, index: int, shift: int) -> YamlNode | None:
    """The node of the text's one document, or None if it has none."""
    root: YamlNode | None = None
    anchors: dict[str, YamlNode] = {}
    open_nodes: list[tuple[YamlNode, list[YamlNode]]] = []  # collections not yet closed, with the nodes in them
    documents = 0
    count = 0
    for event, mark in _events(text, index, shift):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise SyntaxFault(
                    mark, "a second document begins here; a recipe is one document; remove the '---' or split the file"
                )
            continue
        finished: YamlNode | None = None
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise SyntaxFault(
                    mark, f"no anchor &{event.anchor} above; an alias repeats what was anchored before; check its name"
                )
            finished = anchors[event.anchor]
            if any(finished is node for node, _ in open_nodes):
                raise SyntaxFault(
                    mark,
                    f"*{event.anchor} is inside &{event.anchor} itself; no value can contain itself; remove the alias",
                )
        elif isinstance(event, yaml.ScalarEvent):
            finished = YamlNode(mark, event.value, plain=event.implicit[0], tag=event.tag)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) >= MAX_DEPTH:
                raise SyntaxFault(mark, f"nested deeper than {MAX_DEPTH} levels; no recipe needs that; make it flatter")
            node = YamlNode(mark, None, tag=event.tag)
            if event.anchor:
                anchors[event.anchor] = node
            open_nodes.append((node, []))
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            finished, inside = open_nodes.pop()
            finished.content = inside
            if isinstance(event, yaml.MappingEndEvent):
                finished.content = _Pairs(zip(inside[::2], inside[1::2], strict=True))
        if finished is None:
            continue
        count += 1
        if count > 2 * MAX_VALUES:  # keys and values
            raise SyntaxFault(mark, _too_many())
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            anchors[event.anchor] = finished
        if open_nodes:
            open_nodes[-1][1].append(finished)
        else:
            root = finished
    return root


def _too_many() -> str:
    return f"more than {MAX_VALUES:,} values with all aliases written out; no recipe needs that; use less"


# --- nodes -> data -----------------------------------------------------------------------------------


class _Construction:
    """Nodes -> values; collects the faults that do not end the reading."""

    def __init__(self, origin: Text) -> None:
        self.origin = origin
        self.data = Data()
        self.count = 0
        self.reported: set[tuple[Mark, str]] = set()  # an alias repeats its values, not their faults

    def fault(self, mark: Mark, route: Route, message: str) -> None:
        if (mark, message) not in self.reported:
            self.reported.add((mark, message))
            self.data.faults.append((mark, route, self.origin.problem(mark, message, route)))

    def spend(self, node: YamlNode, values: int = 1) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            raise SyntaxFault(node.mark, _too_many())

    def value(self, node: YamlNode, route: Route, key: Mark | None, depth: int = 0) -> Any:
        self.spend(node)
        if depth > MAX_DEPTH:
            raise SyntaxFault(
                node.mark,
                f"nested deeper than {MAX_DEPTH} levels through aliases; no recipe needs that; make it flatter",
            )
        self.data.marks[route] = Marks(key, node.mark)
        if isinstance(node.content, str):
            return self.scalar(node, route)
        if node.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self.tag(node, route)
        if isinstance(node.content, _Pairs):
            values = {}
            for name, (name_node, value_node) in self.pairs(node, route).items():
                values[name] = self.value(value_node, (*route, name), name_node.mark, depth + 1)
            return values
        return [self.value(item, (*route, n), None, depth + 1) for n, item in enumerate(node.content)]

    def scalar(self, node: YamlNode, route: Route) -> Any:
        text: str = node.content
        if node.tag is not None and node.tag not in ("!", "tag:yaml.org,2002:str"):
            self.tag(node, route)
            self.data.broken.add(route)
            return text
        bad = unprintable(text)
        if bad is not None:
            self.fault(
                node.mark,
                route,
                f"the escape makes the character U+{ord(bad.group()):04X}; a recipe "
                "is printable text; remove the escape",
            )
            self.data.broken.add(route)
            return ""
        if not node.plain or node.tag is not None:
            return text
        eaten = "" if text else self.eaten_colour(node.mark)
        if eaten:
            rule = f"a # after a space begins a comment in YAML; quote the colour: '{eaten}'"
            self.fault(node.mark, route, f"no value, since {eaten} is read as a comment; {rule}")
            self.data.broken.add(route)
            return None
        try:
            return resolve(text)
        except ScalarFault as fault:
            self.fault(node.mark, route, str(fault))
            self.data.broken.add(route)
            return None

    def eaten_colour(self, mark: Mark) -> str:
        """What looks like a colour in the comment behind a value that is missing, or ""."""
        rest = self.origin.lines[mark.line - 1][mark.column - 1 :] if mark.line <= len(self.origin.lines) else ""
        found = COLOUR_COMMENT.match(rest)
        return found[1] if found else ""

    def tag(self, node: YamlNode, route: Route) -> None:
        tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
        self.fault(node.mark, route, f"unexpected tag {shown(tag)}; values of a recipe have no tags; remove it")

    def pairs(self, node: YamlNode, route: Route) -> dict[str, tuple[YamlNode, YamlNode]]:
        """A mapping's keys with their nodes: merged ones where they are not written, `x-` ones left out."""
        own: dict[str, tuple[YamlNode, YamlNode]] = {}
        merged: dict[str, tuple[YamlNode, YamlNode]] = {}
        merge: YamlNode | None = None
        for name_node, value_node in node.content:
            if name_node.content == "<<" and name_node.plain:
                if merge is not None:
                    self.fault(name_node.mark, route, self.twice("<<", merge))
                    continue
                merge = name_node
                merged = self.merged(value_node, route, (id(node),))
                continue
            name = self.key(name_node, route)
            if name is None or name.startswith("x-"):
                continue
            if name in own:
                self.fault(name_node.mark, (*route, name), self.twice(name, own[name][0]))
                continue
            own[name] = (name_node, value_node)
        return {**{name: pair for name, pair in merged.items() if name not in own}, **own}

    def merged(self, node: YamlNode, route: Route, seen: tuple[int, ...]) -> dict[str, tuple[YamlNode, YamlNode]]:
        """The keys that `<<: node` brings; of a list of mappings the first that has a key gives it."""
        if len(seen) > MAX_DEPTH:
            raise SyntaxFault(
                node.mark, f"merged deeper than {MAX_DEPTH} levels; no recipe needs that; make it flatter"
            )
        pairs: dict[str, tuple[YamlNode, YamlNode]] = {}
        listed = isinstance(node.content, list) and not isinstance(node.content, _Pairs)
        parts: list[YamlNode] = node.content if listed else [node]
        for part in parts:
            self.spend(part)
            if not isinstance(part.content, _Pairs):
                self.fault(
                    part.mark,
                    route,
                    "'<<' does not merge a mapping here; it takes an alias of a mapping, or a list of these; remove it",
                )
                continue
            own: dict[str, tuple[YamlNode, YamlNode]] = {}
            below: dict[str, tuple[YamlNode, YamlNode]] = {}
            self.spend(part, len(part.content))
            for name_node, value_node in part.content:
                if name_node.content == "<<" and name_node.plain:
                    below = self.merged(value_node, route, (*seen, id(part)))
                    continue
                name = self.key(name_node, route)
                if name is not None and not name.startswith("x-"):
                    own.setdefault(name, (name_node, value_node))
            for name, pair in {**below, **own}.items():
                pairs.setdefault(name, pair)
        return pairs

    def key(self, node: YamlNode, route: Route) -> str | None:
        """A key's text, or None (and a fault) for a key that is not text."""
        if not isinstance(node.content, str):
            self.fault(node.mark, route, "this key is a collection; keys are text; write one word")
            return None
        text: str = node.content
        if node.tag is not None and node.tag not in ("!", "tag:yaml.org,2002:str"):
            self.tag(node, route)
            return None
        if unprintable(text) is not None:
            self.fault(
                node.mark, route, "this key contains unprintable characters; keys are plain text; remove the escape"
            )
            return None
        try:
            value = resolve(text) if node.plain else text
        except ScalarFault:
            value = 0.0
        if not isinstance(value, str):
            self.fault(
                node.mark, route, f"the key {shown(text)} is {_kind(value)}; keys are text; quote it: {shown(text)}"
            )
            return None
        return text

    @staticmethod
    def twice(name: str, first: YamlNode) -> str:
        where = f"line {first.mark.line}, column {first.mark.column}"
        return f"the key {shown(name)} is written twice; the first is at {where}; remove one of them"


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return "true or false" if isinstance(value, bool) else "a number"
