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

MAX_BYTES = 50_000_000  # an OBJ of this size takes five seconds to read
MAX_TRIANGLES = 100_000  # every window of the model is drawn from all of them


def own_models() -> dict[str, Path]:
    """The models that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "models", here.parent / "recipes" / "models"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.glb"))}
    return {}


def locate(source: str, folder: Path) -> Path:
    """The file of a model as a recipe names it.

    Args:
        source: a path relative to the recipe, or `orbifolio:NAME`.
        folder: that relative paths start from.

    Raises:
        ModelFault: it does not exist, is too large or of another format.
    """
    scheme, colon, name = source.partition(":")
    if colon and scheme == "orbifolio":
        own = own_models()
        if name not in own:
            raise ModelFault(f"does not come with orbifolio; choose from {', '.join(own) or 'none'}")
        return own[name]
    if "://" in source:
        raise ModelFault("is an address; models are read from files; download it and name the file")
    path = folder / source
    try:
        if path.is_dir():
            raise ModelFault("is a folder; a model is one file; name a file in it")
        if not path.is_file():
            raise ModelFault("does not exist; paths are relative to the recipe; check the path")
        if path.suffix.lower() not in (".obj", ".glb"):
            raise ModelFault("is not an .obj or .glb file; only these two are read; export the model as one of them")
        if path.stat().st_size > MAX_BYTES:
            raise ModelFault(f"has more than {MAX_BYTES // 10**6} MB; that is the limit; decimate it before exporting")
    except (OSError, ValueError) as error:
        raise ModelFault("cannot be read; paths are relative to the recipe; check its name and permissions") from error
    return path


def read_model(path: Path) -> Mesh:
    """The mesh of a file, without triangles that have no area.

    Raises:
        ModelFault: it cannot be read, or has no surface to paint.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelFault(f"cannot be read ({error.strerror}); check its permissions") from error


@lru_cache(maxsize=4)
def _read(path: Path, modified: int) -> Mesh:
    """The mesh of one version of a file; `modified` keeps versions apart in the cache."""
    read = read_obj if path.suffix.lower() == ".obj" else read_glb
    mesh = read(path.read_bytes(), max_triangles=MAX_TRIANGLES)
    if not (np.isfinite(mesh.positions).all() and np.isfinite(mesh.uv).all()):
        raise ModelFault("has corners that are not numbers (NaN or infinite); every corner needs a place; repair it")
    normals = mesh.normals
    if not np.isfinite(normals).all():
        normals = smooth_normals(mesh.positions, mesh.faces)
    mesh = Mesh(mesh.positions, normals, mesh.uv, mesh.faces[mesh.areas > 0])
    if not len(mesh.faces) or not mesh.radius > 0:
        raise ModelFault("has no surface; a model is made of triangles with an area; export its meshes too")
    unwrapped(mesh)
    return mesh
