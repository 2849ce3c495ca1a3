"""The command line as a user types it: outputs, exit codes, whole error texts, never a traceback."""

import json
import os
import pty
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orbifolio.runner.cli import SECTIONS, cli
from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.model import load


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("renderer.phases.0.siz=64", "did you mean 'size'?"),
        ("renderer.phases.9.size=64", "renderer.phases"),
        ("seed", "KEY=VALUE"),
        ("seed=one", "seed"),
        ("renderer.objectives.0.layers=[conv9_9]", "has no layer 'conv9_9'"),
        ("renderer.vision=vgg61", "vgg16"),
        ("renderer.objectives.0.images=[skimage:cofee]", "did you mean coffee"),
        ("renderer.canvas.aspect=1.618", "nearest of all is 8:5"),
        ("renderer.objectives.+={kind: dream, class: volcano}", "efficientnet-lite0"),
        ("style_preparation.palette=nothing.png", "nothing.png"),
    ],
)
def test_overrides_are_validated_as_if_written(recipe, orbifolio, override, words):
    answer = orbifolio("run", recipe, override)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(recipe.parent.parent.glob("gallery/*/*"))


def test_overrides_that_fit_are_kept_in_the_resolved_recipe(recipe):
    loaded = load(recipe, ["seed=12", "renderer.phases.-1.size=32", "renderer.objectives.+=range"])
    assert loaded.recipe.seed == 12
    assert loaded.recipe.renderer.phases[1].size == 32
    assert loaded.recipe.renderer.objectives[-1].kind == "range"
    again = recipe.with_name("again.yaml")
    again.write_text(loaded.resolved_text, encoding="utf-8")
    assert load(again).parameters == loaded.parameters
    assert "seed=12" in loaded.resolved_text
    assert load(recipe).resolved_text == recipe.read_text(encoding="utf-8")


def test_an_upload_that_is_no_picture_is_refused(recipe, tmp_path, orbifolio):
    (tmp_path / "photo.jpg").write_bytes(b"not a picture")
    answer = orbifolio("run", recipe, "renderer.objectives.0.images=[upload]", "--image", "upload=photo.jpg")
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_run_prints_the_report_last(recipe, tmp_path, orbifolio):
    answer = orbifolio("run", recipe, "renderer.phases=[{size: 16, steps: 2}]")
    assert answer.returncode == 0, answer.stderr
    page = tmp_path / answer.stdout.strip().splitlines()[-1]
    assert page.is_file()
    assert (tmp_path / "gallery" / "index.html").is_file()
    assert "\x1b" not in answer.stderr  # no terminal, no colours
    measured = orbifolio("measure", page.with_name("final.png"), "--group", "p4", "--colours", "r4=g,r,b", "--json")
    assert json.loads(measured.stdout)["worst"] < 0.05
    rebuilt = orbifolio("gallery")
    assert rebuilt.returncode == 0
    assert rebuilt.stderr.startswith("0 pages")


def test_progress_is_live_on_a_terminal(recipe, tmp_path):
    """A real pseudo-terminal: a bar with an estimate appears, and the terminal is given back."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", "run", str(recipe)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=writer,
        env={**{k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(writer)
    shown = b""
    while True:
        try:
            part = os.read(reader, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(reader)
    process.communicate(timeout=60)
    assert process.returncode == 0, shown
    assert b"left" in shown
    assert b"/12" in shown
    assert shown.count(b"\x1b[?25h") == shown.count(b"\x1b[?25l")  # the cursor is back


def test_schema_is_json(orbifolio):
    assert json.loads(orbifolio("schema").stdout)["title"] == "orbifolio recipe"


def test_doctor_and_weights_tell_what_is_here(tmp_path, orbifolio, monkeypatch):
    monkeypatch.setenv("ORBIFOLIO_WEIGHTS", str(tmp_path / "weights"))
    answer = orbifolio("doctor")
    assert answer.returncode == 0, answer.stdout
    assert "orbifolio weights fetch vgg16/imagenet" in answer.stdout
    listed = orbifolio("weights")
    assert "vgg16/hed" in listed.stdout
    assert "CC BY 4.0" in listed.stdout
    fetched = orbifolio("weights", "fetch", "efficientnet-lite0/imagenet")
    assert fetched.returncode == 0, fetched.stderr
    verified = orbifolio("weights", "verify", "efficientnet-lite0/imagenet")
    assert "here" in verified.stdout
    wrong = orbifolio("weights", "fetch", "vgg16/hedd")
    assert wrong.returncode == 2
    assert "did you mean vgg16/hed" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runn"], "Did you mean run?"),
        (["run"], "Missing argument"),
        (["run", "nothing.yaml"], "nothing.yaml"),
        (["run", "x.yaml", "--image", "photo.jpg"], "NAME=FILE"),
        (["gallery", "nowhere"], "nowhere: this folder does not exist"),
        (["measure", "nothing.png", "--group", "p4"], "nothing.png"),
        (["run", "x.yaml", "--device", "tpu"], "x.yaml"),
    ],
)
def test_wrong_arguments_end_with_two_and_a_sentence(orbifolio, arguments, words):
    answer = orbifolio(*arguments)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_unknown_devices_are_refused(recipe, orbifolio):
    answer = orbifolio("run", recipe, "--device", "tpu")
    assert answer.returncode == 2
    assert "use auto, cpu, cuda or cuda:N" in answer.stderr
    apple = orbifolio("run", recipe, "--device", "mps")
    assert apple.returncode == 2
    assert "Apple's GPUs compute in 32 bits at most, and symmetries add in 64; use --device cpu" in apple.stderr


def problems_of(path, *overrides):
    """What `load` complains of; any other exception is the fault these tests look for."""
    try:
        load(path, overrides)
    except RecipeError as error:
        return error.problems
    return ()


WORDS = st.sampled_from(
    [
        "schema",
        "title",
        "renderer",
        "kind",
        "image-optimisation",
        "survey",
        "symmetry",
        "plane",
        "group",
        "p4",
        "p6mm",
        "colours",
        "r4",
        "[g, b, r]",
        "[-r, -g, -b]",
        "vision",
        "untrained",
        "vgg16",
        "objectives",
        "style",
        "images",
        "skimage:coffee",
        "dream",
        "layer",
        "conv1_1",
        "phases",
        "size",
        "steps",
        "16",
        "-1",
        "1e3",
        "1:30",
        "yes",
        "null",
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "\n",
        "\n  ",
        ", ",
        "&a",
        "*a",
        "<<",
        "x-note",
        '"',
        "'",
        "\t",
        "#",
        "|",
        ".inf",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, max_size=40).map("".join) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_no_text_makes_a_traceback(tmp_path, text):
    path = tmp_path / "fuzz.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    assert all(str(problem) for problem in problems_of(path))


SCALARS = st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(
    [
        "title",
        "seed",
        "about",
        "frames",
        "publish",
        "finish",
        "finish.levels",
        "style_preparation",
        "renderer",
        "renderer.kind",
        "renderer.symmetry",
        "renderer.symmetry.group",
        "renderer.symmetry.colours",
        "renderer.symmetry.colours.r4",
        "renderer.vision",
        "renderer.objectives",
        "renderer.objectives.0",
        "renderer.objectives.0.images",
        "renderer.objectives.0.layers",
        "renderer.objectives.0.statistics",
        "renderer.objectives.1.weight",
        "renderer.phases",
        "renderer.phases.0",
        "renderer.phases.0.size",
        "renderer.canvas",
        "renderer.canvas.init",
        "renderer.canvas.aspect",
        "renderer.views",
        "renderer.optimiser",
    ]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATHS, VALUES)
def test_no_value_anywhere_makes_a_traceback(recipe, path, value):
    import yaml

    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True).removesuffix("...\n").strip()
    assert all(problem.message for problem in problems_of(recipe, f"{path}={text}"))


@pytest.mark.parametrize("aspect", ["golden", "1:0", "1:99999"])
def test_an_aspect_that_is_none_is_an_error_at_its_place(recipe, aspect):
    problems = problems_of(recipe, f"renderer.canvas.aspect={aspect}")
    assert problems[0].path == "renderer.canvas.aspect"


def test_overrides_with_slashes_are_overrides(recipe, orbifolio):
    answer = orbifolio("check", recipe, "style_preparation.palette=orbifolio:oil", "about=https://x/y")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("renderer.objectives.0={kind: style, images: [skimage:coffee], layers: [logits]}", "logits"),
        ("renderer.objectives.+={kind: content, image: skimage:coffee}", "views"),
    ],
)
def test_combinations_that_cannot_work_are_refused(recipe, override, words):
    more = ["renderer.vision=efficientnet-lite0"] if "logits" in override else ["renderer.views=[jitter]"]
    assert any(words in problem.message for problem in problems_of(recipe, override, *more))


@pytest.mark.slow
def test_a_reader_that_goes_away_does_not_end_the_run(recipe, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", "run", str(recipe)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    process.stderr.readline()
    process.stderr.close()
    assert process.wait(timeout=200) in (0, 120)  # 120: Python could not flush what nobody reads
    (summary,) = tmp_path.glob("gallery/tiny/*/run.json")
    assert json.loads(summary.read_text())["status"] == "done"


def test_a_shipped_recipe_is_run_by_its_name(tmp_path, orbifolio):
    answer = orbifolio("run", "plane/waves-colours", "renderer.phases=[{size: 48, steps: 0}]")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1].startswith("gallery/waves-colours/")
    assert orbifolio("check", "waves-colours").returncode == 0
    assert "no such file" in orbifolio("check", "zoom/waves-colours").stderr
    wrong = orbifolio("run", "waves-colour")
    assert wrong.returncode == 2
    assert "waves-colour: no such shipped recipe; did you mean waves-colours" in wrong.stderr


def test_the_help_shows_every_command_once_in_whole_sentences(orbifolio, tmp_path):
    shown = [name for names in SECTIONS.values() for name in names]
    assert sorted(shown) == sorted(cli.commands)
    lines = orbifolio("--help").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line[2:].split(" ")[0] in cli.commands]
    assert len(rows) == len(shown)
    assert all(row.endswith(".") and not row.endswith("..") for row in rows)


@pytest.mark.parametrize(
    ("typed", "offered", "files"),
    [
        ("run rainb", {"rainbow-hexagon", "rainbow-triangle"}, True),
        ("check tunnel hepta", {"heptagon"}, True),
        ("new mine --from tun", {"tunnel"}, False),
        ("measure tile.png --group p6", {"p6", "p6mm"}, False),
        ("weights fetch vgg1", {"vgg16/imagenet", "vgg19/imagenet"}, False),
        ("gall", {"gallery"}, False),
    ],
)
def test_the_tab_key_offers_what_there_is(typed, offered, files, tmp_path):
    """As bash asks, by its own variables."""
    words = ["orbifolio", *typed.split()]
    surroundings = {"_ORBIFOLIO_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words)}
    done = subprocess.run(
        [sys.executable, "-m", "orbifolio.runner.cli"],
        env={**os.environ, **surroundings, "COMP_CWORD": str(len(words) - 1)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    answers = [line.partition(",")[::2] for line in done.stdout.splitlines()]
    assert offered <= {value for kind, value in answers if kind == "plain"}, done
    assert any(kind == "file" for kind, _ in answers) == files
