"""A machine that is none: a scratch root, stand-ins for `shutdown` and `aws`, and facts as EC2 tells them.

The stand-ins write down what they are asked. `aws` copies for real, to and from the S3 server of the tests.
"""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AWS = '''\
"""aws s3 cp FROM TO and aws ses send-email, as the node uses them."""
import os, sys
words = [word for word in sys.argv[1:] if word != "--only-show-errors"]
with open(os.environ["JOURNAL"], "a") as journal:
    journal.write("aws " + " ".join(words).replace("\\n", " ") + "\\n")
if words[:2] == ["s3", "cp"]:
    import boto3, botocore
    client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
    source, target = words[2:4]
    try:
        if source.startswith("s3://"):
            bucket, _, key = source[5:].partition("/")
            content = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            open(target, "wb").write(content)
        else:
            bucket, _, key = target[5:].partition("/")
            client.put_object(Bucket=bucket, Key=key, Body=open(source, "rb").read())
    except (OSError, botocore.exceptions.ClientError) as error:
        sys.exit(f"fatal error: {error}")
'''
NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>"$JOURNAL"\n'


@dataclass
class Facts:
    """What the machine is told of itself; `notice` is when it is taken back."""

    notice: bool = False
    asked: list[str] = field(default_factory=list)

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        facts = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

            def do_PUT(self) -> None:
                self._answer(200, b"a-token")

            def do_GET(self) -> None:
                facts.asked.append(self.path)
                known = self.headers.get("X-aws-ec2-metadata-token") == "a-token"  # version 2 only
                notice = facts.notice and self.path == "/meta-data/spot/instance-action"
                self._answer(401 if not known else 200 if notice else 404, b'{"action": "terminate"}')

            def _answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler


def dependencies(folder: Path) -> Path:
    """Everything that is installed here but this program, so that a node needs to install only that."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith(("orbifolio", "__editable__", "_distutils", "distutils")):
            (folder / entry.name).symlink_to(entry)
    return folder


@dataclass
class Machine:
    """A scratch root in which user data is executed.

    Attributes:
        root: its folder.
        environment: that the script is started with.
    """

    root: Path
    environment: dict[str, str]

    @property
    def base(self) -> Path:
        return self.root / "opt"

    @property
    def journal(self) -> list[str]:
        """What the stand-ins were asked, in order."""
        path = self.root / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def boot(self, script: str) -> subprocess.Popen[bytes]:
        """Start the script as cloud-init does."""
        path = self.root / "user-data"
        path.write_text(script)
        path.chmod(0o700)
        with (self.root / "console").open("wb") as console:
            return subprocess.Popen(
                [str(path)],
                cwd="/",
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def log(self) -> str:
        return (self.base / "log.txt").read_text(errors="replace") + (self.root / "console").read_text()


def machine(root: Path, *, s3: str, facts: str, packages: Path, more: dict[str, str]) -> Machine:
    """A machine with stand-ins first on its path."""
    programs = root / "bin"
    programs.mkdir(parents=True)
    python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    (root / "aws.py").write_text(AWS)
    for name, text in {
        "shutdown": NOTE,
        "poweroff": NOTE,
        "apt-get": NOTE,
        "python3.12": python,
        "aws": f'#!/bin/sh\nexec "{sys.executable}" "{root}/aws.py" "$@"\n',
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR", "OMP_NUM_THREADS")}
    environment = {
        **kept,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(root),
        "JOURNAL": str(root / "journal"),
        "ORBIFOLIO_BASE": str(root / "opt"),
        "ORBIFOLIO_FACTS": facts,
        "ORBIFOLIO_PAUSE": "0.3",
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester-secret",
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": str(packages),
        **more,
    }
    return Machine(root, environment)
