"""`orbifolio rank`: the votes of blind comparisons, from one or more people, as one ranking."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from orbifolio.reports.data.votes import RankedRun, Vote, merge_votes, rank_runs, votes_from_text
from orbifolio.reports.wording import format_count
from orbifolio.runner.errors import InputError


def read_votes(paths: Sequence[Path]) -> list[Vote]:
    """The votes of all files, each once.

    Raises:
        InputError: files that hold no votes, all of them at once.
    """
    files, faults = [], []
    for path in paths:
        try:
            files.append(votes_from_text(path.read_text(encoding="utf-8")))
        except OSError as error:
            faults.append(f"{path}: cannot be read ({error.strerror or error})")
        except ValueError as error:  # of the encoding, too
            faults.append(f"{path}: {'is not UTF-8 text' if isinstance(error, UnicodeDecodeError) else error}")
    if faults:
        raise InputError("\n".join(faults))
    return merge_votes(files)


def print_ranking(votes: Sequence[Vote], ranking: Sequence[RankedRun], *, as_json: bool) -> None:
    """Print the ranking: a line for each run, or JSON."""
    if as_json:
        click.echo(json.dumps({"votes": len(votes), "runs": [asdict(each) for each in ranking]}, indent=1))
        return
    if not ranking:
        click.echo("no votes")
        return
    width = max(len("run"), *(len(each.run) for each in ranking))
    click.echo(f"    {'run':<{width}}  better   95 %        won  lost  neither")
    for place, each in enumerate(ranking, 1):
        interval = f"{100 * each.low:.0f}-{100 * each.high:.0f} %"
        counts = f"{each.wins:>3}  {each.losses:>4}  {each.ties:>7}"
        click.echo(f"{place:>3} {each.run:<{width}}  {100 * each.chance:>4.0f} %   {interval:<10}  {counts}")
    better = Counter(vote.better for vote in votes)
    click.echo(
        f"{format_count(len(votes), 'vote')}: {better['left']} for the left picture, {better['right']} for the right, "
        f"{better['neither']} for neither; better: the chance to be preferred to a picture of mean strength"
    )


def rank_votes(paths: Sequence[Path], *, as_json: bool) -> None:
    """Merge the votes of several files, and print the ranking that follows from them.

    Raises:
        InputError: files that hold no votes.
    """
    votes = read_votes(paths)
    print_ranking(votes, rank_runs(votes), as_json=as_json)
