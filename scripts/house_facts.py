"""Figures of the code as a house: sizes, comments, empty docstring entries, and imports that run in circles.

    python scripts/house_facts.py            the figures
    python scripts/house_facts.py --circles  also every circle, between rooms and between modules
    python scripts/house_facts.py --entries  also every docstring entry of three words or fewer

They are signs for a reader of the code, not targets: nothing is written to move one of them.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("runner", "reports")
ENTRY_HEADS = re.compile(r"^\s*(Args|Attributes|Raises|Returns|Yields):\s*$")
ENTRY = re.compile(r"^\s+\*{0,2}[\w.]+(?: \([^)]*\))?: (.*)$")
TABLE_LINE = re.compile(r"orbifolio(\.\w+)+:\w+")


def module_name(path: Path) -> str:
    """The name by which a file is imported.

    >>> module_name(ROOT / "runner" / "gas" / "__init__.py")
    'orbifolio.runner.gas'
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["orbifolio", *(parts[:-1] if parts[-1] == "__init__" else parts)])


@cache
def sources() -> dict[str, Path]:
    """Every module of the program by its name."""
    return {module_name(path): path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))}


@cache
def tree_of(path: Path) -> ast.Module:
    """A module, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, modules: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """(module, kind) of everything of ours that a module imports; kind is eager, lazy or types.

    `from package import name` counts as the submodule where there is one, else as the package; a line of a family's
    table, `"module:Class"`, is a lazy import.
    """

    def visit(node: ast.AST, kind: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom) and child.module and not child.level:
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    yield (whole if whole in modules else child.module), kind
            elif isinstance(child, ast.Constant) and isinstance(child.value, str) and TABLE_LINE.fullmatch(child.value):
                yield child.value.partition(":")[0], "lazy"
            elif isinstance(child, ast.Import):
                yield from ((alias.name, kind) for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from visit(child, "types")
            else:
                inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from visit(child, "lazy" if inner and kind == "eager" else kind)

    yield from ((name, kind) for name, kind in visit(tree_of(path), "eager") if name in modules)


def graph(kinds: tuple[str, ...] = ("eager", "lazy", "types")) -> dict[str, set[str]]:
    """Which modules each module imports, a package standing for its `__init__`."""
    modules = sources()
    return {
        name: {target for target, kind in imports(path, modules) if kind in kinds} - {name}
        for name, path in modules.items()
    }


def room(module: str) -> str:
    """The folder of a module, or the module itself where it lies loose at the top.

    A room with rooms inside has its family's table in `__init__`, above them; its other modules are below them.

    >>> room("orbifolio.runner.gas.graph"), room("orbifolio.runner.errors"), room("orbifolio.runner.symmetry")
    ('runner.gas', 'runner.errors', 'runner.symmetry.__init__')
    """
    path = sources()[module]
    parts = path.relative_to(ROOT).with_suffix("").parts
    inner = parts[-1] == "__init__" and any(path.parent.glob("*/__init__.py"))
    return ".".join(parts if len(parts) == 2 or inner else parts[:-1])


def between_rooms(modules: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same arrows, drawn from room to room."""
    rooms: dict[str, set[str]] = {room(name): set() for name in modules}
    for name, targets in modules.items():
        rooms[room(name)] |= {room(target) for target in targets} - {room(name)}
    return rooms


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one member (Tarjan 1972), each sorted.

    >>> circles({"a": {"b"}, "b": {"a", "c"}, "c": set()})
    [['a', 'b']]
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(arrows.get(node, ())):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            members = []
            while not members or members[-1] != node:
                members.append(stack.pop())
            if len(members) > 1:
                result.append(sorted(members))

    for node in sorted(arrows):
        if node not in index:
            visit(node)
    return sorted(result)


def entries(tree: ast.Module) -> Iterator[str]:
    """The texts of docstring entries: what stands below Args, Attributes, Raises, Returns."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node)
        if text is None:
            continue
        lines = text.splitlines()
        inside = False
        for number, line in enumerate(lines):
            if ENTRY_HEADS.match(line):
                inside = True
            elif line.strip() and not line.startswith(" "):
                inside = False
            elif inside and (match := ENTRY.match(line)):
                rest = lines[number + 1] if number + 1 < len(lines) else ""
                indent = len(line) - len(line.lstrip())
                continued = rest.strip() and len(rest) - len(rest.lstrip()) > indent
                yield match[1] + (f" {rest.strip()}" if continued else "")


def classes() -> Counter[str]:
    """How often each class name is defined."""
    counted: Counter[str] = Counter()
    for path in sources().values():
        counted.update(node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))
    return counted


def comments(text: str) -> int:
    """Lines with a comment."""
    return sum(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(text).readline))


def kernel_arguments(tree: ast.Module) -> Iterator[int]:
    """How many arguments each compiled function takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            re.search(r"njit|compiled|kernel", ast.unparse(item)) for item in node.decorator_list
        ):
            yield len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)


def figures() -> dict[str, str]:
    """The figures, by what they tell."""
    texts = {path: path.read_text(encoding="utf-8") for path in sources().values()}
    trees = {path: tree_of(path) for path in texts}
    lengths = [len(text.splitlines()) for text in texts.values()]
    functions = [
        node.end_lineno - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    said = [entry for tree in trees.values() for entry in entries(tree)]
    tests = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py"))
    modules = graph()
    rooms = between_rooms(modules)
    folders = Counter(path.parent for path in texts)
    twice = {name for name, count in classes().items() if count > 1}
    painter = sum(len(re.findall(r"isinstance\((?:self\.)?\w*painter,", text)) for text in texts.values())
    alias = re.compile(r"^(?:type )?[A-Z]\w* = (?:NDArray|npt\.NDArray)", re.MULTILINE)
    kernels = [count for tree in trees.values() for count in kernel_arguments(tree)]
    return {
        "lines": f"{sum(lengths):,} in {len(texts)} files",
        "module": f"median {statistics.median(lengths):.0f}, longest {max(lengths)} lines",
        "function": f"{len(functions):,}, median {statistics.median(functions):.0f}, longest {max(functions)} lines",
        "comments per 1,000 lines": f"{1000 * sum(map(comments, texts.values())) / sum(lengths):.0f}",
        "test lines per source line": f"{tests / sum(lengths):.2f}",
        "docstring entries of three words or fewer": f"{sum(len(e.split()) <= 3 for e in said)} of {len(said):,}",
        "class names defined more than once": str(len(twice)),
        "most files in a folder": f"{max(folders.values())} ({folders.most_common(1)[0][0].relative_to(ROOT)})",
        "loose modules": ", ".join(f"{sum(p.parent == ROOT / top for p in texts)} in {top}" for top in TOPS),
        "isinstance of a painter": str(painter),
        "most arguments of a compiled function": str(max(kernels, default=0)),
        "aliases of array types": str(sum(len(alias.findall(text)) for text in texts.values())),
        "rooms": f"{len(rooms)}, arrows between them {sum(map(len, rooms.values()))}",
        "circles between modules": ", ".join(
            f"{len(circles(graph(kinds)))} {name}"
            for name, kinds in (
                ("at import", ("eager",)),
                ("with lazy ones", ("eager", "lazy")),
                ("with types", ("eager", "lazy", "types")),
            )
        ),
        "circles between rooms": str(len(circles(rooms))),
    }


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circles", action="store_true")
    parser.add_argument("--entries", action="store_true")
    options = parser.parse_args()
    for name, value in figures().items():
        print(f"{name:<42} {value}")
    if options.circles:
        modules = graph()
        rooms = between_rooms(modules)
        for title, arrows in (("modules", modules), ("rooms", rooms)):
            for circle in circles(arrows):
                print(f"\ncircle of {title}: {', '.join(circle)}")
                for name in circle:
                    print(f"  {name} -> {', '.join(sorted(arrows[name] & set(circle)))}")
    if options.entries:
        for path in sources().values():
            for entry in entries(tree_of(path)):
                if len(entry.split()) <= 3:
                    print(f"{path.relative_to(ROOT)}: {entry}")


if __name__ == "__main__":
    main()
