"""What surrounds the package: metadata, workflows, container, notebook; each read by the format's own reader."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def test_the_metadata_says_what_the_package_is():
    assert {"serve", "cloud", "heif", "video", "ray", "docs", "test"} <= set(PROJECT["optional-dependencies"])
    named = [classifier.rpartition(" :: ")[2] for classifier in PROJECT["classifiers"]]
    assert [version for version in VERSIONS if version not in named] == []
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert {"torch", "jinja2", "pyyaml", "numpy", "scikit-image", "boto3", "markdown"} <= names
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_ask_for_little_and_pin_what_they_use(path):
    workflow = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    assert workflow["permissions"]["contents"] == "read"
    for job in workflow["jobs"].values():
        assert job["runs-on"].startswith("ubuntu-")
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
            else:
                assert "${{ inputs" not in step["run"]  # a visitor's words are no part of a script
                subprocess.run(["bash", "-n", "-c", step["run"]], check=True, timeout=20)
    if path.name == "tests.yml":
        assert tuple(workflow["jobs"]["install"]["strategy"]["matrix"]["python"]) == VERSIONS


def test_the_container_gets_all_that_a_wheel_is_built_from():
    from orbifolio.runner.cloud.wheel import _SOURCES

    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(_SOURCES) <= kept
    script = ROOT / "docker" / "build"
    subprocess.run(["bash", "-n", script], check=True, timeout=20)
    refused = subprocess.run([script, "tpu"], capture_output=True, text=True, check=False, timeout=20)
    assert (refused.returncode, refused.stderr) == (2, "error: tpu: no such image; use cpu or cuda\n")
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    extras = re.search(r"ARG EXTRAS=(\S+)", text)[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    (torch,) = [name for name in PROJECT["dependencies"] if name.startswith("torch")]
    assert f"'{torch}'" in text


def test_the_notebook_and_the_development_container_are_whole():
    book = json.loads((ROOT / "docs" / "colab.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], len({cell["id"] for cell in book["cells"]})) == (4, len(book["cells"]))
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            lines = [line for line in cell["source"] if not line.startswith("!")]
            compile("".join(lines), "cell", "exec")
    environment = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    (schema,) = environment["customizations"]["vscode"]["settings"]["yaml.schemas"]
    assert (ROOT / schema).is_file()
