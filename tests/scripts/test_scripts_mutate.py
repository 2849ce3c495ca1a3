"""Mutants: each is one change of what is run, and the text around it stays."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from scripts.mutate import Mutant, judge, judges, mutants_of, sample

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''\
"""A text with 1 < 2."""
from typing import TYPE_CHECKING, Literal
if TYPE_CHECKING:
    SKIPPED = 1
def f(x: Literal[3], *, y: float = 0.5) -> Literal[4]:
    """Says 5."""
    if x < 0 and not y:  # 6
        raise ValueError(f"{x + 7}")
    x += 1
    return (x *
            -y)
'''


def test_each_mutant_is_one_change_of_what_is_run() -> None:
    found = mutants_of("x.py", SOURCE)
    changes = {(mutant.before, mutant.after) for mutant in found}
    assert changes == {
        ("0.5", "0.75"),
        ("x < 0", "x <= 0"),
        ("0", "1"),
        ("x < 0 and not y", "x < 0 or not y"),
        ("not y", "y"),
        ("x += 1", "x -= 1"),
        ("1", "2"),
        ("x *\n            -y", "x / -y"),
        ("-y", "y"),
    }
    for mutant in found:
        assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(SOURCE))
        kept = [line for number, line in enumerate(SOURCE.split("\n"), 1) if not mutant.line <= number <= mutant.last]
        assert [line for line in mutant.text.split("\n") if line in kept] == kept


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    rooms = [ROOT / "runner" / "recipe"]
    first, second = (sample(rooms, 20, 3) for _ in range(2))
    assert first == second
    assert len(set(first)) == 20
    assert sample(rooms, 20, 4) != first


def test_the_quickest_tests_that_run_the_line_judge_first() -> None:
    mutant = Mutant("x.py", 3, 4, "1", "2", "")
    lines = {"x.py": {3: ["slow", "quick"], 9: ["other"]}}
    seconds = {"slow": 2.0, "quick": 0.1, "other": 0.0, "far": 0.0}
    assert judges(mutant, lines, seconds) == (["quick", "slow"], True)
    compiled = Mutant("x.py", 5, 5, "1", "2", "")
    assert judges(compiled, lines, seconds) == (["other", "quick", "slow"], False)
    unseen, final = judges(Mutant("y.py", 5, 5, "1", "2", ""), lines, seconds)
    assert final
    assert set(unseen) == set(seconds)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("VALUE = 1", "survived"),
        ("VALUE = 2", "killed"),
        ("VALUE = 1 / 0", "unfound"),  # no test of what cannot be imported has a name
        ("import os; os.kill(os.getpid(), 11)", "killed"),
        ("VALUE, NAMES = 1, ['b']", "unfound"),
    ],
)
def test_how_the_tests_end_decides_a_mutants_fate(text: str, fate: str, tmp_path: Path) -> None:
    (tmp_path / "judged.py").write_text("VALUE, NAMES = 1, ['a']", encoding="utf-8")
    (tmp_path / "test_judged.py").write_text(
        "import judged, pytest\n"
        "@pytest.mark.parametrize('name', getattr(judged, 'NAMES', ['a']))\n"
        "def test_value(name): assert judged.VALUE == 1\n",
        encoding="utf-8",
    )
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--slow')\n", encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    mutant = Mutant("judged.py", 1, 1, "", "", text + "\n")
    assert judge(tmp_path, mutant, 0, [f"{tmp_path}/test_judged.py::test_value[a]"]) == fate
    if fate == "unfound":
        whole = judge(tmp_path, mutant, 1, [str(tmp_path)])
        assert whole == ("killed" if "/" in text else "survived")
    assert (tmp_path / "judged.py").read_text(encoding="utf-8") == "VALUE, NAMES = 1, ['a']"
