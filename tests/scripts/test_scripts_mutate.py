"""Mutants: each is one change of what is run, and the text around it stays."""

from __future__ import annotations

import ast
from pathlib import Path

from scripts.mutate import Mutant, judges, mutants_of, sample

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
