"""A recipe on any machine that SSH reaches: bundle and program go there, the gallery comes back.

Python 3.11, `tar` and `timeout` must be there, nothing of ours; no secret goes there. The run outlives the connection,
and is found again by the launch's name. The time limit is kept by the machine itself (`timeout`), which is shut down at
the limit, too, where the user says that it is paid for by time.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.runner.errors import CloudError, InputError

TARGET = re.compile(
    r"(?:ssh://)?((?:[A-Za-z0-9._-]+@)?[A-Za-z0-9._-]+|(?:[A-Za-z0-9._-]+@)?\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?"
)
FOLDER = ".orbifolio"
"""In the home folder there: a folder for each launch, and the environment that all share."""
ENDED = ("done", "failed", "interrupted")
POLL_SECONDS = 3.0
MAX_LOST = 100
"""Polls without an answer in a row, after which the connection is given up; the run goes on."""
_UNREACHED = 255  # ssh's own exit code, where it is not the command's

Say = Callable[[str], None]


@dataclass(frozen=True)
class SSHTarget:
    """A machine, as `ssh` and `scp` are told of it.

    Attributes:
        host: `user@host`.
        port: None for what SSH's own configuration says.
        identity: file of a private key, or None.
        config: file of SSH's configuration instead of the user's own, or None.
    """

    host: str
    port: int | None = None
    identity: Path | None = None
    config: Path | None = None

    def __str__(self) -> str:
        """As a user types it."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def options(self, *, port: str) -> list[str]:
        """Options of a program; ssh calls that of the port -p, scp -P."""
        return [
            *("-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15"),
            *(["-F", str(self.config)] if self.config is not None else []),
            *([port, str(self.port)] if self.port is not None else []),
            *(["-i", str(self.identity)] if self.identity is not None else []),
        ]


def parse_target(text: str, *, identity: Path | None = None, config: Path | None = None) -> SSHTarget:
    """What `--ssh` says.

    >>> parse_target("ann@gpu.example.org:2222")
    SSHTarget(host='ann@gpu.example.org', port=2222, identity=None, config=None)

    Raises:
        InputError: it is no address.
    """
    match = TARGET.fullmatch(text)
    if match is None or text.startswith("-"):
        raise InputError(f"--ssh {text[:80]}: is no address of a machine; write user@host or user@host:port")
    return SSHTarget(match[1], int(match[2]) if match[2] else None, identity, config)


@dataclass(frozen=True)
class SSHTask:
    """What a machine is to do; see `ssh_node.sh`.

    Attributes:
        launch: name of the launch.
        minutes: hard limit of the run.
        wheel: file name of the program.
        arguments: of `orbifolio`, in the bundle's folder.
        shut: shut the machine down at the limit, or when the picture has been fetched.
        python: the machine's Python; "" to find one.
    """

    launch: str
    minutes: int
    wheel: str
    arguments: Sequence[str]
    shut: bool = False
    python: str = ""

    def script(self) -> str:
        """The text of the script: assignments, then `ssh_node.sh` as it is."""
        values = {
            "launch": self.launch,
            "minutes": str(self.minutes),
            "wheel": self.wheel,
            "system_python": self.python,
            "shut": "yes" if self.shut else "",
        }
        lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
        body = Path(__file__).with_name("ssh_node.sh").read_text(encoding="utf-8")
        return "\n".join(["#!/bin/bash", *lines, f"arguments=({shlex.join(self.arguments)})"]) + "\n" + body


class SSHMachine:
    """One launch on one machine.

    Args:
        target: the machine.
        launch: name of the launch.
    """

    def __init__(self, target: SSHTarget, launch: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", launch):
            raise InputError(f"{launch[:60]!r} is not the name of a launch; `orbifolio launch` prints it")
        self.target, self.launch = target, launch
        self._place = f"{FOLDER}/{launch}"

    def _ssh(self, command: str, *, data: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run a command there.

        Raises:
            CloudError: the machine cannot be reached, or the command failed.
        """
        words = ["ssh", *self.target.options(port="-p"), self.target.host, command]
        try:
            done = subprocess.run(words, input=data, capture_output=True, check=False)
        except OSError as error:
            raise CloudError(f"ssh cannot be started ({error.strerror}); install an OpenSSH client") from None
        if done.returncode == _UNREACHED or (check and done.returncode):
            raise CloudError(self._failure(done))
        return done

    def _failure(self, done: subprocess.CompletedProcess[bytes]) -> str:
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        reason = said[-1][:300] if said else f"exit code {done.returncode}"
        return (
            f"{self.target.host}: {reason}; the machine must be reached without a question (a key that an agent holds, "
            f"or --identity); try `ssh {self.target.host} true`"
        )

    def send(self, task: SSHTask, files: dict[str, bytes]) -> None:
        """Bring everything there, by scp, and unpack the bundle.

        Raises:
            CloudError: something could not be sent.
        """
        self._ssh(f"umask 077 && mkdir -p {self._place}/bundle")
        with tempfile.TemporaryDirectory() as scratch:
            paths = []
            for name, content in {**files, "run.sh": task.script().encode()}.items():
                paths.append(Path(scratch) / name)
                paths[-1].write_bytes(content)
            words = [
                "scp",
                "-q",
                *self.target.options(port="-P"),
                *map(str, paths),
                f"{self.target.host}:{self._place}/",
            ]
            try:
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            except OSError as error:
                raise CloudError(f"scp cannot be started ({error.strerror}); install an OpenSSH client") from None
        if done.returncode:
            raise CloudError(self._failure(done))
        self._ssh(f"cd {self._place} && tar -xzf bundle.tar.gz -C bundle")

    def start(self) -> None:
        """Start the script, which then has no more to do with this connection; nothing if it is running.

        Raises:
            CloudError: it could not be started, or nothing was sent.
        """
        self._ssh(
            f"cd {self._place} && ended() {{ grep -qxE '{'|'.join(ENDED)}' state 2>/dev/null; }}; "
            'if [ -e pid ] && ! ended && kill -0 "$(cat pid)" 2>/dev/null; then exit 0; fi; '
            "test -f run.sh && rm -f state && "
            "(setsid nohup bash run.sh </dev/null >/dev/null 2>>log.txt & echo $! >pid) && sleep 0.2"
        )

    def poll(self, seen: int) -> tuple[str, bytes]:
        """(state, what the log has after so many bytes)."""
        told = self._ssh(
            f"cd {self._place} || exit 1; state=$(cat state 2>/dev/null || echo starting); "
            f'kill -0 "$(cat pid 2>/dev/null)" 2>/dev/null || state="$state gone"; '
            f'echo "$state"; tail -c +{seen + 1} log.txt 2>/dev/null | head -c 1000000'
        ).stdout
        first, _, text = told.partition(b"\n")
        state, _, gone = first.decode().partition(" ")
        return ("failed" if gone and state not in ENDED else state), text

    def follow(self, say: Say, *, pause: float = POLL_SECONDS) -> str:
        """Show the log until the run has ended; how it ended.

        Raises:
            CloudError: the machine is not reached any more; the run goes on there.
        """
        seen, lost, rest = 0, 0, b""
        while True:
            try:
                state, text = self.poll(seen)
                lost = 0
            except CloudError:
                lost += 1
                if lost > MAX_LOST:
                    raise
                time.sleep(pause)
                continue
            seen += len(text)
            *lines, rest = (rest + text).split(b"\n")
            for line in lines:
                say(f"  {line.decode('utf-8', errors='replace')}")
            if state in ENDED and not text:
                return state
            if not text:
                time.sleep(pause)

    def fetch(self, gallery: Path) -> tuple[Path, ...]:
        """Bring the runs into a gallery here; the folders that came.

        Raises:
            CloudError: nothing could be fetched.
        """
        found = self._ssh(
            f"cd {self._place}/gallery && tar -cf - --exclude=lock --exclude='*.part' */*-*-*/", check=False
        )
        runs: set[Path] = set()
        with contextlib.suppress(tarfile.ReadError), tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            for member in archive:
                parts = Path(member.name).parts
                if len(parts) > 2:
                    runs.add(gallery / parts[0] / parts[1])
                    archive.extract(member, gallery, filter="data")
        if not runs:
            raise CloudError(
                f"{self.target.host}: there is nothing to fetch yet; `orbifolio launch --ssh ... --resume` later"
            )
        return tuple(sorted(runs))

    def end(self, *, shut: bool) -> None:
        """Remove what lies there, and shut the machine down if that was asked for."""
        self._ssh(f"rm -rf {self._place}", check=False)
        if shut:
            with contextlib.suppress(CloudError):  # the connection ends with the machine
                self._ssh("shutdown -c 2>/dev/null; shutdown -h now || sudo -n shutdown -h now", check=False)
