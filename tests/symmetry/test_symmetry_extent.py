"""What a layout will hold, by arithmetic: as counted in the tables, and cheap at sizes that would fill memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orbifolio.runner.errors import InputError
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.model import Model
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere

CYCLE, SWAP, INVERSE = ["g", "b", "r"], ["b", "g", "r"], ["-r", "-g", "-b"]
COPIES = [{"elements": [{}, {"turn": 60}, {"turn": 120}]}]


def plane_settings() -> Iterator[SymmetrySettings]:
    """Every group, plain and with each legal colour of some for each of its generators."""
    for group in GROUPS:
        yield Plane(group=group)
        for name in (*GROUPS[group].point, "t1", "t2"):
            for element in (CYCLE, SWAP, INVERSE):
                yield Plane(group=group, colours={name: element})


OTHERS: list[SymmetrySettings] = [
    *(Frieze(group=group, repeats=3) for group in FRIEZES),
    *(Frieze(group=group, colours={"t": CYCLE}) for group in FRIEZES),
    *(Rotor(order=order, mirrors=True) for order in (1, 2, 3, 6)),
    *(Rotor(order=order) for order in (2, 3, 7)),
    *(Droste(group=group, repeats=4 if group == "p4" else 1) for group in ("p1", "p2", "p4", "pg")),
    Droste(turn=37, colours={"z": CYCLE}),
    *(Sphere(group=group) for group in ("none", "I", "Ih", "O", "Td", "C5", "D3d", "S6", "Ci")),
    *(Hyperbolic(p=p, q=q, mirrors=mirrors) for p, q, mirrors in ((7, 3, False), (4, 6, True), (5, 4, "sides"))),
    NoSymmetry(),
    Partial(base=NoSymmetry(), folds=COPIES),
    Partial(base=Sphere(group="I"), folds=COPIES),
]


def check(symmetry: Symmetry) -> None:
    for width in (16, 23, 50):
        size = symmetry.fit(width, multiple=1, ratio=1.3)
        assert symmetry.orbit_count(*size) == symmetry.layout(*size).parameters, (symmetry.title, size)


def test_orbits_of_plane_groups_are_as_many_as_the_table_has() -> None:
    checked = 0
    for settings in plane_settings():
        try:
            symmetry = settings.build()
        except InputError:
            continue  # no legal colour action
        check(symmetry)
        checked += 1
    assert checked > 60


@pytest.mark.parametrize("settings", OTHERS, ids=repr)
def test_orbits_are_as_many_as_the_table_has(settings: SymmetrySettings) -> None:
    check(settings.build())


def test_texels_of_a_model_are_about_as_many() -> None:
    symmetry = Model(model="orbifolio:pot").build()
    size = symmetry.fit(900, multiple=1, ratio=1.0)
    assert symmetry.orbit_count(*size) == pytest.approx(symmetry.layout(*size).parameters, rel=0.03)


MOST: list[SymmetrySettings] = [
    Plane(group="p6mm"),
    Plane(group="p1"),
    Frieze(group="p2mg"),
    Rotor(order=2),
    Droste(),
    Sphere(group="I"),
    Hyperbolic(p=7, q=3),
    NoSymmetry(),
    Model(model="orbifolio:pot"),
    Partial(base=NoSymmetry(), folds=COPIES),
]


@pytest.mark.parametrize("settings", MOST, ids=repr)
def test_tables_are_about_as_large_as_told(settings: SymmetrySettings) -> None:
    symmetry = settings.build()
    size = symmetry.fit(256, multiple=1, ratio=1.0)
    told, there = symmetry.extent(*size).table_bytes, symmetry.layout(*size).table_bytes
    assert 0.6 * there < told < 1.6 * there


HUGE = """
import resource, sys, time
import numba, torch  # of the program, which is imported once
from pathlib import Path
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import load
from orbifolio.runner import devices
from orbifolio.runner.run.plan import make_plan
devices.machine_memory = lambda: 8_000_000_000
before, paths = resource.getrusage(resource.RUSAGE_SELF), sys.argv[1:]
start, loaded = time.process_time(), [load(Path(path)) for path in paths]
for item in loaded:
    start, said = time.process_time(), ""
    try:
        said = make_plan(item, "cpu").refusal
    except InputError as error:
        said = str(error)
    print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss, said)
"""
IMAGES = """schema: 1
title: Huge
renderer:
  kind: image-optimisation
  symmetry: {symmetry}
  objectives: [{{kind: style, images: ["skimage:astronaut"]}}]
  phases: [{{size: {size}, steps: 1}}]
"""
PATCHES = """schema: 1
title: Huge
renderer: {kind: patches, images: ["skimage:astronaut"], symmetry: {kind: plane, group: p6}, size: 16384}
"""


def test_telling_that_a_picture_is_too_large_is_cheap(tmp_path: Path) -> None:
    """16,384 px would take 14 to 100 GB; told in half a second and 300 MB beside the program."""
    symmetries = ("{kind: plane, group: p6mm}", "{kind: sphere, group: none}", "{kind: droste}", "none")
    texts = [IMAGES.format(symmetry=symmetry, size=16384) for symmetry in symmetries]
    texts += [IMAGES.format(symmetry=symmetry, size=12000) for symmetry in symmetries] + [PATCHES]
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"huge-{number}.yaml"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))

    def ceiling() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (4_000_000_000, 4_000_000_000))

    done = subprocess.run(
        [sys.executable, "-c", HUGE, *paths], capture_output=True, text=True, check=True, preexec_fn=ceiling
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths)
    for line in lines:
        seconds, kilobytes, said = line.split(" ", 2)
        assert float(seconds) < 0.5, line
        assert float(kilobytes) < 300_000, line
        assert "megapixels; at most" in said or "of memory, and this machine has" in said, line
