"""A recipe and what its user wishes -> an order, its price and what travels; nothing is asked of AWS.

Everything that can be wrong is found here, before anything is uploaded or paid for.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.bundle import Bundle, pack
from orbifolio.runner.cloud.cost import SETUP_SECONDS, Cost, Work, time_limit, work_of
from orbifolio.runner.cloud.launching import BUNDLE
from orbifolio.runner.cloud.machines import Machine, choose
from orbifolio.runner.cloud.order import Order, new_name
from orbifolio.runner.cloud.script import paints
from orbifolio.runner.cloud.wheel import make_wheel
from orbifolio.runner.errors import InputError
from orbifolio.runner.mail.base import Mailer
from orbifolio.runner.mail.ses import SES
from orbifolio.runner.mail.smtp import SMTP
from orbifolio.runner.recipe.model import LoadedRecipe

SHELF = "launches"
"""Where launches lie in a bucket unless told."""
EVERY = 2  # minutes between two publications: a lost machine loses no more
IDLE = 20  # minutes that a page waits for somebody; the machine is paid for meanwhile


@dataclass(frozen=True)
class Wish:
    """What the user of `launch` says.

    Attributes:
        gallery: where reports go; None for where the recipe publishes.
        work: where launches lie; None for `launches/` of the same bucket.
        region: of machine and buckets.
        instance: type of machine, None for the one that fits.
        market: `spot`, `spot-only` or `on-demand`.
        hours: hard limit, None for three times what is expected.
        mode: `run` or `serve`.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may come in.
        key: SSH key of the account.
        subnet: that the machine stands in.
        image: machine image.
        wheel: the program, None to make it.
        mailer: who is told.
        mail_text: the settings' file as it is.
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
    mailer: Mailer | None = None
    mail_text: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Prepared:
    """A launch that could begin.

    Attributes:
        order: what is asked for.
        work: what the run needs.
        cost: what it costs, by the list.
        files: what travels, by name.
    """

    order: Order
    work: Work
    cost: Cost
    files: dict[str, bytes]


def prepare(loaded: LoadedRecipe, wish: Wish) -> Prepared:
    """Everything that a launch needs.

    Raises:
        InputError: something is wrong with the recipe or the wish.
        CloudError: the program cannot be packed.
    """
    gallery, shelf = _places(loaded, wish)
    needs = work_of(loaded)
    machines = choose(needs.memory, gpu=needs.gpu, wish=wish.instance)
    seconds = SETUP_SECONDS + max(needs.seconds(machine) for machine in machines)
    hours = time_limit(seconds, wish.hours)
    _check_mail(wish.mailer)
    _check_reach(wish)
    bundle = pack(loaded, mail=wish.mail_text if wish.mailer is not None else None)
    wheel, content = _wheel(wish.wheel)
    now = time.time()
    launch = new_name(loaded.name, now)
    order = Order(
        launch=launch,
        recipe=loaded.name,
        title=loaded.recipe.title,
        region=wish.region,
        work=f"{shelf.target}/{launch}",
        gallery=gallery.target,
        hours=hours,
        machines=tuple(machine.name for machine in machines),
        market=wish.market,
        arguments=tuple(_arguments(bundle, gallery, wish)),
        wheel=wheel,
        pictures=bundle.buckets,
        mode=wish.mode,
        paints=wish.mode == "serve" or paints(loaded.parameters),  # whoever uses the page may choose any recipe
        reach=wish.reach,
        sender=wish.sender,
        key=wish.key,
        subnet=wish.subnet,
        image=wish.image,
        mail_from=wish.mailer.sender if isinstance(wish.mailer, SES) else "",
        mail_to=wish.mailer.to[0] if isinstance(wish.mailer, SES) else "",
        password=(wish.mailer.password_parameter or "") if isinstance(wish.mailer, SMTP) else "",
        created=now,
    )
    return Prepared(order, needs, list_cost(order, needs), {BUNDLE: bundle.content, wheel: content})


def list_cost(order: Order, needs: Work) -> Cost:
    """By the list of prices; of the candidates the dearest counts, and the slowest."""
    return Cost(
        hours=order.hours,
        seconds=SETUP_SECONDS + max(needs.seconds(machine) for machine in order.candidates),
        price=max(machine.list_price(order.region) for machine in order.candidates),
    )


def _places(loaded: LoadedRecipe, wish: Wish) -> tuple[S3, S3]:
    """(where reports go, where launches lie).

    Raises:
        InputError: a place is missing, or what must stay private would lie in a public one.
    """
    own = loaded.recipe.publish
    gallery = wish.gallery or (own if isinstance(own, S3) else None)
    if gallery is None:
        raise InputError(
            "no bucket is named; recipe, program and report travel by one; say --to s3://BUCKET/gallery (a new one is "
            "made by `aws s3 mb s3://BUCKET`)"
        )
    shelf = wish.work or gallery.model_copy(update={"prefix": SHELF})
    if gallery.endpoint_url or shelf.endpoint_url:
        raise InputError(f"{gallery.target}: is not on AWS; rented machines read and write S3; name a bucket there")
    if not gallery.prefix:
        raise InputError(
            f"{gallery.target}: the gallery would take the whole bucket, and may be public; the logs of "
            f"launches are not; write s3://{gallery.bucket}/gallery"
        )
    if not shelf.prefix or f"{shelf.prefix}/".startswith(f"{gallery.prefix}/") and shelf.bucket == gallery.bucket:
        raise InputError(
            f"{shelf.target}: launches need a place of their own outside the gallery, which may be public; say --work "
            f"s3://{shelf.bucket}/{SHELF}-of-orbifolio"
        )
    return gallery, shelf


def _check_mail(mailer: Mailer | None) -> None:
    if isinstance(mailer, SMTP) and (mailer.password_variable or mailer.password_file):
        raise InputError(
            "--mail: the password lies on this machine; no secret is put into a machine's script; keep it in AWS's "
            "parameter store and name it by password_parameter, or use kind: ses"
        )


def _check_reach(wish: Wish) -> None:
    if wish.reach == "ssh" and not wish.key:
        raise InputError("--reach ssh: needs a key of the account; name it by --key, or use --reach ssm")
    if wish.mode == "serve" and wish.mailer is not None:
        raise InputError(
            "--mail: the control page runs what its visitors choose, and mails nobody; leave one of both out"
        )
    if wish.mode == "serve" and wish.reach == "none":
        raise InputError("--serve: a page that nobody can reach; say --reach ssm, ssh or port")


def _arguments(bundle: Bundle, gallery: S3, wish: Wish) -> list[str]:
    """What the node's `orbifolio` is given; it stands in the bundle's folder."""
    place = gallery.model_copy(update={"region": gallery.region or wish.region, "every": EVERY})
    if wish.mode == "serve":
        host = "0.0.0.0" if wish.reach == "port" else "127.0.0.1"
        places = ["--out", "../gallery", "--publish", gallery.target]
        return [
            "serve",
            bundle.recipe,
            *places,
            "--host",
            host,
            "--token-file",
            "../token",
            "--idle-minutes",
            str(IDLE),
        ]
    values = place.model_dump(mode="json", exclude_none=True)
    publish = "publish=" + json.dumps({"kind": "s3", **values})
    mail = ["--mail", "mail.yaml"] if wish.mailer is not None else []
    return ["run", bundle.recipe, publish, *bundle.arguments[1:], "--out", "../gallery", *mail]


def _wheel(given: Path | None) -> tuple[str, bytes]:
    """(name, content) of the program."""
    if given is not None:
        try:
            return given.name, given.read_bytes()
        except OSError as error:
            raise InputError(f"--wheel {given}: cannot be read ({error.strerror or error}); name a .whl") from error
    with tempfile.TemporaryDirectory() as scratch:
        path = make_wheel(Path(scratch))
        return path.name, path.read_bytes()


def priced(order: Order, needs: Work, prices: dict[str, float | None], spot: dict[str, float | None]) -> Cost:
    """The cost with what AWS says; the list stands in where it says nothing.

    Args:
        order: what is asked for.
        needs: what the run needs.
        prices: dollars an hour on demand by machine.
        spot: dollars an hour on the spot market by machine.
    """

    def price(machine: Machine) -> float:
        return prices.get(machine.name) or machine.list_price(order.region)

    known = [value for name in order.machines if (value := spot.get(name)) is not None]
    listed = list_cost(order, needs)
    return Cost(
        hours=listed.hours,
        seconds=listed.seconds,
        price=max(price(machine) for machine in order.candidates),
        spot=max(known) if known and order.market != "on-demand" else None,
        asked=all(prices.get(name) for name in order.machines),
    )
