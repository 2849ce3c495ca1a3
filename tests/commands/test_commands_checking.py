"""`orbifolio check`: what it says of good, doubtful and broken recipes, and what a plan shows."""

import pytest


def test_a_good_recipe_is_one_line(recipe, command):
    checked = command("check", recipe)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{recipe}: ok: Tiny\n", "")


def test_one_broken_recipe_fails_the_command_and_hides_no_other(recipe, command):
    broken = recipe.with_name("broken.yaml")
    broken.write_text(recipe.read_text(encoding="utf-8").replace("seed: 7", "sed: 7"), encoding="utf-8")
    checked = command("check", broken, recipe)
    assert checked.returncode == 2
    assert checked.stdout == f"{recipe}: ok: Tiny\n"
    first, *_, last = checked.stderr.splitlines()
    assert first.startswith(f"{broken}:4:1: error: sed: ")
    assert last == f"{broken}: 1 error"


def test_errors_of_meaning_are_told_with_errors_of_form(recipe, command):
    impossible = "renderer.symmetry={kind: plane, group: p3, colours: {r3: [-r, -g, -b]}}"
    meaning = command("check", recipe, impossible, "renderer.objectives.0.images=[nosuch.jpg]").stderr
    both = command("check", recipe, impossible, "renderer.objectives.0.images=[nosuch.jpg]", "seed=one").stderr
    assert "no file 'nosuch.jpg'" in meaning
    assert "seed" in both
    told = [line for line in meaning.splitlines() if "renderer.symmetry.colours.r3: a third of a turn" in line]
    assert len(told) == 1
    assert told[0] in both.splitlines()


def test_a_value_may_be_longer_than_any_file_name(recipe, command):
    checked = command("check", recipe, f"about={'long ' * 2000}")
    assert (checked.returncode, checked.stdout) == (0, f"{recipe}: ok: Tiny\n")


def test_overrides_hold_for_every_recipe(recipe, command):
    other = recipe.with_name("other.yaml")
    other.write_text(recipe.read_text(encoding="utf-8").replace("title: Tiny", "title: Other"), encoding="utf-8")
    checked = command("check", recipe, other, "seed=one")
    assert checked.returncode == 2
    assert checked.stdout == ""
    assert [line for line in checked.stderr.splitlines() if line.endswith(": 1 error")] == [
        f"{recipe}: 1 error",
        f"{other}: 1 error",
    ]


def test_a_set_of_values_that_nobody_chose_must_be_valid_too(recipe, command):
    with recipe.open("a", encoding="utf-8") as text:
        text.write("qualities:\n  print: {renderer.phases.0.size: minus}\n")
    checked = command("check", recipe)
    assert checked.returncode == 2
    assert "renderer.phases.0.size" in checked.stderr
    assert checked.stderr.endswith(f"{recipe}: 1 error\n")


def test_a_plan_shows_what_the_run_needs(recipe, tmp_path, command):
    with recipe.open("a", encoding="utf-8") as text:
        text.write("qualities:\n  print: {renderer.phases.1.size: 32}\n")
    target = tmp_path / "elsewhere"
    planned = command("check", recipe, "--plan", f"publish={{kind: folder, path: {target}}}")
    assert planned.returncode == 0, planned.stderr
    lines = planned.stdout.splitlines()
    assert lines[0] == f"{recipe}: ok: Tiny"
    phases = [line.split() for line in lines if " px " in line and not line.startswith("   ")]
    assert [(row[2], row[4], row[6]) for row in phases] == [("16", "16", "6"), ("24", "24", "6")]
    labels = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line.startswith("  ") and line.strip()}
    assert labels["memory"].startswith("about 0.")
    assert labels["time"].endswith(")")
    assert "on this machine (cpu (" in labels["time"]
    assert labels["qualities"] == "quality=print"
    assert labels["publish"] == str(target)
    assert labels["picture"] == "skimage:coffee  (renderer.objectives.0.images.0)"
    assert not target.exists()


def test_check_reports_all_errors_at_once_with_places(recipe, command):
    text = recipe.read_text(encoding="utf-8")
    text = text.replace("seed: 7", "sed: 7").replace("r4: [g, r, b]", "r4: [g, b, r]").replace("size: 16", "size: 1e3")
    recipe.write_text(text.replace("title: Tiny", "title: Tiny\ntitle: Twice"), encoding="utf-8")
    checked = command("check", recipe)
    assert checked.returncode == 2
    lines = [line for line in checked.stderr.splitlines() if line.startswith(str(recipe)) and ": error: " in line]
    places = [tuple(map(int, line.removeprefix(f"{recipe}:").split(":")[:2])) for line in lines]
    assert places == sorted(places)
    assert any("title" in line for line in lines)
    assert any("'sed'" in line and "did you mean 'seed'?" in line for line in lines)
    assert checked.stderr.rstrip().endswith("errors")


def test_an_illegal_colour_action_is_told_with_witness_and_cure(recipe, command):
    checked = command("check", recipe, "renderer.symmetry={kind: plane, group: p2, colours: {r2: [g, b, r]}}")
    assert checked.returncode == 2
    assert (
        "renderer.symmetry.colours.r2: half a turn twice is the identity, but [g, b, r] twice is [b, r, g]; "
        "try [b, g, r] or r3"
    ) in checked.stderr


def test_uploads_are_asked_for(recipe, command):
    checked = command("check", recipe, "renderer.objectives.0.images=[upload]")
    assert checked.returncode == 2
    assert "add --image upload=FILE" in checked.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["seed=3"], "no recipe given; name at least one file"),
        ([], "Missing argument 'RECIPE... [KEY=VALUE]...'."),
        (["x.yaml", "--image", "photo.jpg"], "'photo.jpg' is not NAME=FILE, as in --image style=photo.jpg"),
        (["x.yaml", "--image", "a=1.png", "--image", "a=2.png"], "a is given twice; give it once"),
    ],
)
def test_wrong_arguments_are_explained(command, arguments, text):
    refused = command("check", *arguments)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.rstrip().endswith(text)


def test_a_plan_says_that_the_memory_does_not_suffice_and_the_run_does_not_begin(
    recipe, command, tmp_path, monkeypatch
):
    """On a graphics processor with 24 GB that is not here: only what it has is asked for."""
    monkeypatch.setattr("orbifolio.runner.run.plan.memory_of", lambda device: (24_000_000_000, "NVIDIA L4"))
    large = "renderer.phases=[{size: 64, steps: 1}, {size: 12400, steps: 1}]"
    plan = command("check", recipe, "--plan", large)
    needs = next(line for line in plan.stdout.splitlines() if line.startswith("  memory"))
    assert float(needs.split()[2]) > 24
    (told,) = [
        line for line in (plan.stdout + plan.stderr).splitlines() if "too large" in line or "of memory, and" in line
    ]
    assert "of memory, and NVIDIA L4 has 24.0 GB; make the last phase or size smaller" in told
    refused = command("run", recipe, large)
    assert refused.returncode == 2
    assert "of memory, and NVIDIA L4 has 24.0 GB" in refused.stderr
    assert not list(tmp_path.glob("gallery/*/*"))
    assert command("check", recipe, "--plan").stdout.count("too large") == 0
