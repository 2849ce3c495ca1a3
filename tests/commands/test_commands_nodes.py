"""`orbifolio ps`, `logs`, `stop` and `cleanup` without an account: what each says, and that none reaches for one."""

import pytest

NO_CREDENTIALS = (
    "no credentials were found; they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or the "
    "machine's role; set one of these up\n"
)


@pytest.mark.parametrize("arguments", [["ps"], ["ps", "--all-regions"], ["logs"], ["logs", "tiny"], ["stop", "tiny"]])
def test_without_credentials_one_line_says_where_they_come_from(no_account, command, arguments):
    refused = command(*arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.endswith(NO_CREDENTIALS)
    assert refused.stderr.count("\n") == 1


def test_nothing_is_stopped_that_was_not_named(no_account, command):
    refused = command("stop")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("Error: no launch given; name one, or use --all; `orbifolio ps` lists them\n")


def test_machines_at_work_are_not_ended_without_consent(no_account, command):
    refused = command("cleanup", "--all")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "error: --all ends even machines that work, which cannot be confirmed without a terminal; use --yes\n"
    )


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--all", "--yes"], ["--all", "--dry-run"]])
def test_cleaning_fails_where_nobody_is_signed_in(no_account, command, more):
    refused = command("cleanup", *more)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith(NO_CREDENTIALS)


def test_an_unknown_profile_is_one_line(no_account, command, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    refused = command("ps")
    assert refused.returncode == 1
    assert refused.stderr == (
        "error: AWS: the profile named by AWS_PROFILE does not exist; choose one from ~/.aws/config\n"
    )
