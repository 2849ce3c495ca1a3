"""What travels: the recipe with its pictures where it looks for them, the program, the versions; nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orbifolio.runner.cloud.bundle import Bundle, pack, unpack
from orbifolio.runner.cloud.node_script import MAX_BYTES, NodeWork, head, user_data
from orbifolio.runner.cloud.wheel import _repack, constraints, find_wheel, make_wheel
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import load

RECIPE = """\
schema: 1
title: Tiny
renderer:
  kind: image-optimisation
  vision: untrained
  objectives: [{kind: style, images: [PICTURES], layers: [conv1_1]}]
  phases: [{size: 16, steps: 1}]
"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "photos" / "a photo.png"
    path.parent.mkdir(parents=True)
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(path)
    return path


def packed(tmp_path: Path, pictures: str, *overrides: str, given: dict[str, Path] | None = None) -> Bundle:
    path = tmp_path / "deep" / "recipes" / "plane" / "tiny.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RECIPE.replace("PICTURES", pictures))
    return pack(load(path, overrides, given))


def names(bundle: Bundle) -> list[str]:
    with tarfile.open(fileobj=BytesIO(bundle.content)) as archive:
        return archive.getnames()


def test_relative_pictures_keep_their_places(tmp_path: Path, photo: Path) -> None:
    bundle = packed(tmp_path, '"../../photos/a photo.png"')
    assert names(bundle) == ["constraints.txt", "recipe/photos/a photo.png", "recipe/up/plane/tiny.yaml"]
    unpack(bundle.content, tmp_path / "node")
    there = load(tmp_path / "node" / bundle.recipe)
    assert there.name == "tiny"
    assert there.theme == "plane"  # the gallery groups by it
    assert there.images.load("../../photos/a photo.png").width == 16


def test_absolute_pictures_travel_without_telling_whose_they_were(tmp_path: Path, photo: Path) -> None:
    bundle = packed(tmp_path, f'"{photo}"')
    unpack(bundle.content, tmp_path / "node")
    text = (tmp_path / "node" / bundle.recipe).read_text()
    assert str(tmp_path) not in text
    load(tmp_path / "node" / bundle.recipe)


def test_uploads_travel(tmp_path: Path, photo: Path) -> None:
    bundle = packed(tmp_path, "upload:me", given={"me": photo})
    assert bundle.arguments == ["recipe/plane/tiny.yaml", "--image", "me=inputs/me.png"]
    assert "inputs/me.png" in names(bundle)


def test_what_others_hold_stays_there(tmp_path: Path) -> None:
    bundle = packed(tmp_path, "skimage:coffee, s3://others/photo.jpg")
    assert names(bundle) == ["constraints.txt", "recipe/plane/tiny.yaml"]
    assert bundle.buckets == ("s3://others/photo.jpg",)


def test_overrides_are_written_in(tmp_path: Path) -> None:
    bundle = packed(tmp_path, "skimage:coffee", "seed=5", "renderer.phases.0.steps=3")
    unpack(bundle.content, tmp_path / "node")
    recipe = load(tmp_path / "node" / bundle.recipe).recipe
    assert (recipe.seed, recipe.renderer.phases[0].steps) == (5, 3)


def test_equal_launches_have_equal_bundles(tmp_path: Path) -> None:
    assert packed(tmp_path, "skimage:coffee").content == packed(tmp_path, "skimage:coffee").content


@pytest.mark.parametrize("member", ["../outside", "/etc/outside"])
def test_a_bundle_writes_nothing_elsewhere(tmp_path: Path, member: str) -> None:
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(member))
    if member.startswith("/"):  # the filter takes the slash away
        unpack(stream.getvalue(), tmp_path / "node")
        assert (tmp_path / "node/etc/outside").exists()
    else:
        with pytest.raises(InputError, match="cannot be unpacked"):
            unpack(stream.getvalue(), tmp_path / "node")
    assert not (tmp_path / "outside").exists()


def test_the_versions_in_use_are_those_here_without_a_kind_of_hardware() -> None:
    lines = constraints().splitlines()
    assert f"torch=={metadata.version('torch').partition('+')[0]}" in lines
    assert f"numpy=={metadata.version('numpy')}" in lines
    assert not [line for line in lines if line.startswith(("orbifolio", "pytest")) or "+" in line]


@pytest.mark.slow
def test_the_wheel_holds_the_program_and_what_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_wheel(tmp_path)
    assert re.fullmatch(r"orbifolio-[0-9.a-z]+-py3-none-any\.whl", made.name)
    foretold = find_wheel(None)
    assert foretold.name == made.name
    assert foretold.size == pytest.approx(made.stat().st_size, rel=0.1)
    with zipfile.ZipFile(made) as wheel:
        inside = wheel.namelist()
    for name in (
        "runner/cli.py",
        "runner/cloud/node.sh",
        "runner/cloud/aws_cli_script.sh",
        "reports/_templates/base.html",
    ):
        assert f"orbifolio/{name}" in inside
    assert any(name.startswith("orbifolio/runner/_recipes/plane/") for name in inside)
    assert not [name for name in inside if name.endswith(".pyc")]
    _packed_again(made, tmp_path / "again", monkeypatch)


def _packed_again(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program is installed without its sources, its wheel is made of what pip wrote down."""
    site = folder / "site"
    options = ["--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(made)], check=True)
    (information,) = site.glob("orbifolio-*.dist-info")
    monkeypatch.setattr(metadata, "distribution", lambda name: metadata.Distribution.at(information))
    again = _repack(folder)
    with zipfile.ZipFile(made) as first, zipfile.ZipFile(again) as second:
        assert set(first.namelist()) == set(second.namelist())
        for name in first.namelist():
            assert name.endswith("/RECORD") or first.read(name) == second.read(name), name


# the script


def task(**more: object) -> NodeWork:
    values = {
        "launch": "tiny",
        "work": "s3://b/launches/tiny",
        "region": "eu-west-1",
        "minutes": 60,
        "wheel": "orbifolio.whl",
        "arguments": ("run", "a.yaml"),
    }
    return NodeWork(**{**values, **more})  # type: ignore[arg-type]


def test_nothing_that_is_said_becomes_a_command(tmp_path: Path) -> None:
    evil = "$(touch owned) `touch owned` '; touch owned; '\n\"\\"
    text = head(task(launch=evil, arguments=("run", evil, "x y", "")))
    shown = 'printf "%s|" "$launch" "${arguments[@]}"'
    told = subprocess.run(["bash", "-c", text + shown], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == "|".join([evil, "run", evil, "x y", "", ""])
    assert not list(tmp_path.iterdir())


def test_a_script_too_long_for_ec2_is_refused_here() -> None:
    assert len(user_data(task()).encode()) < MAX_BYTES
    with pytest.raises(InputError, match="bytes; EC2 accepts 16,384"):
        user_data(task(arguments=("x" * MAX_BYTES,)))


def test_the_end_is_set_before_anything_can_fail() -> None:
    lines = [line for line in user_data(task()).splitlines() if line and not line.startswith("#")]
    first = next(number for number, line in enumerate(lines) if "shutdown" in line)
    assert all("=" in line or line.startswith("set ") for line in lines[:first])  # only assignments before it


AGENT = """\
schema: 1
title: Faces
renderer:
  kind: agent-training
  brush: classic/dry_brush
  data: {kind: folder, path: PATH}
  manner: {strokes: 2, connected: false, ink: colours}
  unseen: 4
  phases: [{steps: 1, pixels: 10}]
"""


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of pictures, one of them deeper, beside something hidden."""
    folder = tmp_path / "recipes" / "my faces"
    (folder / "more").mkdir(parents=True)
    for number, place in enumerate((folder, folder, folder / "more")):
        Image.fromarray(np.full((8, 8, 3), 60 * number, np.uint8)).save(place / f"{number}.png")
    (folder / ".secret").write_text("mine")
    return folder


def agent(tmp_path: Path, path: str) -> Path:
    recipe = tmp_path / "recipes" / "painting" / "faces.yaml"
    recipe.parent.mkdir(parents=True, exist_ok=True)
    recipe.write_text(AGENT.replace("PATH", f'"{path}"'))
    return recipe


@pytest.mark.parametrize("whole", [True, False], ids=["absolute", "beside the recipe's folder"])
def test_folders_that_a_recipe_names_travel(tmp_path: Path, faces: Path, whole: bool) -> None:
    bundle = pack(load(agent(tmp_path, str(faces) if whole else "../my faces")))
    place = "inputs/file-1-my faces" if whole else "recipe/my faces"
    assert [name for name in names(bundle) if name.endswith(".png")] == [
        f"{place}/{name}" for name in ("0.png", "1.png", "more/2.png")
    ]
    assert ".secret" not in " ".join(names(bundle))
    unpack(bundle.content, tmp_path / "node")
    assert str(tmp_path) not in (tmp_path / "node" / bundle.recipe).read_text()
    loaded = load(tmp_path / "node" / bundle.recipe)
    assert len(loaded.recipe.renderer.data._files()) == 3


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path, faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.cloud.extra_files.MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"is too large to upload .*reduce it"):
        pack(load(agent(tmp_path, str(faces))))


def test_words_that_name_no_file_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "classic").mkdir()
    (tmp_path / "plane").mkdir()
    monkeypatch.chdir(tmp_path)
    assert not [name for name in names(packed(tmp_path, "skimage:coffee")) if name.startswith(("classic", "plane"))]
