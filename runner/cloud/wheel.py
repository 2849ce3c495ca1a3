"""The program as a wheel: this installation -> a file for the node, which then runs the same program.

In a checkout the wheel is built; an installed package is packed again from the files that pip recorded. Equal files
give equal bytes. Building takes seconds, so that a dry run only counts.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from orbifolio.runner.errors import CloudError, InputError

_NAME = "orbifolio"
_SOURCES = ("orbifolio", "runner", "reports", "templates", "recipes", "pyproject.toml", "README.md", "LICENSE")
"""What a build reads: files and folders at the top of a checkout."""
_WRITTEN_BY_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # when it installs
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHECKOUT = Path(__file__).resolve().parents[2]
_COMPRESSED = {".safetensors", ".jpg", ".webp", ".png"}
_TEXT_SHARE = 0.34  # of code and text that compression leaves, measured


@dataclass(frozen=True)
class ProgramWheel:
    """The program as a node gets it.

    Attributes:
        name: of the file.
        size: in bytes; within a few percent while it is not made.
        given: its bytes, where the user named a file.
    """

    name: str
    size: int
    given: bytes | None = field(default=None, repr=False)

    def content(self) -> bytes:
        """Its bytes, made now unless they were given.

        Raises:
            CloudError: the wheel cannot be built.
        """
        if self.given is not None:
            return self.given
        with tempfile.TemporaryDirectory() as scratch:
            return make_wheel(Path(scratch)).read_bytes()


def find_wheel(given: Path | None) -> ProgramWheel:
    """The wheel that a node will get; nothing is built.

    Args:
        given: a file that the user named, or None for this program.

    Raises:
        InputError: the file cannot be read.
    """
    if given is None:
        return _own_wheel()
    try:
        content = given.read_bytes()
    except OSError as error:
        raise InputError(f"--wheel {given}: cannot be read ({error.strerror or error}); name a .whl") from error
    return ProgramWheel(given.name, len(content), content)


def _own_wheel() -> ProgramWheel:
    """This program's, with its size counted from its files."""
    if _is_checkout():
        project = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return ProgramWheel(_file_name(project["version"]), _packed_size(_sources()))
    installed = metadata.distribution(_NAME)
    files = [(file.suffix, file.size or 0) for file in installed.files or () if "__pycache__" not in file.parts]
    return ProgramWheel(_file_name(installed.version), _packed_size(files))


def _is_checkout() -> bool:
    return (_CHECKOUT / "pyproject.toml").is_file()


def _file_name(version: str) -> str:
    return f"{_NAME}-{version}-py3-none-any.whl"


def _sources() -> Iterable[tuple[str, int]]:
    """(suffix, bytes) of what a build reads."""
    for name in _SOURCES:
        for folder, below, files in os.walk(_CHECKOUT / name):
            below[:] = [each for each in below if each != "__pycache__"]
            for file in files:
                path = os.path.join(folder, file)
                yield os.path.splitext(file)[1], os.stat(path).st_size


def _packed_size(files: Iterable[tuple[str, int]]) -> int:
    """Bytes of an archive of files, about.

    Args:
        files: (suffix, bytes) of each.
    """
    return round(sum(size * (1.0 if suffix in _COMPRESSED else _TEXT_SHARE) for suffix, size in files))


def make_wheel(folder: Path) -> Path:
    """Write the wheel into a folder.

    Raises:
        CloudError: the wheel cannot be built.
    """
    return _build(_CHECKOUT, folder) if _is_checkout() else _repack(folder)


def _build(checkout: Path, folder: Path) -> Path:
    """Build a wheel with pip, in a copy, since the remains of an earlier build would get into it."""
    with tempfile.TemporaryDirectory() as scratch:
        _copy_sources(checkout, Path(scratch))
        options = ["--quiet", "--no-deps", "--no-input", "--disable-pip-version-check", "--wheel-dir", str(folder)]
        built = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", *options, scratch],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        )
    wheels = sorted(folder.glob(f"{_NAME}-*.whl"))
    if built.returncode or not wheels:
        why = (built.stderr.strip().splitlines() or ["no wheel was written"])[-1]
        raise CloudError(f"the program could not be built: {why}; give a wheel with --wheel FILE")
    return wheels[-1]


def _copy_sources(checkout: Path, target: Path) -> None:
    for name in _SOURCES:
        source = checkout / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, target / name, symlinks=True, ignore=ignored)
        elif source.is_file():
            shutil.copy2(source, target / name)


def _repack(folder: Path) -> Path:
    """Pack the installed package again."""
    installed = metadata.distribution(_NAME)
    path = folder / _file_name(installed.version)
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(installed.files or (), key=str):
            name = file.as_posix()
            if ".." in file.parts or "__pycache__" in file.parts or file.name in _WRITTEN_BY_PIP:
                continue  # scripts, compiled files, pip's own records
            content = Path(str(file.locate())).read_bytes()
            wheel.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
            record.append(f"{name},sha256={_digest(content)},{len(content)}")
        name = f"{_NAME}-{installed.version}.dist-info/RECORD"
        wheel.writestr(zipfile.ZipInfo(name, _EPOCH), "\n".join([*record, f"{name},,"]) + "\n")
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def constraints() -> str:
    """The versions of all dependencies as installed here, one per line.

    What follows a `+` in a version names a build for some hardware; it is left out, as the node takes its own.
    """
    versions: dict[str, str] = {}
    todo = [_NAME]
    while todo:
        name = todo.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed on other systems only
        if name != _NAME:
            versions[re.sub(r"[-_.]+", "-", name).lower()] = distribution.version.partition("+")[0]
        for requirement in distribution.requires or ():
            wanted = re.match(r"[A-Za-z0-9._-]+", requirement)
            key = re.sub(r"[-_.]+", "-", wanted[0]).lower() if wanted else ""
            if wanted and "extra ==" not in requirement and key not in versions and key != _NAME and key not in todo:
                todo.append(key)
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
