"""A user's own defaults: command line before environment, environment before file; faults told at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orbifolio.runner.cli import cli
from orbifolio.runner.commands.user_defaults import OPTIONS, config_file, default_map, read_defaults
from orbifolio.runner.errors import InputError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ORBIFOLIO_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "orbifolio").mkdir(parents=True)
    return tmp_path / "config" / "orbifolio" / "config.toml"


def galleries(tmp_path: Path, *names: str) -> None:
    for name in names:
        run = tmp_path / name / "waves" / "20260101-000000-aaaa"
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"status": "failed"}))


def test_what_is_said_last_counts(file, tmp_path, monkeypatch, command):
    galleries(tmp_path, "gallery", "of-file", "of-environment", "typed")
    assert command("gallery").stdout == "gallery/index.html\n"
    file.write_text('out = "of-file"\n')
    assert command("gallery").stdout == "of-file/index.html\n"
    monkeypatch.setenv("ORBIFOLIO_OUT", "of-environment")
    assert command("gallery").stdout == "of-environment/index.html\n"
    assert command("gallery", "typed").stdout == "typed/index.html\n"
    monkeypatch.setenv("ORBIFOLIO_OUT", "")
    assert command("gallery").stdout == "of-file/index.html\n"


def test_a_bucket_and_a_gallery_are_known_to_publish(file, tmp_path, command):
    galleries(tmp_path, "mine")
    file.write_text(f'out = "mine"\nbucket = "{tmp_path / "published"}"\n')
    command("gallery")
    assert command("publish").returncode == 0
    assert (tmp_path / "published" / "waves" / "20260101-000000-aaaa" / "run.json").is_file()


def test_every_option_gets_its_default_and_no_sweep_publishes_by_itself():
    found = default_map(cli, {key: key for key in OPTIONS})
    assert found["launch"] == {"gallery": "bucket", "here": "out", "region": "region"}
    assert found["sweep"] == {"gallery": "out"}
    assert found["run"] == {"gallery": "out", "device": "device"}
    assert found["check"] == {}
    assert {name for name, values in found.items() if "device" in values} == {
        *("run", "style", "serve", "enlarge", "print", "separate")
    }


def test_the_home_folder_is_meant_by_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_defaults(tmp_path / "none.toml", {"ORBIFOLIO_OUT": "~/art"}) == {"out": str(tmp_path / "art")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "outt = 'x'\ndevice = 3\n",
            ["outt: no such setting; did you mean out?", "device: 3 is not a text; write device ="],
        ),
        ("out = \n", ["is not TOML"]),
        ("\xff", ["is not TOML"]),
    ],
)
def test_faults_of_the_file_are_told(file, text, told):
    file.write_text(text, encoding="latin-1")
    with pytest.raises(InputError) as refused:
        read_defaults(config_file(), {})
    assert all(words in str(refused.value) for words in (str(file), *told))
