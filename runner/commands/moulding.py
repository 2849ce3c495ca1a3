"""`orbifolio solid`: the sphere or model of a finished run as bodies for a colour printer."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from orbifolio.runner.commands.enlarging import keep
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.model import portrait
from orbifolio.runner.exports.products import listed
from orbifolio.runner.exports.solid import CLEARANCE, SolidShape, solids_of
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images import encoding
from orbifolio.runner.models.solid_files import write_3mf, write_obj, write_ply
from orbifolio.runner.models.stl import write_stl
from orbifolio.runner.run.finished_picture import open_picture

FOLDER = "solid"
SIZES = (10.0, 500.0)  # millimetres: of what printers in three dimensions make
THINNEST, THINNEST_RIM = 0.8, 1.6  # millimetres of walls: two lines of a nozzle; four where tongue and groove share one
_PORTRAIT = 640  # pixels a side


def solid_run(path: Path, shape: SolidShape, *, console: Console) -> Path:
    """Write bodies that carry the picture of a run among its files: 3MF, PLY, OBJ with its texture, STL, a portrait.

    Args:
        path: the run's folder.
        shape: sizes in millimetres.
        console: told what was made.

    Returns:
        The folder that they are in.

    Raises:
        InputError: everything that is wrong with the sizes, no finished run, or one whose picture is on no body.
    """
    if faults := faults_of(shape):
        raise InputError("\n".join(faults))
    picture = open_picture(path)
    solids = solids_of(picture.symmetry, picture.pixels, shape)
    if solids is None:
        raise InputError(
            f"{path}: its picture lies on no body; a ball needs symmetry: sphere, a model symmetry: mesh; try one, as "
            "orbifolio run escher-orb-print"
        )
    entries = []
    for solid in solids:
        part = solid.name.replace("-", " ")
        name = f"{picture.name}-{shape.size:g}mm" + ("" if len(solids) == 1 else f"-{solid.name}")
        title = f"{picture.title}, {part}"
        texture = encoding.png(solid.texture)
        files = {
            "webp": (encoding.webp(portrait(solid.mesh, solid.texture, _PORTRAIT)), "how it looks"),
            "3mf": (write_3mf(solid.points, solid.faces, solid.colours, title=title), "in colour, for slicers"),
            "obj.zip": (
                write_obj(solid.points, solid.faces, solid.uv, solid.uv_faces, texture, name=name, title=title),
                "OBJ with its texture, for printing services",
            ),
            "ply": (write_ply(solid.points, solid.faces, solid.colours), "with colours of its points"),
            "stl": (write_stl(solid.points, solid.faces, title=f"orbifolio {name}"), "without colours"),
        }
        for ending, (content, what) in files.items():
            write_atomically(picture.folder / "extras" / FOLDER / f"{name}.{ending}", content)
            entries.append(listed(f"{FOLDER}/{name}.{ending}", f"{part.capitalize()}, {shape.size:g} mm: {what}"))
        console.print(
            f"{name}: {len(solid.faces):,} triangles, {solid.volume:.1f} cm3, "
            + ("closed" if solid.closed else "not closed, as the model is not; a slicer must mend it"),
            highlight=False,
        )
    keep(picture, entries, instead_of=f"extras/{FOLDER}/")
    return picture.folder / "extras" / FOLDER


def faults_of(shape: SolidShape) -> list[str]:
    """What is wrong with sizes, each with its cure."""
    low, high = SIZES
    if not low <= shape.size <= high:
        return [f"--mm {shape.size:g}: is not between {low:g} and {high:g} mm; give a size that a printer makes"]
    faults, room = [], shape.size / 8
    if not abs(shape.relief) <= room:
        faults.append(f"--relief {shape.relief:g}: is more than an eighth of {shape.size:g} mm; give at most {room:g}")
    thinnest = THINNEST_RIM if shape.halves else THINNEST
    if shape.wall and not thinnest <= shape.wall <= 2 * room:
        why = f", since rims {CLEARANCE:g} mm apart share it," if shape.halves else ""
        faults.append(f"--wall {shape.wall:g}: is not between {thinnest:g} mm{why} and {2 * room:g} mm; give 2 or 3")
    if shape.drain and not 1 <= shape.drain <= shape.size / 2:
        faults.append(f"--drain {shape.drain:g}: is not between 1 and {shape.size / 2:g} mm; give about 6")
    if shape.wall and not shape.drain and not shape.halves:
        faults.append(
            f"--wall {shape.wall:g}: a hollow body without a hole keeps its resin or powder; add --drain 6 or --halves"
        )
    if not shape.wall and (shape.drain or shape.halves):
        faults.append("--drain, --halves: are for a hollow body; add --wall 2")
    return faults
