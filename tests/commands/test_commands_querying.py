"""`orbifolio query`: a line a run, its schema, its conditions, and galleries that are damaged or missing."""

import json
import shutil

import pytest
from jsonschema import validate

RUNS = {"20261121-100000-aaaa": ("done", 3, "p6"), "20261122-100000-bbbb": ("failed", 4, "p3")}


@pytest.fixture
def gallery(tmp_path):
    for number, (name, (status, seed, group)) in enumerate(RUNS.items()):
        folder = tmp_path / "gallery" / "hexagon" / name
        folder.mkdir(parents=True)
        record = {
            "status": status,
            "title": "A hexagon",
            "started": 1.7e9 + number,
            "seed": seed,
            "symmetry": {"group": group},
            "parameters": {"seed": seed, "renderer": {"phases": [{"size": 64}]}},
        }
        (folder / "run.json").write_text(json.dumps(record))
        (folder / "events.jsonl").write_text("")
    return tmp_path / "gallery"


def lines(answer):
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_each_run_is_a_line_that_fits_the_schema(gallery, command):
    schema = json.loads(command("query", "--schema").stdout)
    assert all("description" in field for name, field in schema["properties"].items() if name in ("run", "parameters"))
    found = lines(command("query", gallery))
    for line in found:
        validate(line, schema)
    assert [line["run"] for line in found] == [f"hexagon/{name}" for name in reversed(RUNS)]  # newest first
    assert found[0]["parameters"] == {"seed": 4, "renderer.phases.0.size": 64}
    assert found[1]["started"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("conditions", "seeds"),
    [
        (["status=done"], ["3"]),
        (["group=p3"], ["4"]),
        (["renderer.phases.0.size=64"], ["4", "3"]),
        (["status=done", "group=p3"], []),
        (["nothing=1"], []),
    ],
)
def test_conditions_name_fields_and_parameters(gallery, command, conditions, seeds):
    answer = command("query", gallery, *(word for each in conditions for word in ("--where", each)))
    assert [line["seed"] for line in lines(answer)] == seeds


def test_a_damaged_run_says_so_and_stops_no_other(gallery, command):
    (gallery / "hexagon" / next(iter(RUNS)) / "run.json").write_text("{")
    shutil.rmtree(gallery / "hexagon" / list(RUNS)[1])
    (line,) = lines(command("query", gallery))
    assert line["status"] != "done"


def test_what_cannot_be_asked_is_told_at_once(tmp_path, command):
    refused = command("query", tmp_path, "--where", "done", "--where", "=1")
    assert refused.returncode == 2
    assert [line.split(":")[-2].strip() for line in refused.stderr.splitlines()][:2] == ["--where done", "--where =1"]
    missing = command("query", tmp_path / "nothing")
    assert missing.returncode == 2
    assert "no such folder" in missing.stderr
