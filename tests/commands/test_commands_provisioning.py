"""`orbifolio weights` and `orbifolio doctor` with an empty cache, and with one that cannot be written."""

import pytest

from orbifolio.runner.vision.weights import ENTRIES, FOLDER, WeightsStore, default_store


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty cache of weights, for every test here: none may touch the user's."""
    path = tmp_path / "weights"
    monkeypatch.setenv(FOLDER, str(path))
    default_store.cache_clear()
    yield path
    default_store.cache_clear()


def test_the_list_has_every_network_with_its_licence(folder, command):
    listed = command("weights")
    assert (listed.returncode, listed.stderr) == (0, "")
    first, *rows = listed.stdout.splitlines()
    assert first == f"weights in {folder}"
    assert [row.split()[0] for row in rows[::2]] == [entry.name for entry in ENTRIES]
    assert [row.strip() for row in rows[1::2]] == [entry.files[0].licence for entry in ENTRIES]
    assert not folder.exists()


def test_a_list_may_be_of_one_network(folder, command):
    rows = command("weights", "list", "vgg16/hed").stdout.splitlines()[1:]
    assert rows[0].split()[:2] == ["vgg16/hed", "absent"]
    assert len(rows) == 2


def test_absent_weights_fail_only_where_they_were_named(folder, command):
    named = command("weights", "verify", "vgg16/hed")
    assert (named.returncode, named.stdout) == (1, "vgg16/hed: absent\n")
    every = command("weights", "verify")
    assert every.returncode == 0
    assert "vgg16/hed: absent\n" in every.stdout


def test_a_damaged_file_fails_in_any_case(folder, command):
    folder.mkdir()
    WeightsStore(folder).path("vgg16/hed").write_bytes(b"half a file")
    for arguments in (["vgg16/hed"], []):
        verified = command("weights", "verify", *arguments)
        assert verified.returncode == 1
        assert "vgg16/hed: absent" not in verified.stdout


@pytest.mark.parametrize("action", ["list", "fetch", "verify"])
def test_an_unknown_network_is_refused_with_the_nearest(folder, command, action):
    refused = command("weights", action, "vgg16/hedd")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: vgg16/hedd: no such weights; did you mean vgg16/hed")


def test_an_unknown_action_is_refused(command):
    refused = command("weights", "remove")
    assert refused.returncode == 2
    assert "'remove' is not one of 'list', 'fetch', 'verify'" in refused.stderr


def test_the_doctor_tells_how_to_get_what_is_missing(folder, command):
    report = command("doctor")
    assert report.returncode == 0, report.stdout
    rows = {line[6:42].strip(): (line[:5].strip(), line[43:]) for line in report.stdout.splitlines()}
    assert rows["weights vgg16/hed"] == ("note", "absent; orbifolio weights fetch vgg16/hed")
    assert rows["device"][0] == "ok"
    assert {"torch", "numpy", "pillow"} <= set(rows)
    assert rows["weights folder"][1].startswith(f"{folder}, ")


def test_the_doctor_fails_where_nothing_can_be_written(tmp_path, command, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER, str(tmp_path / "file" / "weights"))
    report = command("doctor")
    assert report.returncode == 1
    (line,) = [line for line in report.stdout.splitlines() if line.startswith("bad")]
    assert line.endswith("not writable (Not a directory); change its permissions or choose another")
