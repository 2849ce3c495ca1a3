"""What a node needs to run a recipe: a valid recipe -> an archive of its text, its pictures and the versions in use.

    bundle.tar.gz:  recipe/.../THEME/NAME.yaml   inputs/...   constraints.txt   [mail.yaml]   [files, folders]

The recipe lies so deep in the archive that its relative paths lead to the same pictures as here without leaving it.
Other files and folders that it names are packed too; see `extra_files.py`. The packed recipe is loaded as the node will
load it before anything is paid for.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import posixpath
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orbifolio.runner.cloud.extra_files import extra_files, is_whole, read_extra_files
from orbifolio.runner.cloud.wheel import constraints
from orbifolio.runner.errors import InputError, RecipeError
from orbifolio.runner.named_files import file_of
from orbifolio.runner.recipe.model import LoadedRecipe, load

RECIPE = "recipe"
INPUTS = "inputs"


@dataclass(frozen=True)
class Bundle:
    """An archive for a node; paths are inside the archive.

    Attributes:
        content: the bytes of `bundle.tar.gz`.
        recipe: path of the recipe.
        images: paths of uploaded pictures, by their names in the recipe.
        buckets: `s3://...` of pictures that the node itself reads from S3.
    """

    content: bytes
    recipe: str
    images: Mapping[str, str]
    buckets: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """Recipe and `--image` options of `orbifolio run`, started in the archive's folder."""
        options = [word for name, path in self.images.items() for word in ("--image", f"{name}={path}")]
        return [self.recipe, *options]


def pack(loaded: LoadedRecipe, *, mail: bytes | None = None) -> Bundle:
    """Pack a recipe.

    Args:
        loaded: the recipe, with overrides resolved.
        mail: the file of mail settings for the node.

    Raises:
        InputError: a file cannot be read, or the packed recipe would not be valid on the node.
    """
    text = loaded.resolved_text
    files: dict[str, bytes] = {"constraints.txt": constraints().encode()}
    images: dict[str, str] = {}
    local, buckets = _sources(loaded)
    others = extra_files(loaded)
    beside = [path for path in (*local, *(each.named for each in others)) if not is_whole(path)]
    depth = max((posixpath.normpath(path).count("../") for path in beside), default=0)
    folder = "/".join([RECIPE, *["up"] * max(0, depth - 1), loaded.theme])
    for number, path in enumerate(local, 1):
        content = _read(file_of(path, loaded.images.base))
        if is_whole(path):
            name = f"{INPUTS}/{number}-{Path(path).name}"
            text = text.replace(path, posixpath.relpath(name, folder))
        else:
            name = posixpath.normpath(posixpath.join(folder, path))
        files[name] = content
    more, moved = read_extra_files(others, folder)
    files |= more
    for path, name in sorted(moved.items(), key=lambda each: -len(each[0])):
        text = text.replace(path, posixpath.relpath(name, folder))
    for key, given in loaded.images.given.items():
        images[key] = f"{INPUTS}/{key}{given.suffix}"
        files[images[key]] = _read(given)
    recipe = f"{folder}/{loaded.name}.yaml"
    files[recipe] = text.encode()
    if mail is not None:
        files["mail.yaml"] = mail
    _check(files, recipe, images)
    return Bundle(_archive(files), recipe, images, buckets)


def _sources(loaded: LoadedRecipe) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A recipe's pictures that are (files here, objects in buckets)."""
    pictures = loaded.recipe.pictures().values()
    elsewhere = ("skimage:", "orbifolio:", "https:", "s3:", "upload")
    local = tuple(dict.fromkeys(name for name in pictures if not name.startswith(elsewhere)))
    return local, tuple(dict.fromkeys(name for name in pictures if name.startswith("s3:")))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror or error}); check its permissions") from error


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A compressed tar archive without owners and times, so that equal files give equal bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            item = tarfile.TarInfo(name)
            item.size = len(files[name])
            item.mode = 0o600
            archive.addfile(item, io.BytesIO(files[name]))
    return gzip.compress(packed.getvalue(), mtime=0)


def unpack(content: bytes, folder: Path) -> None:
    """Extract an archive below a folder, and nowhere else.

    Raises:
        InputError: the archive is damaged, or the folder cannot be written.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise InputError(f"the launch's bundle cannot be unpacked ({error}); launch the recipe again") from error


def _check(files: Mapping[str, bytes], recipe: str, images: Mapping[str, str]) -> None:
    """Load the packed recipe as the node will.

    Raises:
        InputError: it would not be valid there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in files.items():
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            with contextlib.chdir(scratch):  # as on the node
                load(Path(scratch, recipe), (), {key: Path(scratch, path) for key, path in images.items()})
        except RecipeError as error:
            problems = str(error).replace(f"{scratch}/", "")
            raise InputError(
                "the recipe is valid here, but would not be on the rented machine, as a file that it names is not "
                "uploaded; name it by a path relative to the recipe, or by an absolute "
                f"path\n{problems}"
            ) from None
