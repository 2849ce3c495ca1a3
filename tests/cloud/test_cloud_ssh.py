"""`launch --ssh` against a real sshd on the loopback: sent, run, followed, fetched, resumed, and ended in time.

The machine there is a home folder of its own; its environment is one that runs this checkout, so that nothing is
installed; `shutdown` and `sudo` are stand-ins that write down what they are asked.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from rented import invoke

from orbifolio.runner.cloud.ssh_launch import SSHMachine, SSHTarget, SSHTask, parse_target
from orbifolio.runner.errors import CloudError, InputError

ROOT = Path(__file__).resolve().parents[2]
SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").exists() else None)
real = pytest.mark.skipif(SSHD is None or shutil.which("scp") is None, reason="no sshd or scp here")
WHEEL = "orbifolio-0-py3-none-any.whl"
NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>"$HOME/journal"\n'


@dataclass
class Machine:
    """A machine that SSH reaches."""

    home: Path
    target: SSHTarget
    process: subprocess.Popen[bytes]

    @property
    def options(self) -> list[str]:
        """Of `orbifolio launch`."""
        config, host = self.target.config, f"{self.target.host}:{self.target.port}"
        return ["--ssh", host, "--ssh-config", str(config), "--wheel", str(self.home / WHEEL)]

    @property
    def journal(self) -> list[str]:
        """What the stand-ins were asked."""
        path = self.home / "journal"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """An sshd with keys of its own, for one test."""
    assert SSHD is not None
    home, keys = tmp_path / "there", tmp_path / "keys"
    (home / "bin").mkdir(parents=True)
    keys.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    (keys / "user.pub").rename(keys / "allowed")
    for name in ("shutdown", "sudo"):
        (home / "bin" / name).write_text(NOTE)
        (home / "bin" / name).chmod(0o755)
    (home / ".bashrc").write_text('cd "$HOME"\n')  # sshd itself goes to the account's own home
    (home / WHEEL).write_bytes(b"not installed here")
    venv = home / ".orbifolio" / "venv" / "bin"
    venv.mkdir(parents=True)
    program = venv / "orbifolio"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} OMP_NUM_THREADS=1 exec {sys.executable} -m orbifolio "$@"\n')
    program.chmod(0o755)
    whole = subprocess.run(["sha256sum", WHEEL], cwd=home, capture_output=True, text=True, check=True).stdout
    (venv.parent / "wheel").write_text(whole)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = tmp_path / "sshd_config"
    server.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys / 'host'}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {keys / 'allowed'}\nPermitRootLogin yes\nPasswordAuthentication no\n"
        f"SetEnv HOME={home} PATH={home / 'bin'}:/usr/bin:/bin\n"
        f"Subsystem sftp internal-sftp -d {home}\n"
    )
    client = tmp_path / "ssh_config"
    client.write_text(
        f"Host *\n IdentityFile {keys / 'user'}\n IdentitiesOnly yes\n StrictHostKeyChecking no\n LogLevel ERROR\n"
        f" UserKnownHostsFile {tmp_path / 'known'}\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-f", server, "-E", tmp_path / "sshd.log"])
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Machine(home, parse_target(f"127.0.0.1:{port}", config=client), process)
    process.terminate()
    process.wait(20)


def test_addresses_are_those_that_ssh_takes():
    assert parse_target("ssh://ann@gpu.example.org:22").host == "ann@gpu.example.org"
    assert parse_target("ann@[::1]:22").port == 22
    for wrong in ("-oProxyCommand=x", "ann@host:port", "a b", "ann@host; rm", "x@-host:1 "):
        with pytest.raises(InputError, match="is no address of a machine"):
            parse_target(wrong)


def test_no_value_of_a_launch_is_a_command():
    nasty = "'; touch /tmp/owned; '$(id)`id`\n"
    script = SSHTask("tiny-1", 60, nasty, ["run", nasty], python=nasty).script()
    head = script[: script.index("# What a machine")] + 'printf "%s|" "$wheel" "$system_python" "${arguments[@]}"'
    told = subprocess.run(["bash", "-c", head], capture_output=True, text=True, check=True)
    assert told.stdout == f"{nasty}|{nasty}|run|{nasty}|"
    with pytest.raises(InputError, match="is not the name of a launch"):
        SSHMachine(SSHTarget("host"), "../x")


def test_a_dry_run_says_what_it_would_do_and_asks_nobody(recipe: Path, tmp_path: Path):
    (tmp_path / WHEEL).write_bytes(b"x" * 1000)
    ssh = ["--ssh", "ann@nowhere.invalid", "--wheel", str(tmp_path / WHEEL), "--hours", "2", "--shutdown"]
    done = invoke("launch", str(recipe), *ssh, "--dry-run")
    assert done.exit_code == 0, done.output
    for words in ("on ann@nowhere.invalid, by SSH", "at most    2 h", "shut down at the limit", "Nothing was sent"):
        assert words in done.output
    for wrong in (["--serve"], ["--work", "s3://a/b"]):
        assert isinstance(invoke("launch", recipe, *ssh, *wrong).exception, click.UsageError)
    assert isinstance(invoke("launch", recipe, "--shutdown").exception, click.UsageError)


@real
@pytest.mark.slow
def test_a_recipe_runs_there_and_its_report_comes_here(machine: Machine, recipe: Path, tmp_path: Path):
    here = tmp_path / "here"
    more = ["--out", here, "--to", tmp_path / "site", "--shutdown"]
    done = invoke("launch", recipe, *machine.options, *more)
    assert done.exit_code == 0, done.output
    page = Path(done.output.strip().splitlines()[-1])
    assert page.is_file()
    assert (page.parent / "final.png").is_file()
    assert (here / "index.html").is_file()
    assert (tmp_path / "site" / "index.html").is_file()
    assert not [path.name for path in (machine.home / ".orbifolio").iterdir() if path.name != "venv"]
    asked = machine.journal
    assert asked[0].startswith("shutdown -h +60 ")  # first of all, before anything can go wrong
    assert asked[-1] == "shutdown -h now"


@real
@pytest.mark.slow
def test_a_run_outlives_the_connection_and_is_continued_at_its_limit(machine: Machine, recipe: Path, tmp_path: Path):
    """Followed again after the first client was lost; a run that was interrupted goes on to the same picture."""
    here, long = tmp_path / "here", "renderer.phases=[{size: 16, steps: 400}]"
    words = [sys.executable, "-m", "orbifolio", "launch", str(recipe), long, *machine.options, "--out", str(here)]
    log = tmp_path / "client.log"
    with log.open("wb") as out:
        client = subprocess.Popen(words, stdout=out, stderr=out, env={**os.environ, "PYTHONPATH": str(ROOT)})
        end = time.monotonic() + 120
        while not (found := list((machine.home / ".orbifolio").glob("*/gallery/*/*/checkpoint/state.pt"))):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        client.kill()
        client.wait()
    launch = found[0].relative_to(machine.home / ".orbifolio").parts[0]
    folder = machine.home / ".orbifolio" / launch
    os.kill(int((folder / "pid").read_text()), signal.SIGTERM)  # as at the end of its time
    there = SSHMachine(machine.target, launch)
    assert there.follow(lambda line: None, pause=0.1) == "interrupted"
    resume = ["launch", "--resume", launch, *machine.options, "--out", str(here)]
    done = invoke(*resume)
    assert done.exit_code == 0, done.output
    page = Path(done.output.strip().splitlines()[-1])
    assert "resumed" in (page.parent / "events.jsonl").read_text()
    whole = invoke("run", str(recipe), long, "--out", str(tmp_path / "whole"))
    (other,) = (tmp_path / "whole").glob("*/*/final.png")
    assert whole.exit_code == 0
    assert other.read_bytes() == (page.parent / "final.png").read_bytes()
    assert machine.journal == []  # nobody asked for the machine to be shut down
    with pytest.raises(CloudError, match="No such file or directory"):
        there.poll(0)


@real
def test_a_machine_that_is_not_reached_is_told_with_a_cure(machine: Machine, recipe: Path):
    machine.process.terminate()
    machine.process.wait(20)
    done = invoke("launch", str(recipe), *machine.options)
    assert done.exit_code == 1
    assert "Connection refused; the machine must be reached without a question" in str(done.exception or done.output)
