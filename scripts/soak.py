"""Everything at once, at random, for as long as you like, with an invariant after each step.

    scripts/soak --minutes 60 --seed 3

Tiny recipes are run, killed, interrupted and resumed; their gallery is rebuilt and published to a folder and to an S3
server on the loopback; photographs are uploaded to the control page, and its jobs cancelled; clocks are wrong by a
year, and disks full. After each step: every finished run has the products of an undisturbed one, every link of the
gallery and of both stores leads somewhere (but for those within a killed run until it is resumed or its pages are made
again), and after a whole publication every file of every run is in its store.
From three minutes on, S3 and the control page take part.

The same seed draws the same steps; how far a killed one comes depends on the machine. A failure names its step, and the
folder stays.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / room) for room in ("run", "publish", "server"))]

from forked import Ended, ForkServer, fork_server  # noqa: E402
from loopback import BUCKET, KEYS, S3Server, running_seaweed  # noqa: E402
from served import Serving, Visitor, make_recipes, make_state, picture  # noqa: E402
from stores import dangling, of_folder  # noqa: E402
from tiny_runs import HEAD, RECIPES, products  # noqa: E402

from orbifolio.reports.publish.s3 import S3  # noqa: E402
from orbifolio.reports.write_gallery import run_folders  # noqa: E402
from orbifolio.runner.run.run_folder import is_finished  # noqa: E402
from orbifolio.runner.server.security import AccessRules  # noqa: E402

NAMES = {"gas": "gas", "map": "a map: 100%", "image": "ünï image", "patches": "patches-#1"}
YEAR = 366 * 86_400.0
PAGE_SHARE, PAGE_MINUTES = 0.06, 3.0  # of the steps that visit the control page, whose jobs import for seconds each


class Soak:
    """One gallery, its stores, and what must hold of them.

    Args:
        folder: for everything.
        server: runs commands.
        chance: decides everything.
        bucket: an S3 server, or None.
        page: whether the control page is visited, too.
    """

    def __init__(
        self, folder: Path, server: ForkServer, chance: random.Random, bucket: S3Server | None, *, page: bool
    ) -> None:
        self.folder, self.server, self.chance, self.bucket, self.page = folder, server, chance, bucket, page
        self.gallery, self.store = folder / "gallery", folder / "www" / "store"
        self.wanted: dict[str, dict[str, bytes]] = {}
        self.seconds: dict[str, float] = {}
        self.store.parent.mkdir(parents=True, exist_ok=True)
        for kind, name in NAMES.items():
            (folder / f"{name}.yaml").write_text(HEAD + RECIPES[kind], encoding="utf-8")

    def command(self, *arguments: object, seconds: float = 1.0, calm: bool = False) -> tuple[Ended, str]:
        """Run a command, perhaps with trouble; how it ended, and the trouble in words."""
        options: dict[str, Any] = {}
        draw = 1.0 if calm else self.chance.random()
        if draw < 0.4:
            by = self.chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT))
            options = {"kill_after": self.chance.uniform(0, 1.1) * seconds, "by": by}
        elif draw < 0.5:
            options = {"clock": self.chance.choice((-YEAR, -7200.0, YEAR))}
        elif draw < 0.6:
            options = {"full_after": self.chance.randrange(60)}
        ended = self.server.run(*arguments, cwd=self.folder, **options)
        assert "Traceback" not in ended.output, ended.output
        assert ended.code in (0, 1, 2, 130) or ended.code == -options.get("by", 0), ended
        trouble = " ".join(f"{key}={value:.3g}" for key, value in options.items())
        return ended, f"{trouble or 'undisturbed'}: {ended.code}"

    def run(self) -> str:
        """Begin or resume a run of a recipe."""
        kind = self.chance.choice(list(NAMES))
        name = NAMES[kind]
        if name not in self.wanted:
            whole, _ = self.command("run", f"{name}.yaml", "--out", "whole", calm=True)
            assert whole.code == 0, whole.output
            (run,) = (path for path in (self.folder / "whole" / name).iterdir() if path.is_dir())
            self.wanted[name], self.seconds[name] = products(run), whole.seconds
        unfinished = [path for path in (self.gallery / name).glob("*-*-*") if path.is_dir() and not is_finished(path)]
        resume = ["--resume"] if unfinished else []
        ended, how = self.command("run", f"{name}.yaml", "--out", "gallery", *resume, seconds=self.seconds[name])
        if ended.code == 0 and resume:
            assert any(is_finished(path) for path in unfinished), ended.output
        return f"{'resume' if resume else 'run'} {name!r} {how}"

    def rebuild(self) -> str:
        """Make all reports again."""
        self.gallery.mkdir(exist_ok=True)
        _, how = self.command("gallery", "gallery")
        return f"gallery {how}"

    def remove(self) -> str:
        """Remove a run, as its owner may."""
        runs = run_folders(self.gallery)
        if len(runs) < 4:
            return "nothing to remove"
        run = self.chance.choice(runs)
        shutil.rmtree(run)
        self.command("gallery", "gallery", calm=True)  # until then, links to it dangle
        return f"remove {run.relative_to(self.gallery)}"

    def publish(self) -> str:
        """Publish to the folder or to the bucket."""
        if not run_folders(self.gallery):
            return "nothing to publish"
        target: list[str] = [str(self.store)]
        contents = of_folder(self.store)
        if self.bucket is not None and self.chance.random() < 0.4:
            target = [f"s3://{BUCKET}/soak", "--endpoint-url", self.bucket.url]
            reader = S3(bucket=BUCKET, prefix="soak", endpoint_url=self.bucket.url).build()

            def contents(key: str) -> bytes | None:
                found = reader.get(key)
                return None if found is None else found[0]

        ended, how = self.command("publish", "gallery", *target, seconds=2.0)
        if contents("index.html") is not None:
            assert dangling(contents) == [], dangling(contents)
        if ended.code == 0:
            missing = [key for key, path in self._files().items() if contents(key) != path.read_bytes()]
            assert missing == [], missing
        return f"publish {target[0]} {how}"

    def _files(self) -> dict[str, Path]:
        """The files of all runs that are to be in a store, by key."""
        return {
            path.relative_to(self.gallery).as_posix(): path
            for run in run_folders(self.gallery)
            for path in run.rglob("*")
            if path.is_file()
            and not path.name.endswith(".part")
            and not any(part.startswith(".") or part == "checkpoint" for part in path.relative_to(run).parts)
        }

    def visit(self) -> str:
        """Upload a photograph to the control page, run it, and perhaps cancel it."""
        home = self.folder / f"page-{self.chance.randrange(10**6)}"
        home.mkdir()
        with (
            Serving(make_state(home, make_recipes(home)), AccessRules()) as serving,
            httpx.Client(base_url=serving.address, timeout=60) as client,
        ):
            visitor = Visitor(client, serving)
            photo = visitor.send(picture(seed=self.chance.randrange(9)))
            identity = visitor.start(recipe="nets/tiny", images={"photo": photo})
            cancel = self.chance.random() < 0.5
            if cancel:
                time.sleep(self.chance.uniform(0, 3))
                client.post(f"/api/runs/{identity}/cancel")
            state = str(visitor.wait(identity, "done", "failed", "cancelled", "interrupted")["state"])
            assert state in (("done", "cancelled") if cancel else ("done",)), state
        assert dangling(of_folder(home / "gallery")) == []
        shutil.rmtree(home)
        return f"control page: {state}"

    def step(self) -> str:
        """Do something, and check what must hold of the gallery."""
        if self.page and self.chance.random() < PAGE_SHARE:
            return self.visit()
        actions: list[tuple[Callable[[], str], int]] = [
            (self.run, 10),
            (self.publish, 4),
            (self.rebuild, 2),
            (self.remove, 1),
        ]
        (action,) = self.chance.choices([each for each, _ in actions], [weight for _, weight in actions])
        what = action()
        self.check()
        return what

    def check(self) -> None:
        """What must hold at any moment."""
        for run in run_folders(self.gallery):
            if is_finished(run):
                assert products(run) == self.wanted[run.parent.name], run
        assert self._dangling() == []

    def _dangling(self) -> list[tuple[str, str]]:
        """Links that lead nowhere, but for those within a run that did not finish: its pages lead to each other."""
        unfinished = [
            f"{run.relative_to(self.gallery).as_posix()}/" for run in run_folders(self.gallery) if not is_finished(run)
        ]
        return [
            (page, key)
            for page, key in dangling(of_folder(self.gallery))
            if not any(page.startswith(run) and key.startswith(run) for run in unfinished)
        ]

    def end(self) -> None:
        """Resume what is left, publish, and find everything whole."""
        for name in NAMES.values():
            while any(path.is_dir() and not is_finished(path) for path in (self.gallery / name).glob("*-*-*")):
                ended, _ = self.command("run", f"{name}.yaml", "--out", "gallery", "--resume", calm=True)
                assert ended.code == 0, ended.output
        if run_folders(self.gallery):
            assert self.command("publish", "gallery", self.store, calm=True)[0].code == 0
        self.check()


def main(arguments: list[str] | None = None) -> int:
    """Soak until the time is up; 1 if something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    os.environ.update(KEYS, AWS_EC2_METADATA_DISABLED="true")
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    until = time.monotonic() + 60 * options.minutes
    long = options.minutes >= PAGE_MINUTES
    number, what = 0, "beginning"
    with contextlib.ExitStack() as around:
        bucket = None
        if long:
            (folder / "seaweed").mkdir()
            bucket = around.enter_context(running_seaweed(folder / "seaweed"))
        server = around.enter_context(fork_server())
        soak = Soak(folder, server, random.Random(options.seed), bucket, page=long)
        try:
            while time.monotonic() < until:
                number += 1
                what = soak.step()
                print(f"{number}: {what}", flush=True)
            what = "the end"
            soak.end()
        except AssertionError as error:
            print(f"seed {options.seed}, step {number} (after {what}): {error}\n{folder}", flush=True)
            return 1
    shutil.rmtree(folder, ignore_errors=True)
    print(f"seed {options.seed}: {number} steps, everything held", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
