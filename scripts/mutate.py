"""Mutation testing: wrong signs, comparisons and numbers, one at a time in a copy -> those that no test notices.

    pip install coverage
    python scripts/mutate.py runner/recipe --tests tests/recipe --number 60 --seed 1

Each mutant is judged by the tests of its room that run the changed line, quickest first, until one fails. Lines that
run at import, and those of compiled functions, which no tracer sees, are judged by every test that uses the file,
compiled ones with nothing compiled before; what survives these is judged by all tests of the room. Whoever reads the
survivors decides which of them are equivalent to the original, and which want a test.

Reference: DeMillo, Lipton and Sayward 1978.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
UNRUN = ("annotation", "returns", "decorator_list", "exc", "msg", "type_params")
"""Fields of the syntax tree that decide no number: types, decorators, texts of errors."""
PER_MUTANT = 240  # seconds of processor; a mutant that takes longer runs in circles, and counts as killed
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""How the process of compiled code ends that writes past its arrays; a mutant that does so is noticed."""
SELECTED = 90.0  # seconds of tests that judge a mutant first


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        path: of the file, from the root.
        line: first line of the changed expression.
        last: its last line.
        before: the expression.
        after: what stands in its place.
        text: the whole changed file.
    """

    path: str
    line: int
    last: int
    before: str
    after: str
    text: str


def expressions(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are run, without docstrings and texts of errors."""
    for name, value in ast.iter_fields(tree):
        if name in UNRUN:
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.JoinedStr):
                continue
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            yield node
            yield from expressions(node)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of an expression.

    >>> [ast.unparse(change) for change in changes(ast.parse("a < b + 1", mode="eval").body)]
    ['a <= b + 1']
    """
    changed: Any = copy.deepcopy(node)
    match node:
        case ast.Compare(ops=[first, *_]):
            changed.ops[0] = COMPARISONS[type(first)]()
            yield changed
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in ARITHMETIC:
            changed.op = ARITHMETIC[type(operator)]()
            yield changed
        case ast.BoolOp(op=operator):
            changed.op = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield changed
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            changed.value = not value
            yield changed
        case ast.Constant(value=int() | float() as value):
            changed.value = value + 1 if isinstance(value, int) else value * 1.5 if value else 0.5
            yield changed
        case ast.IfExp(body=body, orelse=orelse):
            changed.body, changed.orelse = orelse, body
            yield changed


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every mutant of a file.

    >>> [mutant.text for mutant in mutants_of("x.py", "x: int = 1 if a else b  # 2")]
    ['x: int = (b if a else 1)  # 2', 'x: int = (2) if a else b  # 2']
    """
    rows = source.encode().split(b"\n")
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row) + 1)
    found = []
    for node in expressions(ast.parse(source)):
        for change in changes(node):
            place: Any = node
            begin = starts[place.lineno - 1] + place.col_offset
            end = starts[place.end_lineno - 1] + place.end_col_offset
            text = ast.unparse(change)
            whole = source.encode()
            put = text if isinstance(change, ast.stmt) else f"({text})"
            mutated = (whole[:begin] + put.encode() + whole[end:]).decode()
            found.append(
                Mutant(
                    path,
                    place.lineno,
                    place.end_lineno,
                    whole[begin:end].decode(),
                    text,
                    mutated,
                )
            )
    return found


def sample(rooms: Sequence[Path], number: int, seed: int) -> list[Mutant]:
    """Mutants of rooms, drawn evenly from all of them."""
    files = sorted(path for room in rooms for path in ([room] if room.is_file() else room.rglob("*.py")))
    everything = [
        mutant
        for path in files
        for mutant in mutants_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    return random.Random(seed).sample(everything, min(number, len(everything)))


class Watch:
    """A plugin of pytest that notes which test ran which lines, and how long it took."""

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A part of a test has ended."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


def pytest_in(folder: Path, arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run pytest within a folder, in this process."""
    import pytest

    os.chdir(folder)
    sys.path.insert(0, str(folder))
    quiet = ["-q", "-q", "-n", "0", "-x", "-p", "no:cacheprovider", "--no-header", "--tb", "no", "--slow", "none"]
    return int(pytest.main([*quiet, "--hypothesis-seed", "0", *arguments], plugins=list(plugins)))


def forked(work: Callable[[], int], seconds: int) -> int | None:
    """The exit status of a function in a child process of its own; None if it took too long."""
    import resource  # only where processes can be forked

    pid = os.fork()
    if pid == 0:
        os.setpgrp()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        status = 99  # an exception
        try:
            status = work()
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what its tests started
    code = os.waitstatus_to_exitcode(status)
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def survey(scratch: Path, rooms: Sequence[str], tests: Sequence[str], kept: Path) -> None:
    """Run all tests once, unchanged, and write down (lines of each file -> tests, test -> seconds)."""
    import coverage

    watched = coverage.Coverage(
        data_file=None,
        config_file=False,
        messages=False,
        include=[f"{scratch / top / room}{end}" for room in rooms for top in ("", "orbifolio") for end in ("", "/*")],
    )  # a room is imported through the link that lies in `orbifolio`
    watch = Watch(watched)
    watched.start()
    status = pytest_in(scratch, [word for word in tests if word != "-x"], [watch])
    watched.stop()
    data = watched.get_data()
    lines = {}
    for file in data.measured_files():
        by_line = data.contexts_by_lineno(file)
        real = Path(file).resolve().relative_to(scratch).as_posix()
        lines[real] = {line: [name for name in names if name] for line, names in by_line.items()}
    kept.write_bytes(pickle.dumps((status, lines, watch.seconds)))


def judges(mutant: Mutant, lines: dict[str, dict[int, list[str]]], seconds: dict[str, float]) -> tuple[list[str], bool]:
    """(the tests that judge a mutant first, quickest first; whether no other test could notice it)."""
    by_line = lines.get(mutant.path, {})
    wanted = range(mutant.line, mutant.last + 1)
    names = {name for line in wanted for name in by_line.get(line, ())}
    traced = bool(names)
    if not traced:  # run at import, or compiled
        names = {name for found in by_line.values() for name in found} or set(seconds)
    chosen, total = [], 0.0
    for name in sorted(names, key=lambda name: (seconds.get(name, 0.0), name)):
        total += seconds.get(name, 0.0)
        if chosen and total > SELECTED:
            break
        chosen.append(name)
    return chosen, len(chosen) == len(seconds) or traced and len(chosen) == len(names)


def judge(scratch: Path, mutant: Mutant, number: int, arguments: Sequence[str]) -> str:
    """`killed`, `timeout`, `survived`, or `unfound` if tests that are named one by one are no longer there."""
    path = scratch / mutant.path
    before, stamp = path.read_bytes(), path.stat()
    compiled = b"numba" in before
    with tempfile.TemporaryDirectory() as cache:

        def work() -> int:
            sys.dont_write_bytecode = True
            if compiled:
                os.environ["NUMBA_CACHE_DIR"] = cache
            return pytest_in(scratch, arguments)

        path.write_text(mutant.text, encoding="utf-8")
        os.utime(path, (stamp.st_atime, stamp.st_mtime + 10 * (number + 1)))  # no stale bytecode
        try:
            status = forked(work, PER_MUTANT)
        finally:
            path.write_bytes(before)
            os.utime(path, (stamp.st_atime, stamp.st_mtime))
    fates = {None: "timeout", 0: "survived", 1: "killed", 2: "killed", 4: "unfound"}  # 2: it cannot be imported
    fates |= {-number: "killed" for number in CRASHES}
    if status not in fates:
        sys.exit(f"pytest ended with {status}, which says nothing about {mutant.path}:{mutant.line}")
    return fates[status]


def main() -> None:
    """Make, judge and report mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+", help="folders or files to change, as in runner/recipe")
    parser.add_argument("--tests", nargs="+", required=True, help="folders of tests that judge them")
    parser.add_argument("--number", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where each mutant's fate is written; goes on after those in it")
    options = parser.parse_args()
    from orbifolio.runner.cpu_features import protect

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    protect()
    import numpy  # noqa: F401  # read once, here, and shared by every child
    import pytest  # noqa: F401
    import scipy.optimize  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder).resolve() / "copy"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(scratch)], check=True)
        for name in [name for name in sys.modules if name.split(".")[0] == "orbifolio"]:
            del sys.modules[name]
        sys.path[:] = [item for item in sys.path if Path(item or ".").resolve() != ROOT]
        os.environ["PYTHONPATH"] = str(scratch)
        kept = Path(folder) / "survey"
        forked(lambda: survey(scratch, options.rooms, options.tests, kept) or 0, 3600)
        status, lines, seconds = pickle.loads(kept.read_bytes())
        if status:
            sys.exit("the unchanged tests fail; nothing can be judged by them")
        print(f"{len(seconds)} tests in {sum(seconds.values()):.0f} s", flush=True)
        chosen = sample([ROOT / room for room in options.rooms], options.number, options.seed)
        fates: list[dict[str, Any]] = []
        if options.json and options.json.exists():
            fates = json.loads(options.json.read_text(encoding="utf-8"))
        judged = {(item["path"], item["line"], item["before"], item["after"]) for item in fates}
        for number, mutant in enumerate(chosen):
            if (mutant.path, mutant.line, mutant.before, mutant.after) in judged:
                continue
            began = time.monotonic()
            first, final = judges(mutant, lines, seconds)
            fate = judge(scratch, mutant, number, first)
            if fate == "unfound" or fate == "survived" and not final:
                fate = judge(scratch, mutant, number, options.tests)
                fate = "killed" if fate == "unfound" else fate  # not even what all tests share can be imported
            took = time.monotonic() - began
            print(
                f"{number:4} {fate:9}{took:6.1f} s  {mutant.path}:{mutant.line}  {mutant.before!r} -> "
                f"{mutant.after!r}  ({len(first)} tests)",
                flush=True,
            )
            fates.append(
                {"path": mutant.path, "line": mutant.line, "before": mutant.before, "after": mutant.after, "fate": fate}
            )
            if options.json:
                options.json.write_text(json.dumps(fates, indent=1) + "\n")
        killed = sum(item["fate"] != "survived" for item in fates)
        print(f"{killed} of {len(fates)} killed ({killed / max(1, len(fates)):.0%})")


if __name__ == "__main__":
    main()
