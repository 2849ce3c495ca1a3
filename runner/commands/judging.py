"""`orbifolio judge`: how like their styles finished pictures are, by eyes that no recipe looks through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console

from orbifolio.reports.write import write_report
from orbifolio.runner.errors import InputError
from orbifolio.runner.judge.judgement import Judge, Judgement, judge_weights, keep_judgement, kept_judgement
from orbifolio.runner.vision.weights import default_store, show_progress

_COLUMNS = ("judge", "style-code", "gram", "features", "lpips", "visible", "seam", "grain")


def judge_runs(paths: Sequence[Path], *, keep: bool, as_json: bool, console: Console) -> None:
    """Judge finished runs, and print a row for each, the most like its style first.

    Args:
        paths: of the runs' folders.
        keep: write each judgement into its run, and its report again.
        as_json: a list with an object for each run instead of the table.
        console: for progress.

    Raises:
        InputError: some are no finished runs; all of them are named.
        MissingWeights: of an eye; they are not here and cannot be fetched.
    """
    fetch_eyes(console)
    judge = Judge.open()
    judged, faults = [], []
    for path in dict.fromkeys(path if path.is_dir() else path.parent for path in paths):
        try:
            judgement = judge.judge(path)
        except InputError as error:
            faults.append(str(error))
            continue
        judged.append((path, judgement))
        if keep and not faults:
            _keep(path, judgement, path.resolve().parents[1])
    if faults:
        raise InputError("\n".join(faults))
    judged.sort(key=lambda item: _rank(item[1]))
    if as_json:
        click.echo(json.dumps([{"run": str(path), **item.as_record()} for path, item in judged], indent=1))
    else:
        print_judgements([(_short(path), item) for path, item in judged])


def fetch_eyes(console: Console) -> None:
    """Fetch the eyes' weights that are missing, with progress.

    Raises:
        MissingWeights: they cannot be fetched.
    """
    with show_progress(console):
        for name in judge_weights():
            if not default_store().present(name):
                default_store().fetch(name)


def rank_runs(gallery: Path, runs: Mapping[str, Path], console: Console) -> list[str]:
    """Judge the runs of a sweep that are not judged yet, print all of them, and say in which order they come.

    Args:
        gallery: the folder that holds them all.
        runs: folders by what each is called.
        console: for progress, and for runs that cannot be judged.

    Returns:
        Names of those with a judge distance, the best first.
    """
    judge = None
    judged: list[tuple[str, Judgement]] = []
    for name, folder in runs.items():
        judgement = kept_judgement(folder)
        if judgement is None:
            judge = judge or Judge.open()
            console.print(f"judging {name}", markup=False, highlight=False)
            try:
                judgement = judge.judge(folder)
            except InputError as error:
                console.print(f"{name}: not judged: {error}", markup=False, highlight=False)
                continue
            _keep(folder, judgement, gallery)
        judged.append((name, judgement))
    judged.sort(key=lambda item: _rank(item[1]))
    if judged:
        print_judgements(judged)
    return [name for name, judgement in judged if judgement.distance is not None]


def _keep(folder: Path, judgement: Judgement, gallery: Path) -> None:
    """Write a judgement into its run, and the run's report again."""
    keep_judgement(folder, judgement)
    write_report(folder, gallery=gallery)


def _rank(judgement: Judgement) -> tuple[bool, float]:
    """The most like its style first, those without a distance last."""
    return judgement.distance is None, judgement.distance or 0.0


def print_judgements(judged: Sequence[tuple[str, Judgement]]) -> None:
    """A table on stdout, in the order given; below it which eyes were silent, and why.

    Args:
        judged: (name, judgement) of each run.
    """
    width = max(len(name) for name, _ in judged)
    click.echo("  ".join([f"{'run':<{width}}", *(f"{name:>10}" for name in _COLUMNS)]))
    for name, item in judged:
        numbers = [
            item.distance,
            *(item.eyes.get(eye) for eye in _COLUMNS[1:5]),
            item.visibility,
            item.seam,
            item.grain,
        ]
        cells = (f"{'-' if value is None else f'{value:.3f}':>10}" for value in numbers)
        click.echo("  ".join([f"{name:<{width}}", *cells]))
    reasons: dict[str, list[str]] = {}
    for name, item in judged:
        for eye, why in item.silent.items():
            reasons.setdefault(f"{eye}: {why}", []).append(name)
    for reason, names in reasons.items():
        where = "" if len(names) == len(judged) else f" ({', '.join(names)})"
        click.echo(f"silent: {reason}{where}")


def _short(path: Path) -> str:
    """`rainbow-hexagon/20261130-114948-4eff`."""
    folder = path.resolve()
    return f"{folder.parent.name}/{folder.name}"
