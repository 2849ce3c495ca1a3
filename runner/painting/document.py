"""A painting as a document: look, ground and strokes <-> JSON; drawn again at any size, in finer or coarser bristles.

    BristlePainting.of(session).to_json() -> text;  BristlePainting.from_json(text).drawn(4096) -> canvas

Format 2 of `strokes.json`. Format 1 (`runner/strokes/document`) has strokes of a learnt brush.

Convention: as in `bristle_strokes`; lengths in pixels of the plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import IllegalSymmetry, InputError
from orbifolio.runner.painting.bristle_canvas import BristleCanvas
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.folded_canvas import FoldedCanvas, painting_window
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import AnyLook
from orbifolio.runner.painting.session import PaintingSession
from orbifolio.runner.painting.stroke_images import images
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.aspect import parse_ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.rigid import is_rigid
from orbifolio.runner.vector.hex_colours import from_hex, to_hex

FORMAT = 2
COLUMNS = ("radius", "red", "green", "blue", "body", "tooth", "seed", "layer", "points")
MAX_SIDE = 1 << 16  # pixels; against absurd files
MAX_STROKES = 1_000_000
PLACES, WIDTHS, SHARES = (
    2,
    3,
    4,
)  # decimals of lengths, widths and colours: a hundredth of a plan's pixel cannot be seen
HINT = "give the strokes.json that a painting leaves among its extras"


@dataclass(frozen=True)
class PaintedSymmetry:
    """The symmetry of a painting, whose strokes lie about a fundamental domain.

    Attributes:
        settings: of a kind that strokes can be laid under.
        aspect: width:height where the symmetry leaves it free; None for its own.
        size: (width, height) in pixels that the domain is looked for at: another one may have another domain.
    """

    settings: SymmetrySettings
    aspect: str | None
    size: tuple[int, int]

    @cached_property
    def symmetry(self) -> Symmetry:
        """Ready to lay out."""
        return self.settings.build(None if self.aspect is None else parse_ratio(self.aspect))

    def surface(self, size: tuple[int, int]) -> OrbifoldSurface:
        """What is painted on, in pixels of a picture of a size."""
        return OrbifoldSurface(self.symmetry.layout(*size), self.symmetry, self.size)

    def fitted(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size near to one, (width, height), that the symmetry can have."""
        ratio = self.symmetry.ratio or self.size[0] / self.size[1]
        return self.symmetry.fit(size[0], multiple=1, ratio=ratio)

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {"kind": self.settings.model_dump(mode="json"), "aspect": self.aspect, "size": list(self.size)}

    @classmethod
    def of(cls, record: Any) -> PaintedSymmetry | None:
        """Of parsed JSON, or None for None; faults are plain errors, or those of the settings."""
        if record is None:
            return None
        settings: SymmetrySettings = TypeAdapter(AnySymmetry).validate_python(record["kind"])
        aspect = record["aspect"]
        if aspect is not None and not isinstance(aspect, str):
            raise ValueError(f"the aspect {aspect!r:.20} is not width:height")
        found = cls(settings, aspect, _size(record, "size"))
        if not is_rigid(found.symmetry):
            raise ValueError(f"symmetry {found.symmetry.title}: strokes cannot be laid under it")
        return found


@dataclass(frozen=True)
class BristlePainting:
    """See the module's docstring.

    Attributes:
        size: (width, height) of the picture in pixels.
        plan_size: (width, height) that the strokes' lengths are in.
        look: that it is painted in.
        ground: sRGB in [0, 1].
        seed: of the ground's grain.
        strokes: in the order of painting.
        passes: number of strokes at the end of each pass; a pass picks up paint that lay there before it.
        palette: paints that the strokes' colours are mixed from, `#rrggbb`; empty where they are any.
        symmetric: the symmetry, or None; with one the plan is that of a window about a fundamental domain, and each
            stroke lies wherever the group moves it, too.
    """

    size: tuple[int, int]
    plan_size: tuple[int, int]
    look: PaintingLook
    ground: tuple[float, float, float]
    seed: int
    strokes: BristleStrokes
    passes: tuple[int, ...]
    palette: tuple[str, ...] = ()
    symmetric: PaintedSymmetry | None = None

    @classmethod
    def of(cls, session: PaintingSession, symmetric: PaintedSymmetry | None = None) -> BristlePainting:
        """What a painter has painted, under a symmetry or none."""
        return cls(
            size=session.size,
            plan_size=session.plan_size,
            look=session.brief.look,
            ground=session.subject.ground,
            seed=session.brief.seed,
            strokes=session.strokes,
            passes=tuple(session.ends),
            palette=tuple(map(to_hex, session.paints())),
            symmetric=symmetric,
        )

    def drawn(
        self,
        side: int | None = None,
        *,
        shown: Callable[[BristleCanvas | FoldedCanvas], None] = lambda canvas: None,
        moments: Sequence[int] = (),
    ) -> BristleCanvas | FoldedCanvas:
        """The painting on a new canvas.

        Args:
            side: of its longer side in pixels; None for the picture's own.
            shown: called with the canvas at each of the moments.
            moments: numbers of strokes, ascending.
        """
        canvas = (self if side is None else self.resized(side)).canvas()
        waiting = list(moments)
        begin = 0
        for end in self.passes:
            before = canvas.seen_at(*self.plan_size)
            while True:
                while waiting and waiting[0] <= begin:
                    shown(canvas)
                    waiting.pop(0)
                if begin == end:
                    break
                stop = min(end, waiting[0]) if waiting else end
                canvas.lay(self.strokes.between(begin, stop), before)
                begin = stop
        return canvas

    def canvas(self) -> BristleCanvas | FoldedCanvas:
        """An empty canvas of the picture's size."""
        if self.symmetric is None:
            return BristleCanvas(self.look, self.size, ground=self.ground, seed=self.seed)
        return FoldedCanvas(self.look, self.symmetric.surface(self.size), ground=self.ground, seed=self.seed)

    def resized(self, side: int) -> BristlePainting:
        """The same strokes for a picture whose longer side has so many pixels, or about as many under a symmetry."""
        scale = side / max(self.size)
        size = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))
        if self.symmetric is not None and size != self.size:
            size = self.symmetric.fitted(size)
        return replace(self, size=size)

    def strokes_of_picture(self) -> BristleStrokes:
        """The strokes in pixels of the picture, all their images included."""
        return self._strokes_of_picture

    @cached_property
    def _strokes_of_picture(self) -> BristleStrokes:
        wide, high = self.plan_size
        if self.symmetric is None:
            return self.strokes.scaled(self.size[0] / wide, self.size[1] / high)
        surface = self.symmetric.surface(self.size)
        left, top, right, bottom = painting_window(surface.domain)
        here = self.strokes.scaled((right - left) / wide, (bottom - top) / high)
        corner = np.array([left, top, 0], np.float32)
        return images(here._replace(points=here.points + corner), surface)

    def picture(self, side: int | None = None) -> F32:
        """(height, width, 3) sRGB in [0, 1] under the lamp, its longer side so many pixels."""
        return self.drawn(side).picture()

    def to_json(self) -> str:
        """The document as JSON, a stroke per line; equal paintings give equal texts."""
        head: dict[str, Any] = {
            "format": FORMAT,
            "size": list(self.size),
            "plan": list(self.plan_size),
            "look": self.look.model_dump(mode="json"),
            "ground": [round(value, SHARES) for value in self.ground],
            "seed": self.seed,
            "passes": list(self.passes),
            "palette": list(self.palette),
            "symmetry": None if self.symmetric is None else self.symmetric.record(),
            "columns": list(COLUMNS),
        }
        lines = [f"{json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in self._rows())
        return "{\n" + "\n".join(lines) + '\n"strokes": [\n' + rows + "\n]\n}\n"

    def _rows(self) -> list[list[Any]]:
        strokes = self.strokes
        places = np.round(strokes.points[:, :2].astype(np.float64), PLACES)
        widths = np.round(strokes.points[:, 2:].astype(np.float64), WIDTHS)
        points = np.concatenate([places, widths], axis=1)
        columns = [strokes.radii[:, None], strokes.colours, strokes.bodies[:, None], strokes.tooth[:, None]]
        numbers = np.round(np.concatenate(columns, axis=1).astype(np.float64), SHARES).tolist()
        whole = np.stack([strokes.seeds, strokes.layers.astype(np.int64)], axis=1).tolist()
        offsets = strokes.offsets.tolist()
        flat = points.ravel().tolist()
        return [
            [*shares, *counts, flat[3 * low : 3 * high]]
            for shares, counts, low, high in zip(numbers, whole, offsets, offsets[1:], strict=False)
        ]

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "strokes.json") -> BristlePainting:
        """The painting of a file.

        Args:
            text: JSON, as `to_json` writes it.
            name: of the file, for messages.

        Raises:
            InputError: it is damaged, or its format is another.
        """
        try:
            record = json.loads(text)
            return cls._of(record)
        except ValidationError as error:
            reason = f"look or symmetry: {error.errors()[0]['msg']}"
        except IllegalSymmetry as error:
            reason = f"symmetry: {error}"
        except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
            reason = str(error)
        except KeyError as error:
            reason = f"no {error}"
        raise InputError(f"{name}: not a painting ({reason}); {HINT}")

    @classmethod
    def _of(cls, record: Any) -> BristlePainting:
        """The painting of parsed JSON; faults are plain errors, or those of the look's settings."""
        if not isinstance(record, dict):
            raise ValueError("it is not a mapping")
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r:.20}; this reads {FORMAT}")
        if record["columns"] != list(COLUMNS):
            raise ValueError("its columns are not " + ", ".join(COLUMNS))
        rows = record["strokes"]
        if len(rows) > MAX_STROKES:
            raise ValueError(f"{len(rows)} strokes; at most {MAX_STROKES}")
        size, plan = _size(record, "size"), _size(record, "plan")
        counts = [len(row[-1]) // 3 for row in rows]
        points = np.array([value for row in rows for value in row[-1]], np.float32).reshape(-1, 3)
        numbers = np.array([row[:-1] for row in rows], np.float64).reshape(-1, len(COLUMNS) - 1)
        ground = np.array(record["ground"], np.float64)
        passes = tuple(int(end) for end in record["passes"])
        _check(points, numbers, counts, ground, passes)
        strokes = BristleStrokes(
            points=points,
            offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            radii=numbers[:, 0].astype(np.float32),
            colours=np.ascontiguousarray(numbers[:, 1:4], np.float32),
            bodies=numbers[:, 4].astype(np.float32),
            tooth=numbers[:, 5].astype(np.float32),
            seeds=numbers[:, 6].astype(np.int64),
            layers=numbers[:, 7].astype(np.int32),
        )
        look: PaintingLook = TypeAdapter(AnyLook).validate_python(record["look"])
        red, green, blue = ground.tolist()
        palette = tuple(to_hex(np.array(from_hex(colour))) for colour in record.get("palette", []))
        symmetric = PaintedSymmetry.of(record.get("symmetry"))
        return cls(size, plan, look, (red, green, blue), int(record["seed"]), strokes, passes, palette, symmetric)


def _size(record: Any, name: str) -> tuple[int, int]:
    width, height = record[name]
    if not all(isinstance(side, int) and 1 <= side <= MAX_SIDE for side in (width, height)):
        raise ValueError(f"{name} {record[name]!r:.30} is not a width and a height within 1 to {MAX_SIDE} pixels")
    return width, height


def _check(points: F32, numbers: Any, counts: list[int], ground: Any, passes: tuple[int, ...]) -> None:
    """Ranges of a file's numbers; the message names the first wrong stroke, counted from 1."""
    if ground.shape != (3,) or not ((ground >= 0) & (ground <= 1)).all():
        raise ValueError("the ground is not three numbers in [0, 1]")
    if list(passes) != sorted(passes) or (passes[-1] if passes else 0) != len(counts) or min(passes, default=0) < 0:
        raise ValueError("its passes do not end with its strokes")
    stroke = np.repeat(np.arange(len(counts)), counts)
    bad_points = np.zeros(len(counts), bool)
    wrong = ~np.isfinite(points).all(1) | (np.abs(points) > 4 * MAX_SIDE).any(1) | (points[:, 2:] <= 0).any(1)
    bad_points[stroke[wrong]] = True
    rules = (
        ("has fewer than two points", np.array(counts, np.int64) < 2),
        ("has a point that is not finite, lies far outside the picture or has no width", bad_points),
        ("has a number that is not finite", ~np.isfinite(numbers).all(1)),
        ("has no radius, or one that is too large", ~((numbers[:, 0] > 0) & (numbers[:, 0] <= MAX_SIDE))),
        (
            "has a colour or a tooth outside [0, 1]",
            ((numbers[:, [1, 2, 3, 5]] < 0) | (numbers[:, [1, 2, 3, 5]] > 1)).any(1),
        ),
        ("has a body, seed or layer below 0", (numbers[:, [4, 6, 7]] < 0).any(1)),
    )
    for fault, found in rules:
        if found.any():
            raise ValueError(f"stroke {int(found.argmax()) + 1} {fault}")
