"""The program that travels: this installation -> a wheel, so that the node runs what was tried here.

From a checkout it is built; an installed package is packed again from the files that pip wrote down. Equal files
give equal bytes.
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
import zipfile
from importlib import metadata
from pathlib import Path

from orbifolio.runner.errors import CloudError

_NAME = "orbifolio"
_SOURCES = ("orbifolio", "runner", "reports", "templates", "recipes", "pyproject.toml", "README.md", "LICENSE")
_LEFT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # written by pip when it installs
_EPOCH = (1980, 1, 1, 0, 0, 0)


def make_wheel(folder: Path) -> Path:
    """Write the wheel into a folder.

    Raises:
        CloudError: it cannot be made here.
    """
    here = Path(__file__).resolve().parents[2]
    return _build(here, folder) if (here / "pyproject.toml").is_file() else _repack(folder)


def _build(sources: Path, folder: Path) -> Path:
    """From a checkout, by pip; in a copy, since an older build's leftovers would get in."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in _SOURCES:
            found = sources / name
            if found.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(found, Path(scratch, name), symlinks=True, ignore=ignored)
            elif found.is_file():
                shutil.copy2(found, Path(scratch, name))
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
        raise CloudError(f"the program could not be packed: {why}; give a wheel with --wheel FILE")
    return wheels[-1]


def _repack(folder: Path) -> Path:
    """From an installation."""
    found = metadata.distribution(_NAME)
    path = folder / f"{_NAME}-{found.version}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(found.files or (), key=str):
            name = file.as_posix()
            if ".." in file.parts or "__pycache__" in file.parts or file.name in _LEFT:
                continue  # scripts, compiled files, what pip notes for itself
            content = Path(str(file.locate())).read_bytes()
            wheel.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
            record.append(f"{name},sha256={_digest(content)},{len(content)}")
        name = f"{_NAME}-{found.version}.dist-info/RECORD"
        wheel.writestr(zipfile.ZipInfo(name, _EPOCH), "\n".join([*record, f"{name},,"]) + "\n")
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def constraints() -> str:
    """The versions of everything that the program needs, as they are here, one a line.

    What follows a `+` in a version names a build for some hardware, and is left out: the node takes its own.
    """
    found: dict[str, str] = {}
    todo = [_NAME]
    while todo:
        name = todo.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # only wanted on other systems
        if name != _NAME:
            found[re.sub(r"[-_.]+", "-", name).lower()] = distribution.version.partition("+")[0]
        for requirement in distribution.requires or ():
            wanted = re.match(r"[A-Za-z0-9._-]+", requirement)
            key = re.sub(r"[-_.]+", "-", wanted[0]).lower() if wanted else ""
            if wanted and "extra ==" not in requirement and key not in found and key != _NAME and key not in todo:
                todo.append(key)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
