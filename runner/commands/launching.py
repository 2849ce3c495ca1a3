"""`orbifolio launch`: a recipe on a rented machine, with its price and its deadline known before it starts."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orbifolio.runner.commands.completion import RecipePath
from orbifolio.runner.commands.options import DEFAULT_GALLERY, is_verbose, parse_pairs
from orbifolio.runner.errors import InputError

if TYPE_CHECKING:
    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.cost import Cost
    from orbifolio.runner.cloud.launch_spec import Attempt, LaunchSpec
    from orbifolio.runner.cloud.prepare import PreparedLaunch
    from orbifolio.runner.cloud.ssh_launch import SSHTarget

BUDGET = 25.0  # dollars; `orbifolio.runner.cloud.cost.BUDGET`, repeated so that `--help` needs no torch

PLACEHOLDER = "s3://your-bucket/gallery"
"""The bucket in a dry run that names none."""


logger = logging.getLogger(__name__)


def _say(text: str) -> None:
    logger.info(text)


@click.command(short_help="Run a recipe on a rented machine that ends in time.")
@click.argument("recipe", type=RecipePath(path_type=Path), required=False)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--image", "images", multiple=True, metavar="NAME=FILE", callback=parse_pairs, help="A picture for an `upload`."
)
@click.option(
    "--to", "gallery", metavar="s3://BUCKET/PREFIX", help="Where the report goes; by default where RECIPE publishes."
)
@click.option(
    "--work", metavar="s3://BUCKET/PREFIX", help="Where recipe, log and state go.  [default: launches/ of that bucket]"
)
@click.option("--region", default=None, help="Region of machine and buckets; by default the configured one.")
@click.option("--instance", default=None, metavar="TYPE", help="Machine to rent; by default the cheapest that fits.")
@click.option(
    "--market",
    type=click.Choice(["spot", "spot-only", "on-demand"]),
    default="spot",
    show_default=True,
    help="`spot` falls back to a machine on demand where no spare one is available.",
)
@click.option("--hours", type=float, default=None, help="End the machine after this time, whatever happens.")
@click.option("--budget", type=float, default=BUDGET, show_default=True, help="Highest cost in dollars.")
@click.option("--serve", is_flag=True, help="Serve the control page on the machine instead of running at once.")
@click.option(
    "--reach",
    type=click.Choice(["none", "ssm", "ssh", "port"]),
    default=None,
    help="How you reach the machine: not at all, through AWS's Session Manager (no open port; default with --serve), "
    "by SSH, or through the page's own port; the last two from your address only.",
)
@click.option("--from", "sender", default=None, metavar="ADDRESS", help="Your address, if it cannot be determined.")
@click.option("--key", default="", help="Name of an SSH key of the account.")
@click.option("--subnet", default="", help="Subnet of the machine; by default one of the default network.")
@click.option("--ami", "machine_image", default="", help="Machine image; by default the newest that AWS recommends.")
@click.option("--mail", type=click.Path(path_type=Path, dir_okay=False), help="A file with the mail settings.")
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The program; by default this installation.",
)
@click.option(
    "--ssh",
    metavar="USER@HOST[:PORT]",
    default=None,
    help="A machine of yours, or rented elsewhere, instead of EC2; the report comes back here.",
)
@click.option("--identity", type=click.Path(path_type=Path, dir_okay=False), help="With --ssh: a private key.")
@click.option("--ssh-config", type=click.Path(path_type=Path, dir_okay=False), help="With --ssh: SSH's configuration.")
@click.option("--python", default="", help="With --ssh: that machine's Python; by default one that is found.")
@click.option("--shutdown", is_flag=True, help="With --ssh: shut it down at the limit, or when the report is here.")
@click.option(
    "--out",
    "here",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_GALLERY,
    show_default=True,
    help="With --ssh: the gallery that the report comes to.",
)
@click.option("--resume", metavar="LAUNCH", default=None, help="Continue a launch whose machine was lost or stopped.")
@click.option("--dry-run", is_flag=True, help="Print what it would do and cost; ask AWS nothing and change nothing.")
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
    ssh: str | None,
    identity: Path | None,
    ssh_config: Path | None,
    python: str,
    shutdown: bool,
    here: Path,
    resume: str | None,
    dry_run: bool,
    yes: bool,
    **options: Any,
) -> None:
    """Run RECIPE on a rented machine (EC2) that publishes its report and ends in time, or on any that SSH reaches.

    You are shown the price and the hard limit, and agree to them, before anything starts.
    RECIPE is a file, or the name of a recipe that comes with the program.

    Examples: orbifolio launch whirlpool --to s3://my-pictures/gallery --dry-run; orbifolio launch whirlpool --ssh
    ann@gpu.example.org
    """
    if ssh is not None:
        for given, option in ((serve, "--serve"), (mail is not None, "--mail"), (work is not None, "--work")):
            if given:
                raise click.UsageError(f"{option} is for EC2; leave it out with --ssh")
    elif identity or ssh_config or python or shutdown:
        raise click.UsageError("--identity, --ssh-config, --python and --shutdown are for --ssh; give it, too")
    target = None if ssh is None else _ssh_target(ssh, identity, ssh_config)
    if target is not None and resume is not None and recipe is None:
        from orbifolio.runner.commands.ssh_launching import resume_by_ssh

        resume_by_ssh(target, resume, gallery=here, publish=gallery, shut=shutdown)
        return
    if resume is not None:
        if recipe is not None:
            raise click.UsageError("--resume continues the recipe that was launched; give only the launch's name")
        _resume(resume, region, budget=budget, hours=options["hours"], dry=dry_run, verbose=is_verbose(), yes=yes)
        return
    if recipe is None:
        raise click.UsageError("no recipe given; name one, or use --resume LAUNCH")
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    loaded = load(find_recipe(recipe), overrides, images, typed_in=Path.cwd())
    if target is not None:
        from orbifolio.runner.commands.ssh_launching import launch_by_ssh

        launch_by_ssh(
            loaded,
            target,
            gallery=here,
            publish=gallery,
            hours=options["hours"],
            wheel=options["wheel"],
            python=python,
            shut=shutdown,
            dry=dry_run,
        )
        return
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.runner.cloud.prepare import LaunchOptions, prepare

    reach = reach or ("ssm" if serve else "none")
    mailer, text = _mail(mail)
    unnamed = dry_run and gallery is None and not isinstance(loaded.recipe.publish, S3)
    chosen = LaunchOptions(
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
    prepared = prepare(loaded, chosen)
    if dry_run:
        _print_dry_run(prepared, budget, unnamed=unnamed, verbose=is_verbose())
        return
    from orbifolio.runner.cloud.account import Account

    account = Account(chosen.region)
    cost = _price(prepared, account)
    _start(prepared.spec, prepared.files(), cost, account, budget=budget, yes=yes)


def _ssh_target(text: str, identity: Path | None, config: Path | None) -> SSHTarget:
    from orbifolio.runner.cloud.ssh_launch import parse_target

    return parse_target(text, identity=identity, config=config)


def _bucket(target: str | None, option: str) -> Any:
    from orbifolio.reports.publish.s3 import S3
    from orbifolio.runner.commands.publishing import target_settings

    if target is None:
        return None
    settings = target_settings(target)
    if not isinstance(settings, S3):
        raise InputError(
            f"{option} {target}: is not a bucket; rented machines cannot reach this disk; write s3://BUCKET/PREFIX"
        )
    return settings


def _mail(path: Path | None) -> tuple[Any, bytes]:
    from orbifolio.runner.mail.settings import read_mailer

    return (None, b"") if path is None else (read_mailer(path), path.read_bytes())


def _region(chosen: str | None) -> str:
    from orbifolio.runner.cloud.account import Account

    return Account(chosen).region


def _sender(reach: str, given: str | None, *, dry: bool) -> str:
    from orbifolio.runner.cloud.network import PORTS, one_address, own_address

    if given:
        return one_address(given)
    if reach not in PORTS:
        return ""
    return "YOUR-ADDRESS/32" if dry else own_address()


def _price(prepared: PreparedLaunch, account: Account) -> Cost:
    from orbifolio.runner.cloud.prepare import priced

    spec = prepared.spec
    prices = {machine.name: account.price(machine) for machine in spec.candidates}
    spot = {machine.name: account.spot_price(machine) for machine in spec.candidates}
    return priced(spec, prepared.work, prices, spot)


def _summary(spec: LaunchSpec, cost: Cost) -> list[str]:
    machines = ", then ".join(f"{machine.name} ({machine.gpu or 'no GPU'})" for machine in spec.candidates)
    return [
        f"{spec.title}: {spec.mode} on a rented machine in {spec.region}",
        f"machine    {machines}; {spec.market}",
        f"report     {spec.gallery}",
        f"state, log {spec.work}",
        f"reach      {_REACH[spec.reach]}",
        *cost.lines(),
    ]


_REACH = {
    "none": "not reachable: no port is open",
    "ssm": "through AWS's Session Manager; no port is open",
    "ssh": "by SSH, from your address only",
    "port": "through the page's port, by plain http, from your address only and with its token",
}


def _print_dry_run(prepared: PreparedLaunch, budget: float, *, unnamed: bool, verbose: bool) -> None:
    """Print what a launch would do, on stdout.

    Args:
        prepared: the launch, with its estimated cost.
        budget: highest cost in dollars.
        unnamed: the bucket is `PLACEHOLDER`.
        verbose: with policies and script.
    """
    from orbifolio.runner.cloud.cost import check_budget
    from orbifolio.runner.cloud.launch import BUNDLE, policy_of, script_of
    from orbifolio.runner.cloud.launch_spec import s3_of
    from orbifolio.runner.cloud.policy import deadline_policy, policy_text, user_policy

    spec = prepared.spec
    check_budget(prepared.cost, budget)
    summary = _summary(spec, prepared.cost)
    if unnamed:
        summary[2] = f"report     none was named; {PLACEHOLDER} is a placeholder; use --to s3://BUCKET/gallery"
    summary.append(f"uploads    {BUNDLE}, {spec.wheel} (about {prepared.size / 1e6:.1f} MB)")
    ending = "Nothing was uploaded or rented, and AWS was not contacted."
    if not verbose:
        click.echo("\n".join([*summary, f"{ending} Policies and script: --verbose"]))
        return
    parts = [
        "\n".join(summary),
        f"# What the machine may do\n{policy_text(policy_of(spec))}",
        f"# What the schedule may do that ends it at its deadline\n{policy_text(deadline_policy())}",
        f"# What you need to be allowed\n{policy_text(user_policy(spec.launches, s3_of(spec.gallery)))}",
        f"# The machine's script ({len(script_of(spec).encode()):,} of 16,384 bytes)\n{script_of(spec)}",
        ending,
    ]
    click.echo("\n\n".join(parts))


def _start(
    spec: LaunchSpec, files: dict[str, bytes], cost: Cost, account: Account, *, budget: float, yes: bool
) -> None:
    """Show the price, ask for consent, and start."""
    from orbifolio.runner.cloud.cost import check_budget
    from orbifolio.runner.cloud.launch import Launch

    for line in _summary(spec, cost):
        _say(line)
    check_budget(cost, budget)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("the price cannot be confirmed without a terminal; use --yes, or start from a terminal")
        click.confirm(f"Start? It costs at most ${cost.highest:.2f}", abort=True, err=True)
    work = Launch(spec, account, _say)
    try:
        attempt = work.start(files)
    except BaseException:
        logger.error(
            "if a machine was rented, it ends itself after %g h; continue or end it (see `orbifolio ps`):\n"
            "  orbifolio launch --resume %s\n  orbifolio stop %s",
            spec.hours,
            spec.launch,
            spec.launch,
        )
        raise
    _print_next_steps(spec, attempt)
    click.echo(spec.launch)


def _print_next_steps(spec: LaunchSpec, attempt: Attempt) -> None:
    end = datetime.now(UTC) + timedelta(seconds=max(0.0, attempt.until - datetime.now(UTC).timestamp()))
    _say(f"it ends by itself when done, at {end:%H:%M} UTC at the latest")
    _say(f"  orbifolio logs {spec.launch} --follow")
    _say(f"  orbifolio stop {spec.launch}")
    if spec.mode == "serve":
        _say("  orbifolio ps      shows how to reach its page once it is up")


def _resume(
    name: str, region: str | None, *, budget: float, hours: float | None, dry: bool, verbose: bool, yes: bool
) -> None:
    """Continue a launch on a new machine, or on its own if that is still alive."""
    from dataclasses import replace

    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.cost import Cost, time_limit
    from orbifolio.runner.cloud.launch import read_spec, script_of
    from orbifolio.runner.cloud.nodes import locate_launch, read_status

    record = locate_launch(name, Account(_region(region)))
    spec = read_spec(record.work, record.region)
    if read_status(record.work, record.region).get("state") == "done":
        raise InputError(f"{spec.launch}: is done; its report is at {spec.gallery}; launch the recipe to run it again")
    spec = replace(spec, hours=time_limit(0.0, hours or spec.hours))
    account = Account(spec.region)
    prices = [account.price(machine) or machine.list_price(spec.region) for machine in spec.candidates]
    cost = Cost(hours=spec.hours, seconds=3600 * spec.hours, price=max(prices))
    if dry:
        click.echo("\n".join([*_summary(spec, cost), *(["", script_of(spec)] if verbose else [])]))
        return
    _start(spec, {}, cost, account, budget=budget, yes=yes)
