"""`orbifolio serve`: what it refuses before a page is served."""

import socket

import pytest


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--port", "70000"], "Invalid value for '--port': 70000 is not in the range 0<=x<=65535."),
        (["--idle-minutes", "0"], "Invalid value for '--idle-minutes': 0.0 is not in the range x>=0.01."),
        (["--device", "tpu"], "error: --device tpu: is not a device; use auto, cpu, cuda or cuda:N"),
        (
            ["missing.yaml"],
            "error: missing.yaml: this recipe cannot be run; `orbifolio check` lists its errors; correct them",
        ),
        (["--publish", " "], "error: the target is empty; name a folder or s3://BUCKET/PREFIX"),
        (["--out", "file/gallery"], "error: file/gallery: cannot write there (Not a directory); choose another folder"),
        (["--token-file", "missing"], "error: missing: cannot be read; it should hold a token; check it"),
        (["--token-file", "file"], "error: file: holds no token; a token is one line of at least "),
    ],
)
def test_wrong_arguments_are_explained(tmp_path, command, arguments, text):
    (tmp_path / "file").write_text("short")
    refused = command("serve", "--port", "0", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert text in refused.stderr


def test_a_port_that_is_taken_is_one_line(command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = command("serve", "--port", port)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert str(port) in refused.stderr
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1


def test_a_gallery_has_one_server(tmp_path, command):
    from filelock import FileLock

    from orbifolio.runner.server.job_store import FOLDER

    (tmp_path / "gallery" / FOLDER).mkdir(parents=True)
    with FileLock(tmp_path / "gallery" / FOLDER / "server-lock"):
        refused = command("serve", "--port", "0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "error: gallery: another server has this gallery; one queue needs one server; use --out for a second\n"
    )
