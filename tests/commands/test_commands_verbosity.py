"""`-v`, `-q` and `logging`: what is said, what is not, and that it changes nothing else."""

import re
import subprocess
import sys

import pytest
import typed as shell

from orbifolio.runner.cli import cli

TINY = "renderer.phases=[{size: 16, steps: 2}]"
DECIDED = re.compile(r" *\d+\.\d\d s  (runner|reports)[a-z_.]*: ")


def test_quiet_says_where_the_result_is_and_what_is_wrong(recipe, tmp_path, orbifolio):
    done = orbifolio("run", recipe, TINY, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / done.stdout.rstrip("\n")).is_file()
    wrong = orbifolio("-q", "run", "no-such-recipe")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: no-such-recipe: ")


def test_verbose_says_what_was_decided_and_leaves_the_rest_as_it_is(recipe, tmp_path, orbifolio):
    plain, verbose = orbifolio("run", recipe, TINY), orbifolio("run", recipe, TINY, "--verbose")
    assert verbose.returncode == 0
    assert len(verbose.stdout.splitlines()) == 1
    decided = [line for line in verbose.stderr.splitlines() if DECIDED.match(line)]
    for words in (f"changed: {TINY}", "cpu, as torch", "phase 1: done after", "report and gallery written in"):
        assert any(words in line for line in decided), words
    assert not any(DECIDED.match(line) for line in plain.stderr.splitlines())

    def kept(text: str) -> list[str]:
        lines = [line for line in text.splitlines() if not DECIDED.match(line)]
        return [re.sub(r"\d{8}-\S+?/|about .* left", "", line) for line in lines]

    assert kept(verbose.stderr) == kept(plain.stderr)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_takes_both_but_not_at_once(name, command):
    options = {option for parameter in cli.commands[name].params for option in parameter.opts}
    assert {"-v", "--verbose", "-q", "--quiet"} <= options
    both = command(name, "-v", "-q")
    assert both.returncode == 2
    assert "-v says more and -q less; give one of them" in both.stderr


def test_other_packages_are_not_heard_and_users_of_the_package_choose_for_themselves():
    """In a process of its own: pytest catches records of its own."""
    script = (
        "import logging, sys\n"
        "from orbifolio.runner.log_lines import show_records\n"
        "logging.getLogger('orbifolio.x').info('of ours, before anybody asked')\n"
        "show_records(logging.DEBUG)\n"
        "logging.getLogger('botocore').warning('theirs')\n"
        "logging.getLogger('orbifolio.runner.x').debug('why')\n"
        "logging.getLogger('orbifolio.runner.x').warning('careful')\n"
        "show_records(logging.ERROR)\n"
        "logging.getLogger('orbifolio.runner.x').warning('lost')\n"
        "logging.getLogger('orbifolio.runner.x').error('told')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=shell.ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    first, *others = done.stderr.splitlines()
    assert re.fullmatch(r" *\d+\.\d\d s  runner\.x: why", first)
    assert others == ["warning: careful", "told"]
