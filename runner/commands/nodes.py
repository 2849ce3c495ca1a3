"""`orbifolio ps`, `logs`, `stop` and `cleanup`: list and end rented machines. None of these needs torch."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from orbifolio.runner.errors import CloudError, InputError

if TYPE_CHECKING:
    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.nodes import RentedNode

logger = logging.getLogger(__name__)

region_option = click.option("--region", default=None, help="Region of the machines; by default the configured one.")
all_regions_option = click.option("--all-regions", is_flag=True, help="Look in every region of the account.")


def _accounts(region: str | None, all_regions: bool) -> list[Account]:
    from orbifolio.runner.cloud.account import Account

    account = Account(region)
    return [account.in_region(name) for name in account.regions()] if all_regions else [account]


@click.command()
@region_option
@all_regions_option
@click.option("--all", "ended", is_flag=True, help="Also those that ended within the last hour.")
def ps(region: str | None, all_regions: bool, ended: bool) -> None:
    """List rented machines and their deadlines."""
    from orbifolio.runner.cloud.nodes import list_nodes

    shown = 0
    accounts = _accounts(region, all_regions)
    for account in accounts:
        for node in list_nodes(account):
            if node.alive or ended:
                shown += 1
                _show(node)
    if not shown:
        where = "any region" if all_regions else accounts[0].region
        logger.info("no orbifolio machine in %s", where)


def _show(node: RentedNode) -> None:
    now = datetime.now(UTC)
    when = f"until {node.until:%Y-%m-%d %H:%M} UTC" if node.until else "without a deadline"
    late = "  OVERDUE: orbifolio cleanup" if node.overdue(now) else ""
    reason = f"({node.reason})" if node.reason else ""
    state = f"{node.state} {reason}".strip() or "no report yet"
    click.echo(
        f"{node.launch:<46} {node.instance:<20} {node.machine:<12} {node.market:<10} {node.region:<14} "
        f"{node.power:<13} {state:<12} {when}{late}"
    )
    if node.alive and node.mode == "serve" and node.state == "running":
        for line in _page_access(node):
            click.echo(f"    {line}")


def _page_access(node: RentedNode) -> list[str]:
    """Shell commands that open a node's page."""
    from orbifolio.runner.cloud.nodes import read_token

    token = read_token(node)
    link = f"/?token={token}" if token else "/"
    parameters = '{"portNumber":["1080"],"localPortNumber":["1080"]}'
    session = f"aws ssm start-session --region {node.region} --target {node.instance}"
    return [
        f"{session} --document-name AWS-StartPortForwardingSession --parameters '{parameters}'",
        *([f"or: ssh -L 1080:127.0.0.1:1080 ubuntu@{node.address}"] if node.address else []),
        f"then open http://127.0.0.1:1080{link}",
    ]


@click.command(short_help="Print the log of a rented machine, even after its end.")
@click.argument("launch", required=False)
@region_option
@click.option("--follow", "-f", is_flag=True, help="Continue until the machine has ended.")
def logs(launch: str | None, region: str | None, follow: bool) -> None:
    """Print the log of LAUNCH, or of the newest launch, even after its machine is gone.

    Exit code 1: it failed.
    """
    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.nodes import follow_log, locate_launch, read_log, read_status

    record = locate_launch(launch, Account(region))
    if follow:
        for piece in follow_log(record):
            click.echo(piece, nl=False)
    else:
        text = read_log(record)
        if text is None:
            raise InputError(f"{record.launch}: has no log yet; its first lines come after a minute or two; wait")
        click.echo(text, nl=False)
    if read_status(record.work, record.region).get("state") == "failed":
        sys.exit(1)


@click.command(short_help="End a rented machine; its state is saved.")
@click.argument("launch", required=False)
@region_option
@click.option("--now", is_flag=True, help="End it by force: work since the last saved state is lost.")
@click.option("--all", "everything", is_flag=True, help="Every orbifolio machine in the region.")
def stop(launch: str | None, region: str | None, now: bool, everything: bool) -> None:
    """End the machine of LAUNCH; its state is saved, and `launch --resume` continues it."""
    from orbifolio.runner.cloud.account import Account
    from orbifolio.runner.cloud.launch_records import LaunchRecord
    from orbifolio.runner.cloud.nodes import list_nodes, locate_launch, stop_launch

    if not launch and not everything:
        raise click.UsageError("no launch given; name one, or use --all; `orbifolio ps` lists them")
    if everything:
        account = Account(region)
        nodes = [node for node in list_nodes(account, ask_bucket=False) if node.alive]
        records = [LaunchRecord(node.launch, node.work, node.region) for node in nodes]
    else:
        records = [locate_launch(launch, Account(region))]
    for record in {record.launch: record for record in records}.values():
        account = Account(record.region)
        count = stop_launch(account, record, logger.info, at_once=now)
        click.echo(f"{record.launch}: {'ended' if count else 'no machine is alive'}")


@click.command(short_help="End machines that are past their deadline.")
@region_option
@all_regions_option
@click.option("--all", "everything", is_flag=True, help="Also end machines before their deadline, and remove roles.")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@click.option("--yes", is_flag=True, help="With --all: do not ask for confirmation.")
def cleanup(region: str | None, all_regions: bool, everything: bool, dry_run: bool, yes: bool) -> None:
    """End machines that are past their deadline, and remove what ended ones left behind. Pictures are never touched."""
    from orbifolio.runner.cloud.cleanup import clean

    if everything and not dry_run and not yes:
        if not sys.stdin.isatty():
            raise InputError(
                "--all ends even machines that work, which cannot be confirmed without a terminal; use --yes"
            )
        click.confirm("End every orbifolio machine, even those still working?", abort=True, err=True)
    count = 0
    failure: CloudError | None = None
    for account in _accounts(region, all_regions):
        try:
            count += clean(account, click.echo, everything=everything, dry=dry_run)
        except CloudError as error:
            failure = error  # the other regions must still be cleaned
    if failure is not None:
        raise failure
    if not count:
        logger.info("nothing to clean up")
