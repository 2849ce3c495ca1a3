"""`orbifolio measure`: the symmetry of any picture, knowing nothing of how it was made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.errors import ImageError, InputError
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.settings import kind_of
from orbifolio.runner.symmetry import SYMMETRIES, AnySymmetry
from orbifolio.runner.symmetry.aspect import parse_ratio
from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.verify.locate import Location, locate_symmetry
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.symmetry.verify.residuals import Measurement

_RULE = (
    "write a wallpaper group (p6), or KIND:GROUP with further values, as in frieze:p2mg, rotor:D6, "
    "droste:p1,zoom=4,turn=60, sphere:O, hyperbolic:p=5,q=4"
)


def parse_group(text: str) -> dict[str, Any]:
    """The settings that `--group` spells.

    >>> parse_group("p6"), parse_group("rotor:D6")
    ({'kind': 'plane', 'group': 'p6'}, {'kind': 'rotor', 'order': 6, 'mirrors': True})
    >>> parse_group("droste:p2,zoom=4,turn=60")
    {'kind': 'droste', 'group': 'p2', 'zoom': '4', 'turn': '60'}
    """
    kind, colon, rest = text.strip().partition(":")
    if not colon:
        kind, rest = ("rotor" if re.fullmatch(r"[CD]\d+", kind) else "plane"), kind
    values: dict[str, Any] = {"kind": kind.strip().lower()}
    kinds = [kind_of(item) for item in SYMMETRIES]
    if values["kind"] not in kinds:
        raise InputError(
            f"--group {text}: {kind[:20]!r} is not a kind of symmetry; {_RULE}; kinds are {', '.join(kinds)}"
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


def _colours(texts: Sequence[str]) -> dict[str, list[str]]:
    actions = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--colours {text}: is not GENERATOR=A,B,C; write it as in r6=g,b,r")
        actions[name.strip()] = [part.strip() for part in value.strip("[] ").split(",")]
    return actions


def _settings(group: str, colours: Sequence[str]) -> SymmetrySettings:
    values = parse_group(group)
    actions = _colours(colours)
    try:
        settings: SymmetrySettings = TypeAdapter(AnySymmetry).validate_python(
            {**values, "colours": actions} if actions else values
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:] if part != values["kind"])
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"--group {group}: {where + ': ' if where else ''}{message}; {_RULE}") from error
    return settings


def measure_image(path: Path, group: str, colours: Sequence[str], aspect: str | None, *, as_json: bool) -> bool:
    """Print every claimed symmetry with its residual; True if all hold.

    Where they do not hold as the picture stands, they are measured about the origin at which they hold best.

    Raises:
        InputError: unknown group, illegal colours, or a picture that cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror or error})") from error
    pixels = read_picture(data, str(path)).pixels
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
            f"--group {group}: nothing of it can be measured in {path.name}; the picture shows too little of what "
            "moves onto itself; use a larger picture, or a smaller zoom"
        )
    record = result.as_record(unclaimed=10)
    if as_json:
        origin = {}
        if location is not None:
            origin = {"origin": [round(part, 6) for part in location.origin], "turned": location.turned}
        click.echo(
            json.dumps({"group": group, "title": symmetry.title, "holds": result.holds, **origin, **record}, indent=1)
        )
    else:
        _print(path, symmetry.title, result, record, location)
    return result.holds


def _print(path: Path, title: str, result: Measurement, record: Mapping[str, Any], location: Location | None) -> None:
    click.echo(f"{path}: {title}")
    if location is not None:
        turned = ", the picture turned by a quarter" if location.turned else ""
        x, y = location.origin
        click.echo(f"origin found at ({x:.4f}, {y:.4f}) of the picture{turned}")
    for claim in record["claims"]:
        what = f"{claim['name']}, colours {claim['colour']}"
        click.echo(f"  {claim['residual']:.4f}  {what}  (next best colours {claim['second']:.2f})")
    if record["unclaimed"]:
        click.echo("not claimed, smallest residual first:")
        for claim in record["unclaimed"]:
            click.echo(f"  {claim['residual']:.4f}  {claim['name']}, colours {claim['colour']}")
    click.echo("holds" if result.holds else "does not hold")
