"""A recipe and the user's options -> what to launch, its price, and the files to upload; nothing is asked of AWS.

Everything that can be found wrong is found here, before anything is uploaded or paid for.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.publish.website import LAUNCHES
from orbifolio.runner.cloud.bundle import Bundle, pack
from orbifolio.runner.cloud.cost import SETUP_SECONDS, Cost, Workload, time_limit, workload_of
from orbifolio.runner.cloud.launch import BUNDLE
from orbifolio.runner.cloud.launch_spec import LaunchSpec, launch_name
from orbifolio.runner.cloud.machines import Machine, choose
from orbifolio.runner.cloud.node_script import uses_mypaint
from orbifolio.runner.cloud.wheel import ProgramWheel, find_wheel
from orbifolio.runner.errors import InputError
from orbifolio.runner.mail.base import MessageSettings
from orbifolio.runner.mail.ses import SES
from orbifolio.runner.mail.smtp import SMTP
from orbifolio.runner.mail.webhook import Webhook
from orbifolio.runner.recipe.model import LoadedRecipe

PUBLISH_MINUTES = 2  # between two publications: what a lost machine loses at most
IDLE_MINUTES = 20  # that the page waits for a visitor, while the machine is paid for


@dataclass(frozen=True)
class LaunchOptions:
    """What the user of `launch` chooses.

    Attributes:
        gallery: where reports go; None for the recipe's own target.
        work: where launches are kept; None for `launches/` in the gallery's bucket.
        region: of machine and buckets.
        instance: type of machine; None for the one that fits best.
        market: `spot`, `spot-only` or `on-demand`.
        hours: hard limit; None for three times the expected time.
        mode: `run` or `serve`.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may connect.
        key: name of an SSH key of the account.
        subnet: of the machine; "" for the default network.
        image: machine image; "" for the newest that AWS recommends.
        wheel: the program; None to build it.
        mailer: who gets mail, and how.
        mail_text: the file of mail settings, as it is.
    """

    gallery: S3 | None
    work: S3 | None
    region: str
    instance: str | None = None
    market: str = "spot"
    hours: float | None = None
    mode: str = "run"
    reach: str = "none"
    sender: str = ""
    key: str = ""
    subnet: str = ""
    image: str = ""
    wheel: Path | None = None
    mailer: MessageSettings | None = None
    mail_text: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class PreparedLaunch:
    """A launch that is ready to start.

    Attributes:
        work: what the run needs.
        cost: by list prices, as AWS was not asked yet.
        bundle: recipe and pictures, packed.
        wheel: the program.
    """

    spec: LaunchSpec
    work: Workload
    cost: Cost
    bundle: bytes
    wheel: ProgramWheel

    @property
    def size(self) -> int:
        """Bytes to upload, about."""
        return len(self.bundle) + self.wheel.size

    def files(self) -> dict[str, bytes]:
        """What to upload, by name.

        Raises:
            CloudError: the wheel cannot be built.
        """
        return {BUNDLE: self.bundle, self.wheel.name: self.wheel.content()}


def prepare(loaded: LoadedRecipe, options: LaunchOptions) -> PreparedLaunch:
    """Check a launch and put together everything that it needs; the program is built when its files are asked for.

    Raises:
        InputError: something is wrong with the recipe or the options.
    """
    gallery, launches = _locations(loaded, options)
    needs = workload_of(loaded)
    machines = choose(needs.memory, gpu=needs.gpu, requested=options.instance)
    seconds = SETUP_SECONDS + max(needs.seconds(machine) for machine in machines)
    hours = time_limit(seconds, options.hours)
    _check_mail(options.mailer)
    _check_reach(options)
    bundle = pack(loaded, mail=options.mail_text if options.mailer is not None else None)
    wheel = find_wheel(options.wheel)
    now = time.time()
    launch = launch_name(loaded.name, now)
    spec = LaunchSpec(
        launch=launch,
        recipe=loaded.name,
        title=loaded.recipe.title,
        region=options.region,
        work=f"{launches.target}/{launch}",
        gallery=gallery.target,
        hours=hours,
        machines=tuple(machine.name for machine in machines),
        market=options.market,
        arguments=tuple(_arguments(bundle, gallery, options)),
        wheel=wheel.name,
        pictures=bundle.buckets,
        mode=options.mode,
        paints=options.mode == "serve" or uses_mypaint(loaded.parameters),  # visitors of the page may choose any recipe
        reach=options.reach,
        sender=options.sender,
        key=options.key,
        subnet=options.subnet,
        image=options.image,
        mail_from=options.mailer.sender if isinstance(options.mailer, SES) else "",
        mail_to=options.mailer.to[0] if isinstance(options.mailer, SES) else "",
        password=(options.mailer.password_parameter or "") if isinstance(options.mailer, SMTP) else "",
        created=now,
    )
    return PreparedLaunch(spec, needs, list_cost(spec, needs), bundle.content, wheel)


def list_cost(spec: LaunchSpec, needs: Workload) -> Cost:
    """The cost by list prices, with the most expensive candidate and the slowest one."""
    return Cost(
        hours=spec.hours,
        seconds=SETUP_SECONDS + max(needs.seconds(machine) for machine in spec.candidates),
        price=max(machine.list_price(spec.region) for machine in spec.candidates),
    )


def _locations(loaded: LoadedRecipe, options: LaunchOptions) -> tuple[S3, S3]:
    """(where reports go, where launches are kept).

    Raises:
        InputError: no bucket is named, or private files would lie in the gallery, which may be public.
    """
    own = loaded.recipe.publish
    gallery = options.gallery or (own if isinstance(own, S3) else None)
    if gallery is None:
        raise InputError(
            "no bucket is named; recipe, program and report are transferred through one; name it with --to "
            "s3://BUCKET/gallery (`aws s3 mb s3://BUCKET` makes a new one)"
        )
    launches = options.work or gallery.model_copy(update={"prefix": LAUNCHES})
    if gallery.endpoint_url or launches.endpoint_url:
        raise InputError(f"{gallery.target}: is not on AWS; rented machines can use S3 only; name a bucket there")
    if not gallery.prefix:
        raise InputError(
            f"{gallery.target}: the gallery would fill the whole bucket; it may be public, but launches must stay "
            f"private; write s3://{gallery.bucket}/gallery"
        )
    prefixes = (gallery.key_prefix, launches.key_prefix)
    nested = launches.bucket == gallery.bucket and (
        prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])
    )
    if not launches.prefix or nested:
        among = gallery.key_prefix.startswith(f"{LAUNCHES}/")
        cure = f"--to s3://{gallery.bucket}/gallery" if among else f"--work s3://{launches.bucket}/{LAUNCHES}"
        raise InputError(
            f"{launches.target}: launches must lie outside the gallery, which may be public, and the gallery outside "
            f"them; use {cure}"
        )
    return gallery, launches


def _check_mail(mailer: MessageSettings | None) -> None:
    if isinstance(mailer, SMTP) and (mailer.password_variable or mailer.password_file):
        raise InputError(
            "--mail: the password is on this machine, and no secret is put into a rented machine's script; keep it in "
            "AWS's parameter store and name it with password_parameter, or use kind: ses"
        )
    if isinstance(mailer, Webhook) and mailer.url_variable:
        raise InputError(
            f"--mail: {mailer.url_variable} is set on this machine only; write the webhook's address as url: it "
            "travels in the launch's private folder"
        )


def _check_reach(options: LaunchOptions) -> None:
    if options.reach == "ssh" and not options.key:
        raise InputError("--reach ssh: needs an SSH key of the account; name it with --key, or use --reach ssm")
    if options.mode == "serve" and options.mailer is not None:
        raise InputError(
            "--mail: the control page runs what its visitors choose, and sends no mail; leave out --mail or --serve"
        )
    if options.mode == "serve" and options.reach == "none":
        raise InputError("--serve: nobody could reach the page; choose --reach ssm, ssh or port")


def _arguments(bundle: Bundle, gallery: S3, options: LaunchOptions) -> list[str]:
    """The arguments of `orbifolio` on the node, in the bundle's folder."""
    if options.mode == "serve":
        host = "0.0.0.0" if options.reach == "port" else "127.0.0.1"
        return [
            "serve",
            bundle.recipe,
            "--out",
            "../gallery",
            "--publish",
            gallery.target,
            "--host",
            host,
            "--token-file",
            "../token",
            "--idle-minutes",
            str(IDLE_MINUTES),
        ]
    target = gallery.model_copy(update={"region": gallery.region or options.region, "every": PUBLISH_MINUTES})
    values = target.model_dump(mode="json", exclude_none=True)
    publish = "publish=" + json.dumps({"kind": "s3", **values})
    mail = ["--mail", "mail.yaml"] if options.mailer is not None else []
    return ["run", bundle.recipe, publish, *bundle.arguments[1:], "--out", "../gallery", *mail]


def priced(spec: LaunchSpec, needs: Workload, prices: dict[str, float | None], spot: dict[str, float | None]) -> Cost:
    """The cost by AWS's current prices, and by the list where these are unknown.

    Args:
        needs: what the run needs.
        prices: US dollars per hour on demand, by type of machine.
        spot: US dollars per hour on the spot market, by type of machine.
    """

    def price(machine: Machine) -> float:
        return prices.get(machine.name) or machine.list_price(spec.region)

    spot_prices = [value for name in spec.machines if (value := spot.get(name)) is not None]
    by_list = list_cost(spec, needs)
    return Cost(
        hours=by_list.hours,
        seconds=by_list.seconds,
        price=max(price(machine) for machine in spec.candidates),
        spot=max(spot_prices) if spot_prices and spec.market != "on-demand" else None,
        current=all(prices.get(name) for name in spec.machines),
    )
