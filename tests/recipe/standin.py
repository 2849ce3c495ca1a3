"""Stand-in models with the shapes of the real recipe: nested families, a single kind, unions, limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from orbifolio.runner.settings import KindFamily, Settings, Shorthand, family


class Noise(Settings):
    """Random values."""

    kind: Literal["noise"] = "noise"
    amount: float = Field(default=0.1, gt=0, le=10)
    """How much."""


class Photo(Settings):
    """A picture; its kind and one of its keys have the same name."""

    kind: Literal["photo"] = "photo"
    photo: str
    """Where it is. A path."""
    sharp: bool = False
    """Whether it is sharpened."""


class Sum(Settings):
    """A family within itself."""

    kind: Literal["sum"] = "sum"
    of: tuple[AnyStart, ...] = Field(min_length=1, max_length=4)
    """The parts."""


def expand(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"kind": "noise", "amount": value}
    return value


AnyStart = Annotated[Any, KindFamily((Noise, Photo, Sum), shorthand=Shorthand(expand))]
Sum.model_rebuild()


class Pixels(Settings):
    """The only canvas."""

    kind: Literal["pixels"] = "pixels"
    start: AnyStart = Noise()
    """The first values."""


class Style(Settings):
    """An objective."""

    kind: Literal["style"] = "style"
    layers: tuple[str, ...] | dict[str, Annotated[float, Field(ge=0, le=1)]] = ()
    """Layers."""
    weight: float = 1.0
    """Its weight."""


class Dream(Settings):
    """Another objective."""

    kind: Literal["dream"] = "dream"
    channel: Annotated[int, Field(ge=0)] | None = None
    """Which channel."""
    blend: Literal["mean", "most"] = "mean"
    """How."""

    @model_validator(mode="after")
    def _check(self) -> Dream:
        if self.channel == 13:
            raise ValueError("channel 13 is unlucky; any other is fine; take 14")
        return self


class PhaseSettings(Settings):
    """One size."""

    size: int = Field(ge=8, le=4096)
    """Width in pixels; rounded to what the network needs."""
    steps: int = Field(default=10, ge=0)
    """How many."""


class Ending(Settings):
    """Last touches."""

    levels: Literal["auto"] | tuple[float, float] | None = None
    """Black and white."""
    colour: str = "red"
    """A colour."""

    @field_validator("colour")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ("red", "blue"):
            raise ValueError("no such colour")
        return value


class Recipe(Settings):
    """The whole."""

    version: Literal[1] = Field(default=1, alias="schema")
    """Of the format."""
    title: str = Field(min_length=1, max_length=40)
    """Its name."""
    canvas: family(Pixels) = Pixels()  # type: ignore[valid-type]
    """What is painted on."""
    objectives: tuple[family(Style, Dream), ...] = Field(default=(), max_length=3)  # type: ignore[valid-type]
    """What is wanted."""
    phases: tuple[PhaseSettings, ...] = ()
    """Sizes."""
    ending: Ending = Ending()
    """Last touches."""


VALID = """\
schema: 1
title: Stand-in
x-note: &deep {layers: [a, b]}
canvas: {kind: pixels, start: {kind: sum, of: [noise, 0.5, {kind: photo, photo: tree.png}]}}
objectives:
  - {kind: style, layers: {conv1: 0.5}}
  - kind: dream
    channel: 3
  - {<<: *deep, kind: style}
phases: [{size: 64, steps: 3}, {size: 128}]
ending: {levels: [0.1, 0.9], colour: blue}
"""
