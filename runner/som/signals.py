"""Signals are what a map learns from: a picture's dark places, letters, or places with their colours.

Convention: the first two coordinates of a signal are (x, y) in pixels of the picture, x to the right, y down; a colour
follows as OKLab times its weight in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.gas.points import AnySampling, Darkness, scattered
from orbifolio.runner.gas.source import SOURCE_BYTES, SourceExtent, SourceReader, shown
from orbifolio.runner.gas.tone import Tone
from orbifolio.runner.images import oklab
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings, family

LETTERS_SIDE = 1000  # pixels of the longer side of a picture of letters: finer than any net over them
LEAST_SIGNALS = 100  # of which anything can be learnt


@dataclass(frozen=True)
class SignalSet:
    """Signals, and the picture that they come from.

    Attributes:
        vectors: (s, d).
        picture: (h, w, 3) in [0, 1].
        tones: (h, w) in [0, 1], the greys that a drawing has; None for those of the picture.
        mask: (h, w), True where a threshold let the picture be drawn; None without one.
        colour_weight: of a difference of 1 in OKLab, in pixels; 0 where signals have no colour.
        stages: pictures on the way, by name, for the report.
    """

    vectors: F64
    picture: F32
    tones: F64 | None = None
    mask: Bools | None = None
    colour_weight: float = 0.0
    stages: Mapping[str, F32] = field(default_factory=dict)


class SignalSettings(Settings):
    """The base of every kind of signals."""

    coloured: ClassVar[bool] = False
    """Whether a signal has a colour beside its place."""
    pixel_bytes: ClassVar[float] = 0.0
    """What a pixel of the picture takes while signals are made, for a plan."""

    def read(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SignalSet:
        """The signals.

        Args:
            picture: source -> (h, w, 3) in [0, 1].
            mask: the same of a mask, black where it is clear.
            random: the only source of chance, so that a run can be repeated.
            warn: puts a message into the report.

        Raises:
            ImageError: the picture holds none.
        """
        raise NotImplementedError(type(self).__name__)

    def extent(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SourceExtent:
        """What `read` gives of the same arguments, told in a second.

        Raises:
            ImageError: the picture holds no signals.
        """
        raise NotImplementedError(type(self).__name__)

    def complaints(self) -> list[tuple[str, str]]:
        """Everything wrong that types cannot say, as (path, message)."""
        return []

    def pictures(self) -> dict[str, str]:
        """Sources of pictures by their path."""
        return {}


class Places(SignalSettings):
    """The places of a picture's dark parts: the net draws together where it is dark."""

    pixel_bytes: ClassVar[float] = SOURCE_BYTES

    kind: Literal["places"] = "places"
    image: FileName = Field(min_length=1)
    """The picture."""
    tone: Tone = Tone()
    """How it becomes grey."""
    points: AnySampling = Darkness(count=150_000)
    """Which parts of it become signals: by a threshold, or at random."""

    def read(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SignalSet:
        """The points of all levels; see the base class."""
        source = SourceReader(self.image, self.tone, self.points, picture, mask, random, warn).read()
        points = np.concatenate([level.points for level in source.levels])
        return SignalSet(points, source.part, source.toned, source.mask, stages=source.stages(self.tone))

    def extent(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SourceExtent:
        """The picture's, and that of its points; see the base class."""
        return SourceReader(self.image, self.tone, self.points, picture, mask, random, warn).extent()

    def complaints(self) -> list[tuple[str, str]]:
        """Those of the tone; see the base class."""
        return [(f"tone.{where}", what) for where, what in self.tone.complaints()]

    def pictures(self) -> dict[str, str]:
        """The picture and its mask."""
        sources = {"image": self.image}
        if self.tone.mask is not None:
            sources["tone.mask"] = self.tone.mask
        return sources


class Letters(SignalSettings):
    """Words, and the paper around them: the net draws together into letters."""

    kind: Literal["letters"] = "letters"
    text: str = Field(min_length=1, max_length=200)
    """The words, in Latin letters; a line break begins a new line."""
    weight: float = Field(default=0.06, ge=0, le=0.3)
    """How much bolder the letters are than the typeface, as a share of their height."""
    margin: float = Field(default=0.12, ge=0, le=0.4)
    """Paper around the words, as a share of the picture's longer side."""
    ground: float = Field(default=0.1, ge=0, le=1)
    """Signals from the paper for one from a letter, on the same area: 0 leaves the net in the letters alone."""
    blur: float = Field(default=0.003, ge=0, le=0.1)
    """How softly letters end, as a share of the picture's longer side."""
    count: int = Field(default=200_000, ge=LEAST_SIGNALS, le=20_000_000)
    """Signals to draw at random."""

    def read(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SignalSet:
        """Points in the letters and, fewer, around them; see the base class."""
        letters = self._written()
        dark = ndimage.gaussian_filter(letters, self.blur * LETTERS_SIDE, mode="constant")
        points = scattered(self.ground + (1 - self.ground) * dark, self.count, random)
        tones = 1 - dark
        return SignalSet(points, shown(tones), tones, stages={"letters": shown(tones)})

    def _written(self) -> F64:
        return written(self.text, weight=self.weight, margin=self.margin)

    def extent(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SourceExtent:
        """The picture of the words, and the count; see the base class."""
        height, width = self._written().shape
        return SourceExtent(height, width, self.count)

    def complaints(self) -> list[tuple[str, str]]:
        """Words without letters; see the base class."""
        if self.text.strip():
            return []
        return [("text", f"{self.text!r} has no letters; a net draws together into letters; give a word")]


class Colours(SignalSettings):
    """Places with their colours: units settle in patches of one colour, small where the picture is rich."""

    cites = ("ottosson2020",)
    coloured: ClassVar[bool] = True
    pixel_bytes: ClassVar[float] = 200.0  # measured to 9 megapixels

    kind: Literal["colours"] = "colours"
    image: FileName = Field(min_length=1)
    """The picture."""
    crop: Annotated[tuple[int, int, int, int], Field(min_length=4, max_length=4)] | None = None
    """Left, top, width and height of the part to use, in pixels; the whole picture if left out."""
    width: int = Field(default=640, ge=16, le=4096)
    """Width in pixels to scale the part to."""
    blur: float = Field(default=0.8, ge=0, le=100)
    """Standard deviation of the Gaussian blur in pixels; 0 for none."""
    colour: float = Field(default=250, gt=0, le=100_000)
    """What a difference of 1 in OKLab (as from black to white) counts as, in thousandths of the picture's longer side:
    more makes patches follow colours, less makes them even in shape."""
    saturation: float = Field(default=1.0, ge=0, le=4)
    """Factor of the chroma in OKLab."""
    count: int = Field(default=120_000, ge=LEAST_SIGNALS, le=20_000_000)
    """Pixels that are drawn at random; all of them where there are not so many."""

    def _tone(self) -> Tone:
        return Tone(crop=self.crop, width=self.width)

    def read(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SignalSet:
        """(x, y, L, a, b) of pixels; see the base class."""
        part = self._tone().part(picture(self.image))
        soft = ndimage.gaussian_filter(part, (self.blur, self.blur, 0), mode="nearest")
        lab = oklab.from_srgb(soft.astype(np.float64))
        lab[..., 1:] *= self.saturation
        high, wide = part.shape[:2]
        weight = self.colour * max(high, wide) / 1000
        rows, columns = np.divmod(np.arange(high * wide), wide)
        vectors = np.column_stack([columns + 0.5, rows + 0.5, weight * lab.reshape(-1, 3)])
        if len(vectors) > self.count:
            vectors = vectors[np.sort(random.choice(len(vectors), self.count, replace=False))]
        vivid = np.clip(oklab.to_srgb(lab), 0, 1).astype(np.float32)
        return SignalSet(vectors, vivid, colour_weight=weight, stages={"part in use": part})

    def extent(
        self,
        picture: Callable[[str], F32],
        mask: Callable[[str], F32],
        random: np.random.Generator,
        warn: Callable[[str], None],
    ) -> SourceExtent:
        """The picture's, and as many as are drawn of its pixels; see the base class."""
        height, width = self._tone().size(*picture(self.image).shape[:2])
        return SourceExtent(height, width, min(self.count, height * width))

    def complaints(self) -> list[tuple[str, str]]:
        """Those of the crop; see the base class."""
        return self._tone().complaints()

    def pictures(self) -> dict[str, str]:
        """The picture."""
        return {"image": self.image}


def written(text: str, *, weight: float, margin: float) -> F64:
    """Words as a picture: 1 in the letters, 0 around them.

    Args:
        text: with line breaks.
        weight: by how much of their height letters are bolder.
        margin: around the words, as a share of the picture's longer side.

    Returns:
        (h, w), the longer side LETTERS_SIDE.
    """
    size = 400  # pixels, reduced afterwards to what fits
    bold = round(weight * size / 2)
    typeface = ImageFont.load_default(size)
    tool = ImageDraw.Draw(Image.new("L", (1, 1)))
    spacing = round(0.1 * size)
    left, top, right, bottom = tool.multiline_textbbox(
        (0, 0), text, font=typeface, spacing=spacing, align="center", stroke_width=bold
    )
    canvas = Image.new("L", (round(right - left), round(bottom - top)), 0)
    ImageDraw.Draw(canvas).multiline_text(
        (-left, -top), text, font=typeface, fill=255, spacing=spacing, align="center", stroke_width=bold
    )
    side = round(margin * LETTERS_SIDE)
    scale = (LETTERS_SIDE - 2 * side) / max(canvas.size)
    inner = (max(1, round(canvas.width * scale)), max(1, round(canvas.height * scale)))
    letters = np.asarray(canvas.resize(inner, Image.Resampling.BOX), dtype=np.float64) / 255
    return np.pad(letters, side)


SIGNALS = (Places, Letters, Colours)
AnySignals = family(*SIGNALS, default=Places)
