"""Models from files: (path) -> mesh, checked; read once. Nothing but the file itself is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from orbifolio.runner.models.atlas import texture_corners
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.glb import read_glb
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.obj import read_obj
from orbifolio.runner.models.ply import read_ply
from orbifolio.runner.models.stl import read_stl
from orbifolio.runner.models.threemf import read_3mf
from orbifolio.runner.named_files import file_of

MAX_BYTES = 50_000_000  # an OBJ of this size takes five seconds to read
MAX_TRIANGLES = 100_000  # every window of the model is drawn from all of them


READERS: Mapping[str, Callable[..., Mesh]] = {
    ".glb": read_glb,
    ".obj": read_obj,
    ".ply": read_ply,
    ".stl": read_stl,
    ".3mf": read_3mf,
}
"""(bytes, max_triangles) -> mesh, by how a file's name ends."""


_BEGINNINGS = {b"glTF": ".glb", b"ply\n": ".ply", b"ply\r": ".ply", b"PK\x03\x04": ".3mf"}


def own_models() -> dict[str, Path]:
    """The models that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "models", here.parent / "recipes" / "models"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.glb"))}
    return {}


def locate(source: str, folder: Path | None = None) -> Path:
    """The file of a model as a recipe names it.

    Args:
        source: a path relative to the recipe, or `orbifolio:NAME`.
        folder: that relative paths start from, if not the one that a `NamedFile` knows.

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
    path = file_of(source, folder)
    try:
        if path.is_dir():
            raise ModelFault("is a folder; a model is one file; name a file in it")
        if not path.is_file():
            raise ModelFault("does not exist; paths are relative to the recipe; check the path")
        if path.suffix.lower() not in READERS:
            *most, last = READERS
            raise ModelFault(
                f"is not a model that is read ({', '.join(most)} or {last}); export it as one of these, best as .glb"
            )
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
    data, named = path.read_bytes(), path.suffix.lower()
    for beginning, suffix in _BEGINNINGS.items():
        if data.startswith(beginning) and suffix != named:
            raise ModelFault(
                f"is named {named} and begins as {suffix} does; a name's end says how a file is read; rename it"
            )
    mesh = READERS[named](data, max_triangles=MAX_TRIANGLES)
    mesh = replace(mesh, faces=mesh.faces[mesh.areas > 0])
    if not len(mesh.faces) or not mesh.radius > 0:
        raise ModelFault("has no surface; a model is made of triangles with an area; export its meshes too")
    texture_corners(mesh)
    return mesh
