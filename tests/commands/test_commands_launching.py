"""`orbifolio launch`: what it refuses before anything is asked of AWS, and a dry run, which asks nothing."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Error: no recipe given; name one, or use --resume LAUNCH\n"),
        (
            ["plane/tiny.yaml", "--resume", "tiny"],
            "Error: --resume continues the recipe that was launched; give only the launch's name\n",
        ),
        (
            ["plane/tiny.yaml", "--to", "folder"],
            "error: --to folder: is not a bucket; rented machines cannot reach this disk; write s3://BUCKET/PREFIX\n",
        ),
        (
            ["plane/tiny.yaml", "--to", "s3://pictures/gallery", "--work", "folder"],
            "error: --work folder: is not a bucket; rented machines cannot reach this disk; write s3://BUCKET/PREFIX\n",
        ),
        (["plane/tiny.yaml", "--mail", "missing.yaml"], "missing.yaml: "),
        (["plane/tiny.yaml", "seed=one"], "seed"),
        (["plane/tiny.yaml", "--market", "bazaar"], "'bazaar' is not one of 'spot', 'spot-only', 'on-demand'."),
        (["missing.yaml"], "missing.yaml: "),
    ],
)
def test_wrong_arguments_are_explained(recipe, no_account, command, arguments, text):
    refused = command("launch", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert text in refused.stderr


def test_without_credentials_nothing_is_rented(recipe, no_account, tmp_path, command):
    wheel = tmp_path / "orbifolio-0.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    refused = command("launch", recipe, "--to", "s3://pictures/gallery", "--wheel", wheel, "--yes")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no credentials were found" in refused.stderr


def test_a_dry_run_shows_price_policies_and_script_and_asks_nothing(recipe, no_account, tmp_path, command):
    wheel = tmp_path / "orbifolio-0.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    shown = command("launch", recipe, "--wheel", wheel, "--dry-run", "--verbose")
    assert shown.returncode == 0, shown.stderr
    assert "report     none was named; s3://your-bucket/gallery is a placeholder; use --to" in shown.stdout
    assert "# What the machine may do\n" in shown.stdout
    assert "\n#!/bin/" in shown.stdout
    assert shown.stdout.endswith("\nNothing was uploaded or rented, and AWS was not contacted.\n")
    assert not (tmp_path / "state").exists()


def test_a_dry_run_is_taken_in_at_a_glance(recipe, no_account, tmp_path, command):
    wheel = tmp_path / "orbifolio-0.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    lines = command("launch", recipe, "--wheel", wheel, "--dry-run").stdout.splitlines()
    assert len(lines) <= 10
    assert lines[-1] == "Nothing was uploaded or rented, and AWS was not contacted. Policies and script: --verbose"


def test_a_dry_run_keeps_to_the_budget(recipe, no_account, tmp_path, command):
    wheel = tmp_path / "orbifolio-0.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    refused = command("launch", recipe, "--wheel", wheel, "--dry-run", "--hours", "2", "--budget", "0.01")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the budget is $0.01" in refused.stderr
