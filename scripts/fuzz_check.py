"""Mutated recipes through `check --plan`: (recipe, random changes) -> exit code 0 or 2, in bounded time and memory.

    python scripts/fuzz_check.py --number 5000 --seed 1 --keep /tmp/faults

A mutant is a shipped recipe with up to three changes: a value drawn from what the JSON Schema allows at its place, its
limits among them; a value of another type; a branch of another recipe; a key or an item left out or doubled; a few
characters of the text. Each is checked in a child that is forked from a process with everything imported, so that what
is measured is its own. A fault is a traceback, another exit code, or a check that took too long or too much.

Reference: Miller, Fredriksen and So 1990.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

SECONDS = 2.0
"""Of processor that a check may take, beside the imports."""
MEGABYTES = 600
"""That a check may take, the program itself included."""
CUT_SECONDS, CUT_MEGABYTES = 20, 4000  # where a check is cut off, so that one fault does not stop the search
ODD: tuple[Any, ...] = (
    *(None, True, False, "", " ", "x", "ü" * 300, "auto", "none", "\0", ".", "..", "/", "~", "1:1", "skimage:", "#fff"),
    *(0, 1, -1, 2, 63, 64, 65, 16384, 16385, 10**9, 10**18, 10**30),
    *(0.5, -0.0, 1e-12, 1e300, float("inf"), float("nan")),
    *([], {}, [[]], [{}], {"kind": "x"}, {"kind": None}, [1, 2, 3], {"": ""}, {"<<": 1}, [None] * 50),
)
CHARACTERS = (*"-?[]{},&*#|>@`%!:'\"\\ \n\t~=<0", "\n  ", ": ", "- ", "&a ", "*a", "---\n", "!!str ", "\ufeff", "1e999")


class Schema:
    """Random values that the JSON Schema of recipes allows, at any place of them."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._whole = schema

    def alternatives(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A schema's, without references and choices."""
        if "$ref" in schema:
            return self.alternatives(self._whole["$defs"][schema["$ref"].rpartition("/")[2]])
        choices = schema.get("anyOf") or schema.get("oneOf")
        return [each for choice in choices for each in self.alternatives(choice)] if choices else [schema]

    def at(self, value: Any, way: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
        """What may stand at a place: the alternatives of the kinds that its parents are of."""
        found: list[Mapping[str, Any]] = [self._whole]
        for key in way:
            below = []
            for each in found:
                if isinstance(value, dict):
                    kind = each.get("properties", {}).get("kind", {})
                    if "kind" in value and kind.get("const", value["kind"]) != value["kind"]:
                        continue
                    extra = each.get("additionalProperties") or {}
                    below.append(each.get("properties", {}).get(key, extra))
                elif each.get("prefixItems"):
                    below.append(each["prefixItems"][min(key, len(each["prefixItems"]) - 1)])
                else:
                    below.append(each.get("items") or {})
            found = [each for schema in below if schema for each in self.alternatives(schema)]
            value = value[key]
        yield from found

    def draw(self, schema: Mapping[str, Any], chance: random.Random, depth: int = 0) -> Any:
        """A value that a schema allows, as far as a schema tells."""
        schema = chance.choice(self.alternatives(schema))
        if "const" in schema or "enum" in schema:
            return chance.choice(schema.get("enum") or [schema["const"]])
        if schema.get("type") in ("integer", "number"):
            return self._number(schema, chance)
        if schema.get("type") == "array":
            items = schema.get("items") or {}
            count = chance.choice([0, 1, 1, 2, 3, schema.get("maxItems", 8)])
            return [self.draw(items, chance, depth + 1) for _ in range(max(schema.get("minItems", 0), min(count, 40)))]
        if schema.get("type") == "object":
            drawn = {}
            for key, each in schema.get("properties", {}).items():
                if key == "kind" or key in schema.get("required", ()) or chance.random() < 0.4 / (depth + 1):
                    drawn[key] = self.draw(each, chance, depth + 1)
            return drawn
        if schema.get("type") == "boolean":
            return chance.random() < 0.5
        if schema.get("type") == "string":
            names = ("skimage:coffee", "skimage:camera", "1:1", "3:2", "sqrt(3)", "#a03020", "p6", "auto", "x")
            return chance.choice([*names, *schema.get("examples", ())])
        return None if schema.get("type") == "null" else chance.choice(ODD)

    def _number(self, schema: Mapping[str, Any], chance: random.Random) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -10))
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(1000, 10 * abs(low))))
        drawn = chance.choice([low, high, chance.uniform(low, high), low + (high - low) * 10 ** chance.uniform(-4, 0)])
        if chance.random() < 0.05:
            drawn += chance.choice([-1, 1])
        return int(drawn) if schema["type"] == "integer" else drawn


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*way, key)
        yield from places(item, (*way, key))


@dataclass(frozen=True)
class Mutant:
    """A changed recipe.

    Attributes:
        name: path of the recipe that it is made of, from the folder of recipes.
        text: of the recipe now.
        changes: what was changed.
    """

    name: str
    text: str
    changes: list[str]


class Mutator:
    """Changes recipes at random.

    Args:
        recipes: what they say, by their path from the folder of recipes.
        schema: of recipes.
    """

    def __init__(self, recipes: Mapping[str, str], schema: Mapping[str, Any]) -> None:
        self.texts = recipes
        self.recipes = {name: yaml.safe_load(text) for name, text in recipes.items()}
        self.schema = Schema(schema)
        self._branches = [branch for values in self.recipes.values() for branch in self._of(values)]

    @classmethod
    def of_shipped(cls, only: str = "") -> Mutator:
        """Changes the recipes that are shipped, those with something in their path."""
        folder = ROOT / "recipes"
        paths = [path for path in sorted(folder.glob("*/*.yaml")) if only in path.relative_to(folder).as_posix()]
        texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
        return cls(texts, json.loads((folder / "recipe.schema.json").read_text(encoding="utf-8")))

    def _of(self, values: Any) -> Iterator[tuple[Any, Any]]:
        for *above, last in places(values):
            branch = values
            for key in (*above, last):
                branch = branch[key]
            yield last, branch

    def mutant(self, chance: random.Random) -> Mutant:
        """A recipe with some changes."""
        name = chance.choice(sorted(self.recipes))
        if chance.random() < 0.1:
            return Mutant(name, *self._retyped(self.texts[name], chance))
        values, changes = copy.deepcopy(self.recipes[name]), []
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            way = chance.choice(list(places(values)))
            changes.append(self._change(values, way, chance))
        return Mutant(name, yaml.safe_dump(values, allow_unicode=True, sort_keys=False), changes)

    def _change(self, values: Any, way: tuple[Any, ...], chance: random.Random) -> str:
        parent = values
        for key in way[:-1]:
            parent = parent[key]
        last, where = way[-1], ".".join(map(str, way))
        allowed = list(self.schema.at(values, way))
        kind = chance.choices(["allowed", "added", "odd", "grafted", "left out", "doubled"], [8, 4, 2, 2, 1, 1])[0]
        if kind == "added" and isinstance(parent[last], dict):
            wider = [each for each in allowed if each.get("properties")]
            if wider:
                key, schema = chance.choice(sorted(chance.choice(wider)["properties"].items()))
                parent[last][key] = self.schema.draw(schema, chance)
                return f"{where}.{key} = {parent[last][key]!r}"
        if kind == "left out":
            del parent[last]
            return f"{where} left out"
        if kind == "doubled" and isinstance(parent[last], list):
            parent[last] = (parent[last] * chance.choice([2, 50, 1000]))[:3000]
            return f"{where} many times"
        if kind == "grafted":
            same = [branch for key, branch in self._branches if key == last and not isinstance(key, int)]
            branch = chance.choice(same or [branch for _, branch in self._branches])
            parent[last] = copy.deepcopy(branch)
        elif kind == "odd" or not allowed:
            parent[last] = copy.deepcopy(chance.choice(ODD))
        else:
            parent[last] = self.schema.draw(chance.choice(allowed), chance)
        return f"{where} = {parent[last]!r}"

    def _retyped(self, text: str, chance: random.Random) -> tuple[str, list[str]]:
        at, length = chance.randrange(len(text)), chance.choice([0, 1, 1, 3, 40])
        put = "".join(chance.choice(CHARACTERS) for _ in range(chance.choice([0, 1, 2, 5])))
        return text[:at] + put + text[at + length :], [f"character {at}: {text[at : at + length]!r} -> {put!r}"]


@dataclass(frozen=True)
class Checked:
    """What came of a check.

    Attributes:
        code: its exit code; negative: the signal that ended it.
        seconds: of processor that it took.
        megabytes: at its peak, the program itself included.
        output: what it printed.
    """

    code: int
    seconds: float
    megabytes: float
    output: str

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        return [
            *([f"exit code {self.code}"] if self.code not in (0, 2) else []),
            *(["traceback"] if "Traceback (most recent call last)" in self.output else []),
            *([f"{self.seconds:.1f} s"] if self.seconds > SECONDS else []),
            *([f"{self.megabytes:.0f} MB"] if self.megabytes > MEGABYTES else []),
            *(["nothing said"] if not self.output.strip() else []),
        ]


def warm_up() -> None:
    """Import all that a check may need, and leave no thread behind that a fork would lose."""
    from orbifolio.runner.cpu_features import protect

    protect()
    import torch

    torch.set_num_threads(1)
    import orbifolio.runner.commands.checking
    import orbifolio.runner.run.plan  # noqa: F401
    from orbifolio.runner.recipe.model import Recipe

    Recipe.model_json_schema()  # imports every kind


def check(path: Path) -> Checked:
    """`orbifolio check --plan` of a recipe, in a forked child."""
    import resource  # only where processes can be forked

    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (CUT_SECONDS, CUT_SECONDS + 1))
            resource.setrlimit(resource.RLIMIT_DATA, (CUT_MEGABYTES * 10**6,) * 2)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            _become(path)
        _, status, usage = os.wait4(pid, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Checked(
        os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, text
    )


def _become(path: Path) -> None:
    """Become the command; never returns."""
    import traceback

    code = 70
    try:
        from orbifolio.runner.cli import main

        os.chdir(path.parent)
        sys.argv = ["orbifolio", "check", "--plan", path.name]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def folder_of_recipes(folder: Path) -> Path:
    """A folder whose recipes find the files that the shipped ones name."""
    for path in sorted((ROOT / "recipes").rglob("*")):
        if path.is_file() and path.suffix not in (".yaml", ".json", ".md"):
            there = folder / path.relative_to(ROOT / "recipes")
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(path)
    return folder


def checks(mutator: Mutator, seed: int, first: int, count: int) -> Iterator[tuple[int, Mutant, Checked]]:
    """Make and check mutants, of these numbers; `warm_up` has been called."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = folder_of_recipes(Path(scratch) / "recipes")
        for number in range(first, first + count):
            mutant = mutator.mutant(random.Random(f"{seed} {number}"))
            path = folder / mutant.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(mutant.text, encoding="utf-8", errors="replace")
            yield number, mutant, check(path)
            path.unlink()


def main() -> None:
    """Make and check mutants; exit code 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=5000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="the same gives the same mutants")
    parser.add_argument("--first", type=int, default=0, help="number of the first one, to go on or to look at one")
    parser.add_argument("--only", default="", metavar="PART", help="only recipes with this in their path")
    parser.add_argument("--keep", type=Path, help="folder for recipes with a fault")
    options = parser.parse_args()
    mutator = Mutator.of_shipped(options.only)
    warm_up()
    codes: collections.Counter[int] = collections.Counter()
    faulty, longest, largest = 0, 0.0, 0.0
    for number, mutant, checked in checks(mutator, options.seed, options.first, options.number):
        codes[checked.code] += 1
        longest, largest = max(longest, checked.seconds), max(largest, checked.megabytes)
        if checked.faults:
            faulty += 1
            told = "; ".join(change[:200] for change in mutant.changes)
            print(f"{number:5} {', '.join(checked.faults)}  {mutant.name}: {told}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                kept = options.keep / f"{number}-{Path(mutant.name).name}"
                kept.write_text(mutant.text, encoding="utf-8", errors="replace")
                kept.with_suffix(".txt").write_text(checked.output, encoding="utf-8")
    ends = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
    print(f"{options.number} mutants: {ends}; at most {longest:.1f} s and {largest:.0f} MB; {faulty} faults")
    sys.exit(1 if faulty else 0)


if __name__ == "__main__":
    main()
