"""Pictures that are made to harm end in words or in a picture, within limits of memory and processor time."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_pictures import bombs, mutated
from PIL import Image

from orbifolio.runner.errors import ImageError
from orbifolio.runner.images.reading import read_file, read_picture, read_plain

HERE = Path(__file__).parent


def outcome(read, *arguments) -> np.ndarray | str:
    """The pixels, or the words of the refusal: anything else fails the test."""
    try:
        return read(*arguments)
    except ImageError as error:
        return str(error)


def test_harmed_pictures_end_in_words_or_in_a_picture():
    taken = 0
    for name, data in itertools.islice(mutated(), 40):
        found = outcome(lambda data: read_picture(data, "a").pixels, data)
        if isinstance(found, str):
            assert found.startswith("a: "), name
            assert len(found) < 400, name
            continue
        taken += 1
        assert np.isfinite(found).all(), name
        assert (found.min() >= 0, found.max() <= 1) == (True, True), name
    assert 5 < taken < 35


def test_bombs_end_in_words_or_in_a_picture():
    refused = {"JPEG of 14,285 scans": "more than 100 scans", "TIFF of float64 in colour": "unpacked"}
    refused["PNG with a text that inflates"] = "a text or a profile that inflates"
    for name, data in bombs(400):
        found = outcome(read_plain, data, "a", 400 * 400)
        if isinstance(found, str):
            assert found.startswith("a: "), name
            assert refused.pop(name, "") in found
        else:
            assert found.shape[0] * found.shape[1] <= 400 * 400, name
    assert not refused


@pytest.mark.slow
@pytest.mark.timeout(900)  # half a minute of processor time, mostly for making the bombs
def test_a_thousand_harmed_pictures_are_judged_within_limits():
    resource = pytest.importorskip("resource")

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (240, 240))

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    command = [sys.executable, "-W", "ignore", str(HERE / "hostile_pictures.py"), "1000"]
    done = subprocess.run(
        command, env=environment, preexec_fn=bounded, capture_output=True, text=True, timeout=800, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("1000 files, ")


def test_a_file_that_is_none_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    Image.new("L", (16, 16)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="is a device or a pipe; a picture is a plain file; name one"):
        read_file(tmp_path / "pipe")
    with pytest.raises(ImageError, match="is a device or a pipe"):
        read_file(Path("/dev/zero"))
    with pytest.raises(ImageError, match="is a folder; a picture is a plain file"):
        read_file(tmp_path)
    with pytest.raises(ImageError, match=r"cannot be read \(No such file or directory\)"):
        read_file(tmp_path / "none.png")
    assert read_file(tmp_path / "a.png").width == 16
