"""`orbifolio measure`: the symmetry of any picture, whatever made it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.errors import InputError
from orbifolio.runner.images.reading import read_file
from orbifolio.runner.symmetry import SYMMETRIES, AnySymmetry
from orbifolio.runner.symmetry.aspect import parse_ratio
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.verify.locate import Location, locate_symmetry
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import EXACT, Measurement

_RULE = (
    "write a wallpaper group (p6), or KIND:GROUP with further values, as in frieze:p2mg, rotor:D6, "
    "droste:p1,zoom=4,turn=60, sphere:O, hyperbolic:p=5,q=4"
)


def parse_group(text: str) -> dict[str, Any]:
    """The settings that `--group` stands for.

    >>> parse_group("p6"), parse_group("rotor:D6")
    ({'kind': 'plane', 'group': 'p6'}, {'kind': 'rotor', 'order': 6, 'mirrors': True})
    >>> parse_group("droste:p2,zoom=4,turn=60")
    {'kind': 'droste', 'group': 'p2', 'zoom': '4', 'turn': '60'}
    """
    kind, colon, rest = text.strip().partition(":")
    if not colon:
        kind, rest = ("rotor" if re.fullmatch(r"[CD]\d+", kind) else "plane"), kind
    values: dict[str, Any] = {"kind": kind.strip().lower()}
    if values["kind"] not in SYMMETRIES.names:
        raise InputError(
            f"--group {text}: {kind[:20]!r} is not a kind of symmetry; {_RULE}; kinds are {', '.join(SYMMETRIES.names)}"
        )
    for part in (item.strip() for item in rest.split(",")):
        name, equals, value = part.partition("=")
        if equals:
            values[name.strip()] = value.strip()
        elif values["kind"] == "rotor" and re.fullmatch(r"[CDcd]?\d+", part):
            values["order"] = int(part.lstrip("CDcd"))
            values["mirrors"] = part[0] in "Dd"
        elif part:
            values["group"] = part
    return values


def parse_colours(texts: Sequence[str]) -> dict[str, list[str]]:
    """The colour action that `--colours` options stand for.

    >>> parse_colours(["r6=g,b,r"])
    {'r6': ['g', 'b', 'r']}
    """
    actions = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--colours {text}: is not GENERATOR=A,B,C; write it as in r6=g,b,r")
        actions[name.strip()] = [part.strip() for part in value.strip("[] ").split(",")]
    return actions


def _settings(group: str, colours: Mapping[str, Sequence[str]]) -> SymmetrySettings:
    values = parse_group(group)
    try:
        settings: SymmetrySettings = TypeAdapter(AnySymmetry).validate_python(
            {**values, "colours": dict(colours)} if colours else values
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"--group {group}: {where + ': ' if where else ''}{message}; {_RULE}") from error
    return settings


@dataclass(frozen=True)
class FileMeasurement:
    """The symmetry of a picture's file.

    Attributes:
        title: of the symmetry, for a reader.
        result: of the picture as it is, or about the origin where its residuals are smaller.
        location: that origin; None where the picture's own is as good.
    """

    title: str
    result: Measurement
    location: Location | None


def measure_file(path: Path, group: str, colours: Mapping[str, Sequence[str]], aspect: str | None) -> FileMeasurement:
    """Measure every symmetry of a group in a picture.

    Args:
        group: as for `parse_group`.
        colours: colour action by generator.
        aspect: width:height of the tile in its true geometry.

    Raises:
        InputError: unknown group, illegal colours, or a picture that cannot be read.
    """
    pixels = read_file(path).pixels
    settings = _settings(group, colours)
    try:
        ratio = None if aspect is None else parse_ratio(aspect)
    except ValueError as error:
        raise InputError(f"--aspect {aspect}: {error}") from error
    symmetry = settings.build(ratio)
    result, location = measure_symmetry(pixels, symmetry), None
    if symmetry.planar_claims(pixels.shape[1] / pixels.shape[0]) and not all(item.holds for item in result.claims):
        best = locate_symmetry(pixels, symmetry)
        better = measure_symmetry(best.picture, symmetry)
        if better.worst is not None and (result.worst is None or better.worst < result.worst):
            result, location = better, best
    if not result.claims:
        raise InputError(
            f"--group {group}: cannot be measured in {path.name}; the picture shows too little of what moves onto "
            "itself; use a larger picture, or a smaller zoom"
        )
    return FileMeasurement(symmetry.title, result, location)


def print_measurement(path: Path, group: str, measured: FileMeasurement, *, as_json: bool) -> None:
    """Print every claimed symmetry with its residual, and the unclaimed ones that come nearest."""
    result, location = measured.result, measured.location
    record = result.as_record(unclaimed=10)
    if as_json:
        origin = {}
        if location is not None:
            origin = {"origin": [round(part, 6) for part in location.origin], "turned": location.turned}
        click.echo(
            json.dumps(
                {
                    "group": group,
                    "title": measured.title,
                    "holds": result.holds,
                    "objections": list(result.objections),
                    **origin,
                    **record,
                },
                indent=1,
            )
        )
        return
    click.echo(f"{path}: {measured.title}")
    if location is not None:
        turned = ", the picture turned by a quarter" if location.turned else ""
        x, y = location.origin
        click.echo(f"origin found at ({x:.4f}, {y:.4f}) of the picture{turned}")
    for claim in record["claims"]:
        what = f"{claim['name']}, colours {claim['colour']}"
        unsure = not claim["holds"] and EXACT <= claim["residual"] <= result.grain
        fine = ", too small to be judged" if unsure else ""
        click.echo(f"  {claim['residual']:.4f}  {what}  (next best colours {claim['second']:.2f}{fine})")
    if record["unclaimed"]:
        click.echo("not claimed, smallest residual first:")
        for claim in record["unclaimed"]:
            click.echo(f"  {claim['residual']:.4f}  {claim['name']}, colours {claim['colour']}")
    if result.hues.remark:
        click.echo(f"note: {result.hues.remark}")
    for objection in result.objections:
        click.echo(f"because {objection}")
    click.echo("holds" if result.holds else "does not hold")
