"""Changing one value of a recipe's text: (text, route, value) -> text, with comments and layout kept.

The text is composed into YAML nodes, which know where they start and end; only the characters of the value
itself are replaced, or a line is inserted. The result is parsed again: if it does not have exactly the wanted
values (anchors, merges), the whole recipe is rewritten, without its comments.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml

from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.marks import Route
from orbifolio.runner.recipe.source import parse

REMOVE = object()
"""Instead of a value: remove what is there."""


def edit(text: str, route: Route, value: Any) -> str:
    """A recipe's text with one value replaced, added or taken out.

    Args:
        text: YAML of a recipe.
        route: keys and positions from the top; a position one past a list's end adds to it.
        value: plain data, or `REMOVE`.

    Raises:
        InputError: the text is not a recipe, or the route leads nowhere.
    """
    before = parse(text)
    if before.fatal or not route:
        raise InputError("the text cannot be read as a recipe; its first problem is shown beside it; fix that first")
    wanted = _put(before.data, route, value)
    try:
        changed = _rewritten(text, route, value)
        after = parse(changed)
        if not after.fatal and not after.faults and after.data == wanted:
            return changed
    except (yaml.YAMLError, LookupError, ValueError):
        pass
    rewritten = _dump_block(wanted)
    if parse(rewritten).data != wanted:
        raise InputError("a recipe cannot hold this value; it has unprintable characters; leave them out")
    return rewritten


def read_flow(text: str) -> Any:
    """A value as a recipe writes it on one line: `{r6: [g, b, r]}`, `0.5`, `auto`.

    Raises:
        InputError: it is not YAML.
    """
    source = parse(f"value: {' '.join(text.split())}")
    if source.fatal or source.faults or "value" not in source.data:
        raise InputError(f"{text[:60]!r} cannot be read; brackets and quotes come in pairs; write it as in the text")
    return source.data["value"]


def _put(data: Any, route: Route, value: Any) -> Any:
    """Plain data with one value changed; a bare kind on the way becomes a mapping.

    Raises:
        InputError: the route leads nowhere.
    """
    changed = copy.deepcopy(data)
    container: Any = changed
    for depth, part in enumerate(route):
        last = depth == len(route) - 1
        if isinstance(container, list) and isinstance(part, int) and 0 <= part <= len(container):
            if part == len(container):
                container.append(None)
        elif not (isinstance(container, dict) and isinstance(part, str)):
            raise InputError(f"{'.'.join(map(str, route))[:200]}: leads nowhere in this recipe; check the path")
        if last and value is REMOVE:
            if isinstance(container, list):
                del container[int(part)]
            else:
                container.pop(part, None)
        elif last:
            container[part] = copy.deepcopy(value)
        else:
            inside = container[int(part)] if isinstance(container, list) else container.get(part)
            if isinstance(inside, str):
                inside = {"kind": inside}
            elif inside is None:
                inside = [] if isinstance(route[depth + 1], int) else {}
            container[part] = inside
            container = inside
    return changed


def _rewritten(text: str, route: Route, value: Any) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, part in enumerate(route):
        inside = _inside(node, part)
        rest = route[depth + 1 :]
        if inside is None:
            if value is REMOVE:
                return text
            if isinstance(node, yaml.ScalarNode):  # a bare kind
                whole = {} if node.value in ("", "null", "~") else {"kind": node.value}
                return _replaced(text, node, _put(whole, route[depth:], value))
            return _added(text, node, part, _nested(rest, value))
        if not rest:
            return _removed(text, node, part) if value is REMOVE else _replaced(text, inside, value)
        node = inside
    raise LookupError


def _inside(node: Any, part: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _nested(rest: Route, value: Any) -> Any:
    """A value below keys that are not there yet."""
    for part in reversed(rest):
        value = [value] if isinstance(part, int) else {part: value}
    return value


def _end(node: Any) -> int:
    """Where a node's last character is; a block's own mark stands behind the empty lines that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _replaced(text: str, node: Any, value: Any) -> str:
    end = _end(node)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return text[: node.start_mark.index] + _flow(value) + "\n" + text[end:]
    return text[: node.start_mark.index] + _flow(value) + text[end:]


def _added(text: str, node: Any, part: str | int, value: Any) -> str:
    """One more entry at the end of a mapping or a list."""
    entry = _flow(value) if isinstance(part, int) else f"{_flow(part)}: {_flow(value)}"
    if node.flow_style or not node.value:
        at = int(node.end_mark.index) - 1
        if text[at] not in "}]":
            raise LookupError
        return text[:at] + (", " if node.value else "") + entry + text[at:]
    first = node.value[0]
    indent = (first[0] if isinstance(first, tuple) else node).start_mark.column
    at = text.find("\n", max(0, _end(node) - 1))
    head = text if at < 0 else text[:at]
    return f"{head}\n{' ' * indent}{'- ' if isinstance(part, int) else ''}{entry}{'' if at < 0 else text[at:]}"


def _removed(text: str, node: Any, part: str | int) -> str:
    number = part if isinstance(part, int) else [key.value for key, _ in node.value].index(part)
    pairs = [item if isinstance(item, tuple) else (item, item) for item in node.value]
    start, end = int(pairs[number][0].start_mark.index), _end(pairs[number][1])
    if node.flow_style:
        if number + 1 < len(pairs):
            end = int(pairs[number + 1][0].start_mark.index)
        elif number:
            start = _end(pairs[number - 1][1])
        return text[:start] + text[end:]
    if len(pairs) == 1:
        raise LookupError  # an empty block cannot be written by leaving out: it is rewritten
    start = text.rfind("\n", 0, start) + 1
    at = text.find("\n", max(0, end - 1))
    return text[:start] + ("" if at < 0 else text[at + 1 :])


def _flow(value: Any) -> str:
    """A value on one line, as YAML 1.2 reads it."""
    if isinstance(value, str) and ("\n" in value or not value.isprintable()):
        return json.dumps(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**9, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _dump_block(data: Any) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))
