"""Pictures of the plane and frieze groups for the control page's editor: a leaf and all that the group makes of it.

Usage: python scripts/make_group_pictures.py

The leaf lies where it is farthest from its images; those that are mirrored have another colour. Written to
templates/serve/assets/group-KIND-NAME.svg, the same bytes each time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES, FriezeGroup
from orbifolio.runner.symmetry.groups.groups import GROUPS, Group, coset_words

TARGET = Path(__file__).resolve().parents[1] / "templates" / "serve" / "assets"
SIDE = 96  # of the picture, and of what it shows: about two cells
CELL = 44.0
BASES = {
    "oblique": ((1.0, 0.0), (0.3, 0.95)),
    "rectangular": ((1.0, 0.0), (0.0, 1.2)),
    "rhombic": ((0.6, 0.85), (-0.6, 0.85)),
    "square": ((1.0, 0.0), (0.0, 1.0)),
    "hexagonal": ((1.0, 0.0), (-0.5, math.sqrt(3) / 2)),
}
"""e1 and e2 of a lattice, in cells."""
LEAF = "M-1-.75C-.2-1 1-.5 .95.55C.4.15.1.1-.3.35C-.75.6-1.15.2-1-.75Z"
"""Within a circle of 1.2, with neither turn nor mirror of its own."""
PROPER, MIRRORED = "#12806f", "#e08a3c"
TRIES = 24

Affine = tuple[F64, F64]  # 2 x 2, shift: x -> matrix x + shift, y upwards


def plane_maps(group: Group) -> tuple[list[Affine], F64]:
    """The group's maps up to translations, and e1, e2 as columns, in pixels."""
    scale = CELL * (1.35 if group.order > 6 else 1.1 if group.order > 3 else 0.9)
    basis = np.array(BASES[group.lattice]).T * scale
    maps = []
    for word in coset_words(group).values():
        isometry = group.isometry(word)
        linear = basis @ np.array(isometry.matrix, dtype=float) @ np.linalg.inv(basis)
        maps.append((linear, basis @ np.array(isometry.halves, dtype=float) / 2))
    return maps, basis


def frieze_maps(group: FriezeGroup) -> tuple[list[Affine], F64]:
    """The same for a strip: e1 alone is a translation."""
    turned = any(group.movement(word)[0] < 0 for word in group.cosets())
    length = CELL * (1.3 if turned else 0.75)
    basis = np.array(((length, 0.0), (0.0, 1e6))).T
    maps = []
    for word in group.cosets():
        across, halves, up = group.movement(word)
        maps.append((np.diag((float(across), float(up))), np.array((halves * length / 2, 0.0))))
    return maps, basis


def images(maps: Sequence[Affine], basis: F64, around: Sequence[tuple[int, int]]) -> list[Affine]:
    """The maps, each followed by translations."""
    return [(linear, shift + basis @ np.array(step, dtype=float)) for linear, shift in maps for step in around]


def farthest(maps: Sequence[Affine], basis: F64, heights: tuple[float, float]) -> tuple[F64, float]:
    """The place that is farthest from its images, and how far."""
    near = images(maps, basis, [(u, v) for u in range(-2, 3) for v in (range(-2, 3) if basis[1, 1] < 1e5 else (0,))])
    others = [pair for pair in near if np.abs(pair[0] - np.eye(2)).max() > 1e-9 or np.abs(pair[1]).max() > 1e-9]
    best, place = 0.0, np.zeros(2)
    for u in np.arange(TRIES) / TRIES:
        for v in np.linspace(*heights, TRIES, endpoint=False):
            point = basis @ np.array((u, v)) if basis[1, 1] < 1e5 else np.array((u * basis[0, 0], v))
            distance = min(float(np.hypot(*(linear @ point + shift - point))) for linear, shift in others)
            if distance > best + 1e-9:
                best, place = distance, point
    return place, best


def picture(maps: Sequence[Affine], basis: F64, *, strip: bool) -> str:
    """The SVG."""
    place, distance = farthest(maps, basis, (4.0, 15.0) if strip else (0.0, 1.0))
    size = min(distance, 34.0) * 0.46
    reach = range(-4, 5)
    rows = []
    for linear, shift in images(maps, basis, [(u, v) for u in reach for v in ((0,) if strip else reach)]):
        x, y = linear @ place + shift + SIDE / 2
        y = SIDE - y
        if not (-size < x < SIDE + size and -size < y < SIDE + size):
            continue
        (a, b), (c, d) = linear * size  # y downwards: the other two change their sign
        numbers = " ".join(f"{number:.2f}".rstrip("0").rstrip(".") for number in (a, -c, -b, d, x, y))
        fill = f' fill="{MIRRORED}"' if np.linalg.det(linear) < 0 else ""
        rows.append(
            (
                round(y, 2),
                round(x, 2),
                f'<use href="#l" transform="matrix({numbers})"{fill}/>',
            )
        )
    leaves = "".join(row for *_, row in sorted(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'<defs><path id="l" d="{LEAF}"/></defs><g fill="{PROPER}">{leaves}</g></svg>\n'
    )


def main() -> None:
    """Write all of them."""
    for name, group in GROUPS.items():
        maps, basis = plane_maps(group)
        (TARGET / f"group-plane-{name}.svg").write_text(picture(maps, basis, strip=False), encoding="utf-8")
    for name, frieze in FRIEZES.items():
        maps, basis = frieze_maps(frieze)
        (TARGET / f"group-frieze-{name}.svg").write_text(picture(maps, basis, strip=True), encoding="utf-8")


if __name__ == "__main__":
    main()
