"""Likeness to emblems: drawn ones are found with their hand on every surface, others hardly ever."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.likeness import Likeness, likenesses
from orbifolio.runner.symmetry.verify.turn_centres import TurnCentre, turn_centres

MIDDLE = 160.0


def cross(hand: str) -> list[tuple[float, float]]:
    """A hooked cross as one polygon, on a grid of five by five, y down; not as the program draws it."""
    arm = [(-0.2, -0.2), (-0.2, -1.0), (1.0, -1.0), (1.0, -0.6), (0.2, -0.6)]  # up, its hook to the right
    turned = []
    for quarter in range(4):
        angle = quarter * math.pi / 2
        turned += [
            (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)) for x, y in arm
        ]
    return [(-x if hand == "left" else x, y) for x, y in turned]


def drawn(shape: str, radius: float, degrees: float, side: int = 320) -> np.ndarray:
    """(side, side) a shape in the middle, 1 on 0, drawn by Pillow at four times the size."""
    fine = 4
    image = Image.new("L", (side * fine, side * fine))
    pen = ImageDraw.Draw(image)
    turn = math.radians(degrees)

    def at(x: float, y: float) -> tuple[float, float]:
        across, down = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return (side / 2 + radius * across) * fine, (side / 2 + radius * down) * fine

    if shape in ("right", "left"):
        pen.polygon([at(*point) for point in cross(shape)], fill=255)
    else:
        points, line = {"pentagram": (5, 0.14), "hexagram": (6, 0.16), "filled": (6, 0.0)}[shape]
        tips = [(math.sin(2 * math.pi * tip / points), -math.cos(2 * math.pi * tip / points)) for tip in range(points)]
        strokes = [[0, 2, 4, 1, 3]] if points == 5 else [[0, 2, 4], [1, 3, 5]]
        for stroke in strokes:
            ends = [at(*tips[tip]) for tip in stroke]
            if line:
                pen.line([*ends, ends[0], ends[1]], fill=255, width=round(line * radius * fine), joint="curve")
            else:
                pen.polygon(ends, fill=255)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float64) / 255


def found(luminance: np.ndarray, fold: int) -> Likeness | None:
    """What a centre in the middle looks like."""
    half = luminance.shape[0] / 2
    centre = TurnCentre(fold, (0.5, 0.5), half, lambda w: np.stack([half - w.imag, half + w.real], -1) - 0.5)
    return next(iter(likenesses(np.repeat(luminance[..., None], 3, axis=2), [centre])), None)


@pytest.mark.parametrize("radius", [12, 25, 60, 100])
@pytest.mark.parametrize("degrees", [0, 17, 45])
@pytest.mark.parametrize("hand", ["right", "left"])
def test_a_hooked_cross_is_found_with_its_hand_and_size(hand: str, degrees: float, radius: float) -> None:
    likeness = found(0.3 + 0.4 * drawn(hand, radius, degrees), 4)
    assert likeness is not None
    assert likeness.figure.hand == hand
    assert likeness.size * 320 == pytest.approx(2 * radius, rel=0.12)
    assert likeness.score > 0.9


@pytest.mark.parametrize(
    ("shape", "fold", "name"),
    [("pentagram", 5, "pentagram"), ("hexagram", 6, "hexagram"), ("filled", 6, "six-pointed star")],
)
@pytest.mark.parametrize("radius", [20, 80])
def test_a_star_is_found(shape: str, fold: int, name: str, radius: float) -> None:
    likeness = found(0.6 - 0.3 * drawn(shape, radius, 11), fold)
    assert likeness is not None
    assert (likeness.figure.name, likeness.figure.hand) == (name, "")


@pytest.mark.parametrize("change", ["faint", "inverted", "blurred", "grainy", "slanting light"])
def test_contrast_blur_grain_and_light_do_not_hide_it(change: str) -> None:
    shape = drawn("left", 40, 30)
    if change == "blurred":
        shape = ndimage.gaussian_filter(shape, 6)
    luminance = 0.5 + (0.02 if change == "faint" else -0.4 if change == "inverted" else 0.3) * (shape - 0.5)
    if change == "grainy":
        luminance += 0.15 * np.random.default_rng(0).normal(size=shape.shape)
    if change == "slanting light":
        luminance += 0.1 * np.linspace(-1, 1, 320)
    likeness = found(luminance, 4)
    assert likeness is not None
    assert likeness.figure.hand == "left"


@pytest.mark.parametrize("fold", [4, 5, 6])
def test_plain_shapes_are_no_emblems(fold: int) -> None:
    y, x = np.mgrid[0:320, 0:320] - 159.5
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    middles = [(30 * math.cos(turn), 30 * math.sin(turn)) for turn in 2 * math.pi * np.arange(fold) / fold]
    petals = np.min([np.hypot(x - across, y - down) for across, down in middles], axis=0) < 13
    straight = (np.abs(x) < 12) & (np.abs(y) < 60) | (np.abs(y) < 12) & (np.abs(x) < 60)
    swirl = np.sin(fold * angle + distance / 9)
    for shape in (distance < 50, np.abs(distance - 50) < 8, petals, straight, np.cos(fold * angle), swirl, x * 0):
        assert found(0.5 + 0.3 * np.asarray(shape, dtype=np.float64), fold) is None


def random_figure(generator: np.random.Generator, fold: int, *, mirrored: bool) -> np.ndarray:
    """(200, 200) noise of one length, smooth or in flat areas, the same after each turn about the middle."""
    noise = ndimage.gaussian_filter(generator.normal(size=(200, 200)), generator.uniform(3, 16))
    noise = np.sign(noise) if generator.random() < 0.5 else noise
    turned = sum(ndimage.rotate(noise, 360 * turn / fold, reshape=False, order=1, mode="wrap") for turn in range(fold))
    turned = turned + turned[:, ::-1] if mirrored else turned
    return 0.5 + 0.1 * turned / turned.std()


@pytest.mark.slow
@pytest.mark.parametrize("fold", [4, 5, 6])
def test_random_figures_are_hardly_ever_emblems(fold: int) -> None:
    generator = np.random.default_rng(fold)
    figures = [random_figure(generator, fold, mirrored=number % 2 > 0) for number in range(120)]
    alarms = sum(found(figure, fold) is not None for figure in figures)
    assert alarms <= 3  # measured: one four-fold figure, and none of the others


def painted(settings: SymmetrySettings, ink: Callable[[int], np.ndarray], fold: int) -> tuple[Likeness, ...]:
    """What a picture looks like that has a shape at its first centre of so many turns, by the centre's coordinates."""
    symmetry = settings.build()
    width, height = symmetry.fit(320, multiple=1, ratio=1.0)
    centres = turn_centres(symmetry, width, height)
    centre = next(each for each in centres if each.fold == fold)
    shape = ink(320)
    steps = np.arange(320) - 159.5
    rows, columns = np.moveaxis(np.rint(centre.look(steps[None, :] - 1j * steps[:, None])).astype(int), -1, 0)
    picture = np.full((height, width), 0.4)
    near = np.hypot(steps[None, :], steps[:, None]) < 80  # beyond, a surface may come round to where it began
    picture[rows[near] % height, columns[near] % width] = 0.4 + 0.3 * shape[near]
    return likenesses(np.repeat(picture[..., None], 3, axis=2), centres)


@pytest.mark.parametrize(
    ("settings", "shape", "fold"),
    [
        (Plane(group="p4"), "right", 4),
        (Plane(group="p6"), "hexagram", 6),
        (Rotor(order=4), "left", 4),
        (Rotor(order=5), "pentagram", 5),
        (Hyperbolic(p=4, q=6), "right", 4),
        (Sphere(group="O"), "left", 4),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_every_surface_is_looked_at(settings: SymmetrySettings, shape: str, fold: int) -> None:
    radius = 20 if settings.kind == "sphere" else 40
    (likeness,) = painted(settings, lambda side: drawn(shape, radius, 20, side), fold)
    assert likeness.figure.hand == (shape if shape in ("right", "left") else "")
    assert likeness.figure.fold == fold


def folds(settings: SymmetrySettings, width: int = 320) -> list[int]:
    symmetry = settings.build()
    return sorted(each.fold for each in turn_centres(symmetry, *symmetry.fit(width, multiple=1, ratio=1.0)))


@pytest.mark.parametrize(
    ("settings", "orders"),
    [
        # the classes of centres are the digits of Conway's orbifold symbols
        (Plane(group="p1"), []),
        (Plane(group="p2"), [2, 2, 2, 2]),
        (Plane(group="p3"), [3, 3, 3]),
        (Plane(group="p4"), [2, 4, 4]),
        (Plane(group="p6"), [2, 3, 6]),
        (Plane(group="p4mm"), [2, 4, 4]),
        (Plane(group="p4gm"), [2, 4]),
        (Plane(group="p6mm"), [2, 3, 6]),
        (Rotor(order=5, mirrors=True), [5]),
        (Sphere(group="O"), [2, 3, 4]),
        (Sphere(group="I"), [2, 3, 5]),
        (Hyperbolic(p=4, q=6), [2, 4, 6]),
        (Hyperbolic(p=7, q=3), [2, 3, 7]),
        (NoSymmetry(), []),
    ],
    ids=lambda value: f"{value.kind} {getattr(value, 'group', '')}" if hasattr(value, "kind") else "",
)
def test_each_class_of_centres_is_there_once(settings: SymmetrySettings, orders: list[int]) -> None:
    assert folds(settings) == orders


def test_turns_that_are_wanted_nearly_count() -> None:
    copies = [{"turn": turn} for turn in (0, 60, 120, 180)]
    assert folds(Partial.model_validate({"folds": [{"elements": copies}]})) == [6]


@pytest.mark.parametrize("settings", [Plane(group="p4"), Plane(group="p6"), Rotor(order=6)], ids=["p4", "p6", "C6"])
def test_a_picture_is_the_same_around_a_centre_after_its_turn(settings: SymmetrySettings) -> None:
    import torch

    symmetry = settings.build()
    width, height = symmetry.fit(160, multiple=1, ratio=1.0)
    layout = symmetry.layout(width, height)
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(height, width, 3)), (6, 6, 0), mode="wrap")
    values = layout.sample(torch.from_numpy(0.5 + noise / noise.std() * 0.2).permute(2, 0, 1)[None])
    picture = layout.render(values)[0, 0].numpy()
    w = 30 * np.exp(1j * np.linspace(0, 6, 200))
    for centre in turn_centres(symmetry, width, height):
        before, after = (
            ndimage.map_coordinates(picture, centre.look(each).T, order=3, mode="grid-wrap")
            for each in (w, w * np.exp(2j * math.pi / centre.fold))
        )
        assert np.abs(before - after).max() < 0.1 * np.ptp(picture)
