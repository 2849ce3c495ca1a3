"""A judgement: (folder of a finished run) -> how far its picture is from what it should be like.

The judge distance is the mean of the style distance (`style_distance`) and of the content's score, where the recipe has
such pictures; the content's score is LPIPS over the median LPIPS between the content and unrelated pictures.

Pictures are those beside the report, prepared as the recipe says; nothing is fetched but the eyes' weights. A style
that a mask keeps to a part of the picture is looked for there; several such parts count by their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.errors import ImageError, InputError
from orbifolio.runner.images.cover import cover
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.images.sources import Images
from orbifolio.runner.judge.crops import windows
from orbifolio.runner.judge.eyes import EYES, Eye
from orbifolio.runner.judge.profiles import domain_seam, grain, shown_part, tile_seam
from orbifolio.runner.judge.style_distance import (
    UNRELATED,
    StyleDistance,
    StylePicture,
    far_enough,
    style_crops,
    style_distance,
)
from orbifolio.runner.objectives.base import Appearance
from orbifolio.runner.run.finished_picture import FinishedPicture, open_picture
from orbifolio.runner.run.input_images import named_inputs
from orbifolio.runner.run.run_folder import read_summary, write_summary
from orbifolio.runner.symmetry.verify.summary import thinned
from orbifolio.runner.symmetry.verify.visibility import visibility
from orbifolio.runner.vision.alexnet import WEIGHTS as ALEXNET
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.lpips import MIN_SIDE, Lpips, load_lpips

if TYPE_CHECKING:
    from torch import Tensor

LPIPS = "lpips"
LPIPS_SIDE = 512  # pixels of the square as large as a picture that LPIPS is taken at, as papers do
NUMBERS = ("distance", LPIPS, "side", "visibility", "seam", "grain")
CONTENT_ROLES = ("content", "target")
BLOCK = "judge"
"""Of a run's `run.json`, where a judgement is kept."""


@dataclass(frozen=True)
class Judgement:
    """What the judge says of one run.

    Attributes:
        distance: 0 like the style, 1 like an unrelated picture; None where nothing can be compared.
        eyes: every eye's score of the style, and `lpips` of the content, on the same scale.
        silent: why other eyes say nothing.
        lpips: of the content picture, as papers report it.
        side: pixels of the style picture's shorter side at which the picture is most like it.
        visibility: how well one sees the symmetry: see `symmetry.verify.visibility`.
        seam: the largest step over borders of domain and tile, beside steps elsewhere.
        grain: fineness beside the style's.
        weights: of the eyes: name -> SHA-256.
    """

    distance: float | None
    eyes: Mapping[str, float]
    silent: Mapping[str, str] = field(default_factory=dict)
    lpips: float | None = None
    side: float | None = None
    visibility: float | None = None
    seam: float | None = None
    grain: float | None = None
    weights: Mapping[str, str] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """For `run.json` and `--json`: what is None is left out."""
        values = {name: getattr(self, name) for name in NUMBERS}
        return {
            **{name: round(value, 4) for name, value in values.items() if value is not None},
            "eyes": {name: round(score, 4) for name, score in self.eyes.items()},
            "silent": dict(self.silent),
            "weights": dict(self.weights),
        }


@dataclass(frozen=True)
class _Styles:
    """Style pictures that one part of the artwork is to look like.

    Attributes:
        pictures: at least one.
        mask: (height, width) in [0, 1], where; None for everywhere.
    """

    pictures: tuple[StylePicture, ...]
    mask: F64 | None


def judge_weights() -> tuple[str, ...]:
    """Names of the weights of all eyes."""
    return tuple(dict.fromkeys([*(kind.weights for kind in EYES), ALEXNET]))


class Judge:
    """All eyes, opened once for any number of runs.

    Attributes:
        eyes: for styles.
        lpips: for contents.
    """

    def __init__(self, eyes: Sequence[Eye], lpips: Lpips) -> None:
        self.eyes, self.lpips = tuple(eyes), lpips

    @classmethod
    def open(cls) -> Judge:
        """With published weights, fetched on first use.

        Raises:
            MissingWeights: some are not here and cannot be fetched.
        """
        return cls([kind.open() for kind in EYES], load_lpips())

    def judge(self, path: Path) -> Judgement:
        """The judgement of a finished run.

        Args:
            path: the run's folder, or a file in it.

        Raises:
            InputError: no finished run there, or its input pictures are gone.
        """
        picture = open_picture(path)
        height, width = picture.pixels.shape[:2]
        view = far_enough(_chw(picture.pixels))
        used = {name for network in picture.renderer.networks() for name in network.weight_names()}
        silent: dict[str, str] = {}
        style = self._style(picture, view, used, silent)
        content = self._content(picture, used, silent)
        parts = [value for value in (style.distance, content[0]) if value is not None]
        small = thinned(picture.pixels, picture.symmetry.wrap)
        tall, wide = small.shape[:2]
        seams = (tile_seam(picture.pixels, picture.symmetry.wrap), domain_seam(picture.pixels, picture.symmetry))
        return Judgement(
            distance=sum(parts) / len(parts) if parts else None,
            eyes=style.eyes | ({} if content[0] is None else {LPIPS: content[0]}),
            silent=silent,
            lpips=content[1],
            side=style.side,
            visibility=visibility(
                small, picture.symmetry.chart_for(wide, tall), picture.symmetry.domain_pixels(wide, wide / tall)
            ),
            seam=max((value for value in seams if value is not None), default=None),
            grain=style.grain,
            weights=_hashes([*(eye.provenance for eye in self.eyes), self.lpips.provenance]),
        )

    def _style(self, picture: FinishedPicture, view: Tensor, used: set[str], silent: dict[str, str]) -> _StyleVerdict:
        """What the eyes say of the styles in what the judge looks at, (3, h, w); writes why some do not."""
        eyes = [eye for eye in self.eyes if eye.weights not in used]
        silent |= {eye.name: "the recipe looks through it" for eye in self.eyes if eye.weights in used}
        groups = _styles_of(picture)
        if not groups:
            silent |= {eye.name: "the recipe has no style picture" for eye in eyes}
            return _StyleVerdict()
        size = (view.shape[1], view.shape[2])
        chart = picture.symmetry.chart_for(size[1], size[0])
        shown = shown_part(chart, size[1], size[0])
        appearances = _appearances(picture)
        found: list[tuple[float, StyleDistance]] = []
        fine = []
        for group in groups:
            counts = _both(shown, group.mask, size)
            pieces = windows(view, wrap=picture.symmetry.wrap, shown=counts)
            distance = style_distance(pieces, group.pictures, eyes, appearances)
            share = 1.0 if counts is None else float(counts.mean())
            found.append((share, distance))
            styles = [
                (style_crops(style, distance.side, appearances), style.weight / len(group.pictures))
                for style in group.pictures
            ]
            fine.append((share, grain(pieces.crops, styles)))
        scores: dict[str, float] = {}
        for eye in eyes:
            told = [(share, item.scores[eye.name].score) for share, item in found if eye.name in item.scores]
            if told:
                scores[eye.name] = _weighted(told)
            else:
                silent[eye.name] = "it sees no difference between this style and unrelated pictures"
        told = [(share, value) for share, value in fine if value is not None]
        return _StyleVerdict(
            distance=sum(scores.values()) / len(scores) if scores else None,
            eyes=scores,
            side=max(found, key=lambda item: item[0])[1].side,
            grain=_weighted(told) if told else None,
        )

    def _content(
        self, picture: FinishedPicture, used: set[str], silent: dict[str, str]
    ) -> tuple[float | None, float | None]:
        """The score of the content, and LPIPS itself."""
        contents = [item for item in _inputs(picture) if item.role in CONTENT_ROLES]
        if not contents:
            silent[LPIPS] = "the recipe has no content picture"
            return None, None
        if ALEXNET in used:
            silent[LPIPS] = "the recipe looks through it"
            return None, None
        if min(picture.size) < MIN_SIDE:
            silent[LPIPS] = f"the picture is smaller than {MIN_SIDE} px"
            return None, None
        seen = _chw(picture.pixels)
        factor = min(1.0, LPIPS_SIDE / float(np.sqrt(seen.shape[1] * seen.shape[2])))
        size = (max(MIN_SIDE, round(seen.shape[1] * factor)), max(MIN_SIDE, round(seen.shape[2] * factor)))
        small = functional.interpolate(seen[None], size=size, mode="bicubic", antialias=True).clamp(0, 1)
        told = []
        images = Images(Path())
        with torch.no_grad():
            for content in contents:
                wanted = cover(content.pixels[None], size)
                distance = float(self.lpips.each(small, wanted))
                others = [cover(_chw(images.load(f"skimage:{name}").pixels)[None], size) for name in UNRELATED]
                other = median(float(self.lpips.each(each, wanted)) for each in others)
                told.append((distance / other, distance))
        return min(told)


@dataclass(frozen=True)
class _StyleVerdict:
    """What all eyes together say of all styles."""

    distance: float | None = None
    eyes: dict[str, float] = field(default_factory=dict)
    side: float | None = None
    grain: float | None = None


def keep_judgement(folder: Path, judgement: Judgement) -> None:
    """Write a judgement into the run's summary, where its report and its sweeps find it."""
    write_summary(folder, {**(read_summary(folder) or {}), BLOCK: judgement.as_record()})


def kept_judgement(folder: Path) -> Judgement | None:
    """The judgement in a run's summary, None where there is none that can be read."""
    record = (read_summary(folder) or {}).get(BLOCK)
    if not isinstance(record, dict):
        return None
    try:
        numbers = {name: float(record[name]) for name in NUMBERS if name in record}
        eyes = {str(name): float(score) for name, score in record["eyes"].items()}
        texts = [{str(name): str(text) for name, text in record[part].items()} for part in ("silent", "weights")]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Judgement(**{"distance": None, **numbers}, eyes=eyes, silent=texts[0], weights=texts[1])


@dataclass(frozen=True)
class _Input:
    """One input picture of a run: its role, where the settings name it, its share, (3, h, w) pixels."""

    role: str
    path: str
    weight: float
    pixels: Tensor


def _inputs(picture: FinishedPicture) -> list[_Input]:
    """The input pictures as they lie beside the report."""
    block = (read_summary(picture.folder) or {}).get("inputs") or []
    sources = {f"renderer.{path}": source for path, source in picture.renderer.pictures().items()}
    paths = {name: path for name, path, _ in named_inputs(sources)}
    found = []
    for entry in block:
        name, file = str(entry.get("name", "")), str(entry.get("prepared", ""))
        if name not in paths or PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            continue
        try:
            pixels = read_picture((picture.folder / file).read_bytes(), file).pixels
        except (OSError, ImageError) as error:
            raise InputError(
                f"{picture.folder / file}: the picture that the run was made from cannot be read ({error}); the judge "
                "compares with it; run the recipe again"
            ) from error
        found.append(_Input(name.partition(" ")[0], paths[name], float(entry.get("weight") or 1.0), _chw(pixels)))
    return found


def _styles_of(picture: FinishedPicture) -> list[_Styles]:
    """Style pictures that go together: of one objective, or under one mask."""
    given = _inputs(picture)
    masks = {item.path: item.pixels for item in given if item.role == "mask"}
    groups: dict[tuple[str, str], list[StylePicture]] = {}
    for item in given:
        if item.role != "style":
            continue
        above = item.path.rpartition("images.")[0]
        mask = next((path for path in (f"{item.path}.mask", f"{above}mask") if path in masks), "")
        groups.setdefault((above, mask), []).append(StylePicture(item.pixels, item.weight))
    height, width = picture.pixels.shape[:2]
    return [
        _Styles(
            tuple(pictures),
            cover(masks[mask][None], (height, width))[0].mean(0).double().numpy() if mask else None,
        )
        for (_, mask), pictures in groups.items()
    ]


def _appearances(picture: FinishedPicture) -> tuple[Appearance, ...]:
    return tuple(
        Appearance(degrees, mirrored, tuple(tuple(float(value) for value in row) for row in matrix))
        for degrees, mirrored, matrix in picture.symmetry.appearances()
    )


def _both(shown: F64 | None, mask: F64 | None, size: tuple[int, int]) -> F64 | None:
    """What counts of every pixel, at the size that the judge looks at."""
    every = [values for values in (shown, mask) if values is not None]
    if not every:
        return None
    product = torch.from_numpy(np.prod(every, axis=0))[None, None]
    return np.asarray(functional.interpolate(product, size=size, mode="area")[0, 0].numpy(), np.float64)


def _chw(pixels: Any) -> Tensor:
    """(height, width, 3) -> (3, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(pixels, np.float32)).permute(2, 0, 1).contiguous()


def _weighted(values: Sequence[tuple[float, float]]) -> float:
    """The mean of (weight, value)."""
    total = sum(weight for weight, _ in values)
    return sum(weight * value for weight, value in values) / total if total else values[0][1]


def _hashes(provenances: Sequence[Provenance]) -> dict[str, str]:
    return {item.name: item.sha256 for item in provenances}
