"""`orbifolio launch`: a recipe on a rented machine, with its price and its end known before it begins."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orbifolio.runner.commands.options import pairs
from orbifolio.runner.errors import InputError

if TYPE_CHECKING:
    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.cost import Cost
    from orbifolio.runner.cloud.order import Attempt, Order
    from orbifolio.runner.cloud.preparing import Prepared

BUDGET = 25.0  # dollars; `orbifolio.runner.cloud.cost.BUDGET`, here so that `--help` needs no torch

PLACEHOLDER = "s3://your-bucket/gallery"
"""Stands for the bucket of a dry run that names none: nothing is asked of it."""


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), required=False)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--image", "images", multiple=True, metavar="NAME=FILE", callback=pairs, help="A picture for an `upload`."
)
@click.option(
    "--to", "gallery", metavar="s3://BUCKET/PREFIX", help="Where the report goes; default: where RECIPE publishes."
)
@click.option(
    "--work", metavar="s3://BUCKET/PREFIX", help="Where recipe, log and state are kept.  [default: launches/ there]"
)
@click.option("--region", default=None, help="Region of machine and buckets; default: the configured one.")
@click.option("--instance", default=None, metavar="TYPE", help="Machine to rent; default: the cheapest that fits.")
@click.option(
    "--market",
    type=click.Choice(["spot", "spot-only", "on-demand"]),
    default="spot",
    show_default=True,
    help="`spot` falls back to on-demand where no spot machine is available.",
)
@click.option("--hours", type=float, default=None, help="End the machine after so many hours, whatever happens.")
@click.option("--budget", type=float, default=BUDGET, show_default=True, help="Highest cost in dollars.")
@click.option("--serve", is_flag=True, help="Start the control page on the machine instead of a run.")
@click.option(
    "--reach",
    type=click.Choice(["none", "ssm", "ssh", "port"]),
    default=None,
    help="How you reach the machine: not at all, by AWS sessions (no open port; default with --serve), by SSH, or by "
    "the page's own port, the last two from your address only.",
)
@click.option("--from", "sender", default=None, metavar="ADDRESS", help="Your address, if it cannot be detected.")
@click.option("--key", default="", help="An SSH key of the account.")
@click.option("--subnet", default="", help="Subnet; default: the account's default one.")
@click.option("--ami", "machine_image", default="", help="Machine image; default: the newest that AWS recommends.")
@click.option("--mail", type=click.Path(path_type=Path, dir_okay=False), help="A file with the mail settings.")
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The program as a wheel; default: this installation.",
)
@click.option("--resume", metavar="LAUNCH", default=None, help="Continue a launch whose machine was lost or stopped.")
@click.option("--dry-run", is_flag=True, help="Print price, policies and script; contact nobody, change nothing.")
@click.option("--yes", is_flag=True, help="Start without asking.")
def launch(
    recipe: Path | None,
    overrides: tuple[str, ...],
    images: dict[str, Path],
    gallery: str | None,
    work: str | None,
    region: str | None,
    budget: float,
    serve: bool,
    reach: str | None,
    sender: str | None,
    mail: Path | None,
    resume: str | None,
    dry_run: bool,
    yes: bool,
    **options: Any,
) -> None:
    """Run RECIPE on a rented machine (EC2) that publishes its report and ends by itself.

    You see and confirm the highest price before anything starts.
    Example: orbifolio launch recipes/plane/whirl.yaml --to s3://my-pictures/gallery --dry-run
    """
    if resume is not None:
        if recipe is not None:
            raise click.UsageError("--resume continues the recipe that was launched; give only the launch's name")
        _resume(resume, region, budget=budget, hours=options["hours"], dry=dry_run, yes=yes)
        return
    if recipe is None:
        raise click.UsageError("no recipe given; name one, or use --resume LAUNCH")
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.runner.cloud.preparing import Wish, prepare
    from orbifolio.runner.recipe.model import load

    loaded = load(recipe, overrides, images)
    reach = reach or ("ssm" if serve else "none")
    mailer, text = _mail(mail)
    unnamed = dry_run and gallery is None and not isinstance(loaded.recipe.publish, S3)
    wish = Wish(
        gallery=_bucket(PLACEHOLDER if unnamed else gallery, "--to"),
        work=_bucket(work, "--work"),
        region=_region(region),
        instance=options["instance"],
        market=options["market"],
        hours=options["hours"],
        mode="serve" if serve else "run",
        reach=reach,
        sender=_sender(reach, sender, dry=dry_run),
        key=options["key"],
        subnet=options["subnet"],
        image=options["machine_image"],
        wheel=options["wheel"],
        mailer=mailer,
        mail_text=text,
    )
    prepared = prepare(loaded, wish)
    if dry_run:
        _dry(prepared, budget, unnamed=unnamed)
        return
    from orbifolio.runner.cloud.account import Account

    account = Account(wish.region)
    cost = _ask_prices(prepared, account)
    _begin(prepared.order, prepared.files, cost, account, budget=budget, yes=yes)


def _bucket(target: str | None, option: str) -> Any:
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.runner.commands.publishing import target_settings

    if target is None:
        return None
    found = target_settings(target)
    if not isinstance(found, S3):
        raise InputError(
            f"{option} {target}: is not a bucket; rented machines cannot reach this disk; write s3://BUCKET/PREFIX"
        )
    return found


def _mail(path: Path | None) -> tuple[Any, bytes]:
    from orbifolio.runner.mail.settings import read_mailer

    return (None, b"") if path is None else (read_mailer(path), path.read_bytes())


def _region(wish: str | None) -> str:
    if wish:
        return wish
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return str(boto3.Session().region_name or "us-east-1")
    except BotoCoreError as error:
        raise InputError(f"{error}; correct AWS_PROFILE or ~/.aws, or unset it") from None


def _sender(reach: str, given: str | None, *, dry: bool) -> str:
    from orbifolio.runner.cloud.network import PORTS, one_address, own_address

    if given:
        return one_address(given)
    if reach not in PORTS:
        return ""
    return "YOUR-ADDRESS/32" if dry else own_address()


def _ask_prices(prepared: Prepared, account: Account) -> Cost:
    from orbifolio.runner.cloud.preparing import priced

    order = prepared.order
    prices = {machine.name: account.price(machine) for machine in order.candidates}
    spot = {machine.name: account.spot_price(machine) for machine in order.candidates}
    return priced(order, prepared.work, prices, spot)


def _summary(order: Order, cost: Cost) -> list[str]:
    machines = ", then ".join(f"{machine.name} ({machine.gpu or 'no GPU'})" for machine in order.candidates)
    return [
        f"{order.title}: {order.mode} on a rented machine in {order.region}",
        f"machine    {machines}; {order.market}",
        f"report     {order.gallery}",
        f"state, log {order.work}",
        f"reach      {_REACH[order.reach]}",
        *cost.lines(),
    ]


_REACH = {
    "none": "not at all: no port is open",
    "ssm": "by AWS Session Manager; no port is open",
    "ssh": "by SSH, from your address only",
    "port": "by the page's port, plain http, from your address only and with its token",
}


def _dry(prepared: Prepared, budget: float, *, unnamed: bool) -> None:
    """Everything that would be done, on stdout.

    Args:
        prepared: it.
        budget: dollars at most.
        unnamed: no bucket was named; a placeholder stands for it.
    """
    from orbifolio.runner.cloud.cost import check_budget
    from orbifolio.runner.cloud.launching import policy_of, script_of
    from orbifolio.runner.cloud.order import address
    from orbifolio.runner.cloud.policy import caller_policy, guard_policy, shown

    order = prepared.order
    check_budget(prepared.cost, budget)
    size = sum(map(len, prepared.files.values())) / 1e6
    summary = _summary(order, prepared.cost)
    if unnamed:
        summary.insert(1, f"bucket     none given; {PLACEHOLDER} is a placeholder; add --to s3://BUCKET/gallery")
    parts = [
        "\n".join(summary),
        f"Uploaded to {order.work}: {', '.join(prepared.files)} ({size:.1f} MB)",
        f"# What the machine may do\n{shown(policy_of(order))}",
        f"# What the schedule that ends it from outside may do\n{shown(guard_policy())}",
        f"# What you need to be allowed\n{shown(caller_policy(_shelf(order), address(order.gallery)))}",
        f"# The machine's script ({len(script_of(order).encode()):,} of 16,384 bytes)\n{script_of(order)}",
        "Nothing was uploaded or rented, and AWS was not contacted.",
    ]
    click.echo("\n\n".join(parts))


def _shelf(order: Order) -> Any:
    return order.place.model_copy(update={"prefix": order.place.prefix.rpartition("/")[0]})


def _begin(order: Order, files: dict[str, bytes], cost: Cost, account: Account, *, budget: float, yes: bool) -> None:
    """Tell the price, ask, and go."""
    from orbifolio.runner.cloud.cost import check_budget
    from orbifolio.runner.cloud.launching import Launch

    for line in _summary(order, cost):
        _say(line)
    check_budget(cost, budget)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("the price needs confirmation; add --yes, or start from a terminal")
        click.confirm(f"Start? It costs at most ${cost.highest:.2f}", abort=True, err=True)
    work = Launch(order, account, _say)
    try:
        attempt = work.start(files)
    except BaseException:
        _say(
            f"if a machine was rented, it ends by itself after {order.hours:g} h; `orbifolio ps` lists it; "
            "continue or end it with:"
        )
        _say(f"  orbifolio launch --resume {order.launch}")
        _say(f"  orbifolio stop {order.launch}")
        raise
    _tell(order, attempt)
    click.echo(order.launch)


def _tell(order: Order, attempt: Attempt) -> None:
    end = datetime.now(UTC) + timedelta(seconds=max(0.0, attempt.until - datetime.now(UTC).timestamp()))
    _say(f"it ends by itself when done, at {end:%H:%M} UTC at the latest")
    _say(f"  orbifolio logs {order.launch} --follow")
    _say(f"  orbifolio stop {order.launch}")
    if order.mode == "serve":
        _say("  orbifolio ps      shows how to reach its page once it is up")


def _resume(name: str, region: str | None, *, budget: float, hours: float | None, dry: bool, yes: bool) -> None:
    """Go on with a launch on a new machine, or find the one that lives."""
    from dataclasses import replace

    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.cost import Cost, time_limit
    from orbifolio.runner.cloud.launching import read_order, script_of
    from orbifolio.runner.cloud.watching import locate, status

    line = locate(name, Account(_region(region)))
    order = read_order(line.work, line.region)
    if status(line.work, line.region).get("state") == "done":
        raise InputError(f"{order.launch}: is done; its report is at {order.gallery}; launch the recipe again")
    order = replace(order, hours=time_limit(0.0, hours or order.hours))
    account = Account(order.region)
    prices = [account.price(machine) or machine.list_price(order.region) for machine in order.candidates]
    cost = Cost(hours=order.hours, seconds=3600 * order.hours, price=max(prices))
    if dry:
        click.echo("\n".join([*_summary(order, cost), "", script_of(order)]))
        return
    _begin(order, {}, cost, account, budget=budget, yes=yes)
