"""`orbifolio measure`: the symmetry of any picture, by a program that knows nothing of how it was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import ValidationError

from runner.errors import ImageError, InputError
from runner.images.reading import read_picture
from runner.symmetry.aspect import parse_ratio
from runner.symmetry.measure import measure_symmetry
from runner.symmetry.plane import Plane


def measure_image(path: Path, group: str, colours: Sequence[str], aspect: str | None, *, as_json: bool) -> bool:
    """Print every claimed symmetry with its residual; True if all hold.

    Raises:
        InputError: unknown group, illegal colours, or a picture that cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror or error})") from error
    pixels = read_picture(data, str(path)).pixels
    actions = {}
    for text in colours:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--colours {text}: is not GENERATOR=A,B,C; write it as in r6=g,b,r")
        actions[name.strip()] = [part.strip() for part in value.strip("[] ").split(",")]
    try:
        settings = Plane.model_validate({"kind": "plane", "group": group, "colours": actions})
    except ValidationError as error:
        first = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"--group {group}: {first}") from error
    try:
        ratio = None if aspect is None else parse_ratio(aspect)
    except ValueError as error:
        raise InputError(f"--aspect {aspect}: {error}") from error
    symmetry = settings.build(ratio)
    result = measure_symmetry(pixels, symmetry)
    record = result.as_record(unclaimed=10)
    if as_json:
        click.echo(json.dumps({"group": group, "title": symmetry.title, "holds": result.holds, **record}, indent=1))
        return result.holds
    click.echo(f"{path}: {symmetry.title}")
    for claim in record["claims"]:
        told = f"{claim['name']}, colours {claim['colour']}"
        click.echo(f"  {claim['residual']:.4f}  {told}  (next best colours {claim['second']:.2f})")
    if record["unclaimed"]:
        click.echo("not claimed, smallest residual first:")
        for claim in record["unclaimed"]:
            click.echo(f"  {claim['residual']:.4f}  {claim['name']}, colours {claim['colour']}")
    click.echo("holds" if result.holds else "does not hold")
    return result.holds
