"""`orbifolio measure`: its lines, its JSON, its exit codes and what it refuses."""

import json

import numpy as np
import pytest

from orbifolio.runner.commands.measuring import parse_group
from orbifolio.runner.images.writing import write_png8
from orbifolio.runner.symmetry.verify.residuals import ABSENT, EXACT


@pytest.fixture
def tile(tmp_path):
    """A smooth tile with the mirrors of p2mm about its own origin."""
    y, x = np.meshgrid(np.arange(48) / 48, np.arange(48) / 48, indexing="ij")
    angles = 2 * np.pi * np.stack([x + 0 * y, y, 2 * x], axis=-1)
    waves = np.cos(angles) + 0.7 * np.cos(2 * np.pi * (y + 0 * x))[..., None] * np.cos(4 * np.pi * x)[..., None]
    path = tmp_path / "tile.png"
    write_png8(path, (0.5 + 0.25 * waves).astype(np.float32))
    return path


def test_every_claim_is_a_line_and_the_last_says_whether_all_hold(tile, command):
    measured = command("measure", tile, "--group", "p2mm")
    assert measured.returncode == 0, measured.stdout
    first, *residuals, last = measured.stdout.splitlines()
    assert first == f"{tile}: p2mm"
    divide = residuals.index("not claimed, smallest residual first:")
    for claim in residuals[:divide]:
        assert claim.startswith("  0.00")
        assert ", colours [r, g, b]  (next best colours 0.7" in claim
    unclaimed = [float(line.split()[0]) for line in residuals[divide + 1 :]]
    assert unclaimed == sorted(unclaimed)
    assert unclaimed[0] > 0.2
    assert last == "holds"


def test_noise_holds_nothing(tmp_path, command):
    path = tmp_path / "noise.png"
    write_png8(path, np.random.default_rng(0).random((40, 40, 3), dtype=np.float32))
    measured = command("measure", path, "--group", "p2")
    assert measured.returncode == 1
    assert measured.stdout.endswith("\ndoes not hold\n")
    assert measured.stderr == ""


def test_a_grey_picture_is_judged_and_noted_and_what_fails_is_explained(tmp_path, command):
    corner = np.kron(np.random.default_rng(0).random((6, 6, 1), dtype=np.float32), np.ones((4, 4, 3), np.float32))
    half = np.concatenate([corner, corner[::-1]])
    grey = tmp_path / "grey.png"
    write_png8(grey, np.concatenate([half, half[:, ::-1]], axis=1))
    held = command("measure", grey, "--group", "p2mm")
    assert held.returncode == 0, held.stdout
    assert held.stdout.endswith("\nnote: the picture is grey: colours cannot be told apart\nholds\n")
    broken = command("measure", grey, "--group", "p4mm")
    assert broken.returncode == 1
    *_, reason, last = broken.stdout.splitlines()
    assert reason.startswith("because ")
    assert ": its residual is 0." in reason
    assert reason.endswith(f", not below {EXACT}")
    assert last == "does not hold"
    told = " ".join(command("measure", "--help").stdout.split())
    assert f"(residual below {EXACT}, and no other colours fit better)" in told
    assert f"(residual {ABSENT} or less)" in told


def test_json_has_the_same_numbers_and_the_origin_of_a_moved_picture(tile, tmp_path, command):
    from PIL import Image

    moved = tmp_path / "moved.png"
    pixels = np.roll(np.asarray(Image.open(tile), dtype=np.float32) / 255, 9, axis=1)
    write_png8(moved, pixels)
    measured = command("measure", moved, "--group", "p2mm", "--json")
    record = json.loads(measured.stdout)
    assert measured.returncode == (0 if record["holds"] else 1)
    assert record["group"] == "p2mm"
    assert record["worst"] == max(claim["residual"] for claim in record["claims"]) < 0.02
    assert record["origin"][0] * 48 % 24 == pytest.approx(9, abs=0.6)  # a mirror stands at every half
    assert record["turned"] is False
    assert "origin" not in json.loads(command("measure", tile, "--group", "p2mm", "--json").stdout)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--group", "p4", "--colours", "r4"],
            "error: --colours r4: is not GENERATOR=A,B,C; write it as in r6=g,b,r\n",
        ),
        (["--group", "p4", "--aspect", "wide"], "error: --aspect wide: "),
        (["--group", "p4", "--colours", "r4=g,g,b"], "error: --group p4: colours.r4: [g, g, b]: 'r' is missing; "),
        (["--group", "cube:p4"], "error: --group cube:p4: 'cube' is not a kind of symmetry; "),
        ([], "Usage: orbifolio measure [OPTIONS] IMAGE\n"),
    ],
)
def test_wrong_arguments_are_explained(tile, command, arguments, text):
    refused = command("measure", tile, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(text)


def test_a_file_that_is_no_picture_is_refused(tmp_path, command):
    missing = command("measure", "missing.png", "--group", "p1")
    assert (missing.returncode, missing.stderr) == (
        2,
        "error: missing.png: cannot be read (No such file or directory)\n",
    )
    (tmp_path / "text.png").write_text("hello")
    text = command("measure", "text.png", "--group", "p1")
    assert text.returncode == 2
    assert text.stderr.startswith("error: text.png: ")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("C5", {"kind": "rotor", "order": 5, "mirrors": False}),
        ("rotor:d3", {"kind": "rotor", "order": 3, "mirrors": True}),
        (" Frieze : p2mg ", {"kind": "frieze", "group": "p2mg"}),
        ("hyperbolic:p=4, q=6", {"kind": "hyperbolic", "p": "4", "q": "6"}),
    ],
)
def test_a_group_is_read_from_its_short_spelling(text, settings):
    assert parse_group(text) == settings
