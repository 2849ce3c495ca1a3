"""The tiny recipe; the command, in a process of its own or in this one; an AWS account that is never reached."""

import os
import subprocess
import sys

import pytest
from tiny_recipe import _importable, orbifolio, recipe, tiny

from orbifolio.runner.cli import main

__all__ = ["_importable", "orbifolio", "recipe", "tiny"]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command line in this process and in the test's folder; its standard input is no terminal."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = ["orbifolio", *map(str, arguments)]
        with monkeypatch.context() as patch, open(os.devnull) as nothing:
            patch.setattr(sys, "argv", words)
            patch.setattr(sys, "stdin", nothing)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, ended.value.code, out, err)

    return run


@pytest.fixture
def no_account(tmp_path, monkeypatch):
    """No credentials and no records of launches; a request would go to a closed port of this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "ORBIFOLIO_STATE": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
