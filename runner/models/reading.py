"""Models from files: (path) -> mesh, checked; read once. Nothing but the file itself is opened."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from orbifolio.runner.models.atlas import unwrapped
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.glb import read_glb
from orbifolio.runner.models.mesh import Mesh, smooth_normals
from orbifolio.runner.models.obj import read_obj

LARGEST_FILE = 50_000_000  # bytes
MOST_TRIANGLES = 100_000


def own_models() -> dict[str, Path]:
    """Models that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "models", here.parent / "recipes" / "models"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.glb"))}
    return {}


def locate(source: str, folder: Path) -> Path:
    """The file of a model as a recipe names it.

    Args:
        source: a path relative to the recipe, or `orbifolio:NAME`.
        folder: the recipe's.

    Raises:
        ModelFault: there is none.
    """
    scheme, colon, name = source.partition(":")
    if colon and scheme == "orbifolio":
        own = own_models()
        if name not in own:
            raise ModelFault(f"is no model that comes with orbifolio; choose from {', '.join(own) or 'none'}")
        return own[name]
    if "://" in source:
        raise ModelFault("is no file; models are read from files; fetch it first and name the file")
    path = folder / source
    try:
        if path.is_dir():
            raise ModelFault("is a folder; a model is one file; name a file in it")
        if not path.is_file():
            raise ModelFault("is not there; paths are relative to the recipe; check the path")
        if path.suffix.lower() not in (".obj", ".glb"):
            raise ModelFault("is neither .obj nor .glb; these two are read; export the model as one of them")
        if path.stat().st_size > LARGEST_FILE:
            raise ModelFault(
                f"has more than {LARGEST_FILE // 10**6} MB; that is the limit; decimate it before exporting"
            )
    except (OSError, ValueError) as error:
        raise ModelFault("cannot be read; paths are relative to the recipe; check its name and permissions") from error
    return path


def read_model(path: Path) -> Mesh:
    """The mesh of a file.

    Raises:
        ModelFault: it cannot be read, or has no surface to paint.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelFault(f"cannot be read ({error.strerror}); check its permissions") from error


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Mesh:
    """`changed` only tells versions of a file apart."""
    data = path.read_bytes()
    mesh = (read_obj if path.suffix.lower() == ".obj" else read_glb)(data, most=MOST_TRIANGLES)
    if not (np.isfinite(mesh.positions).all() and np.isfinite(mesh.places).all()):
        raise ModelFault("has corners that are nowhere (not a number); every corner has a place; mend it")
    normals = mesh.normals
    if not np.isfinite(normals).all():
        normals = smooth_normals(mesh.positions, mesh.faces)
    mesh = Mesh(mesh.positions, normals, mesh.places, mesh.faces[mesh.areas > 0])
    if not len(mesh.faces) or not mesh.radius > 0:
        raise ModelFault("has no surface; a model is made of triangles with an area; export its meshes too")
    unwrapped(mesh)
    return mesh
