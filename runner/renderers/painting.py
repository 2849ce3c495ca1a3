"""Painting: picture -> layers of bristle strokes -> paint under a lamp; in seconds, as no network need look.

A phase is a layer, a step a pass over the canvas; passes of a layer mend what the one before left. With `refine` a last
phase moves the strokes by what a network sees in the paint: colours, ends and widths.

Refinement and side products are imported when their turn comes, so that nobody waits for them before the first stroke.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.devices import choose_precision
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.images import oklab
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.objective_list import least_sides_of, pictures_of
from orbifolio.runner.painting.document import BristlePainting, PaintedSymmetry
from orbifolio.runner.painting.folded_canvas import FoldedCanvas, cut, painting_window
from orbifolio.runner.painting.hand import Hand, Manner
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import AnyLook, Oil
from orbifolio.runner.painting.placers import AnyPlacer
from orbifolio.runner.painting.placers.planned import PlannedStrokes
from orbifolio.runner.painting.refining.settings import StrokeRefinement
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.subject import PLAN_SIDE, plan_size, resized, wanted
from orbifolio.runner.patches.settings import PatchImage, PatchSettings, plan_patches
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings, traits_of
from orbifolio.runner.settings import kind_of
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface
from orbifolio.runner.symmetry import AnySymmetry
from orbifolio.runner.symmetry.aspect import Aspect, parse_ratio
from orbifolio.runner.symmetry.base import Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.colour import IDENTITY
from orbifolio.runner.symmetry.groups.domain import Domain, fundamental_domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.rigid import is_rigid
from orbifolio.runner.symmetry.verify.summary import summarise
from orbifolio.runner.vector.hex_colours import Hex, from_hex
from orbifolio.runner.vision.base import VisionSettings

if TYPE_CHECKING:
    from orbifolio.runner.painting.refining.refiner import StrokeRefiner

PASS_SECONDS = 0.15  # of planning a pass, for the plan; measured on two processor cores
PAINTING_WORK = 1.2  # of a pixel in a step of the refinement, beside VGG16 to its fourth block: painting, and back
REFINABLE = "oil, bold, gouache, pastel, pointillist or flow"
PIXEL_BYTES = 60.0  # a pixel of the canvas, with its thickness, light and files, for the plan; 37 from 800 to 2,400 px
PIXEL_SECONDS = 1.5e-7  # a pixel of the canvas in a pass, in the same way
FITTED_WIDTH = 768  # pixels at most at which a picture is fitted to a symmetry: strokes show no more
SKETCH_SIDE = 360  # pixels that a preview is planned at: strokes of the last layer are then a pixel wide


class PaintedPicture(RendererSettings):
    """A picture painted in opaque strokes with bristles, body and light; or in washes."""

    kind: Literal["painting"] = "painting"
    image: FileName = Field(min_length=1)
    """The picture."""
    look: AnyLook = Oil()
    """How it is painted."""
    placer: AnyPlacer = PlannedStrokes()
    """What decides where strokes go: the look's own plan, or a trained network (`predictor`)."""
    hand: Hand | None = None
    """A painting whose strokes and colours this one has: it is measured, and the look's values are changed."""
    symmetry: AnySymmetry = NoSymmetry()
    """The symmetry that the painting has exactly, light included: each stroke is laid wherever the group moves it. Of a
    plane, frieze, rotor, sphere or hyperbolic kind."""
    fit: Literal["motifs", "laid"] = "motifs"
    """How the picture is made to fit a symmetry before it is painted: its motifs are copied in patches; or it is laid
    over the whole and changed as little as possible."""
    aspect: Aspect | None = None
    """Width:height where the symmetry leaves it free; none: the symmetry's own, or the picture's."""
    size: int = Field(default=1600, ge=64, le=16384)
    """Longer side of the painting in pixels, its width under a symmetry. A larger one has the same strokes in finer
    bristles."""
    brush_size: float = Field(default=1.0, ge=0.2, le=5)
    """Factor of the width of all strokes."""
    liveliness: float = Field(default=1.0, ge=0, le=4)
    """Factor of how far colours leave the picture's, from stroke to stroke."""
    palette: Annotated[tuple[Hex, ...], Field(max_length=64)] = ()
    """The only paints, mixed two at a time; none: chosen from the picture, as many as the look wants."""
    strokes: int | None = Field(default=None, ge=1, le=500_000)
    """At most so many strokes, where they are needed most; none: as many as it takes."""
    refine: StrokeRefinement | None = None
    """Optimisation afterwards: a network looks, and strokes get better colours, ends and widths. None: the strokes as
    they were placed."""

    def build(self, context: RenderContext) -> PaintingRenderer:
        """The renderer; the picture is read when first needed."""
        return PaintingRenderer(self, context)

    def sketch(self, context: RenderContext, width: int) -> F32 | None:
        """All layers on a small canvas, without a symmetry; see the base class."""
        if not isinstance(self.symmetry, NoSymmetry):
            return None
        manner = self.manner(context)
        picture = context.pixels(self.image)
        picture = picture if manner is None else manner.coloured(picture)
        height = max(1, round(width * picture.shape[0] / picture.shape[1]))
        session = PaintingSession(self.brief(context.seed, manner, side=SKETCH_SIDE), picture, (width, height))
        for number in range(len(session.passes)):
            session.paint_pass(number)
        return session.picture()

    def manner(self, context: RenderContext) -> Manner | None:
        """What is taken from the hand's painting; None without a hand."""
        if self.hand is None:
            return None
        return self.hand.manner(self.look, context.pixels(self.hand.image), context.seed)

    def brief(self, seed: int, manner: Manner | None, *, side: int = PLAN_SIDE) -> Brief:
        """What a painter is asked for.

        Args:
            seed: of all choices.
            manner: of the hand; None for the look as it is.
            side: pixels of the longer side that strokes are planned at.
        """
        paints = None if manner is None else manner.paints
        if self.palette:
            paints = oklab.from_srgb(np.array([from_hex(colour) for colour in self.palette]))
        return Brief(
            look=self.look if manner is None else manner.look,
            seed=seed,
            brush_size=self.brush_size,
            liveliness=self.liveliness,
            palette=paints,
            most_strokes=self.strokes,
            plan_side=side,
            placement=self.placer.placement(self.look),
        )

    def symmetry_for(self, ratio: float | None) -> Symmetry | None:
        """The symmetry, or None for none.

        Args:
            ratio: width / height of the picture, where the symmetry leaves it free.

        Raises:
            IllegalSymmetry: `where` is relative to `symmetry`.
        """
        if isinstance(self.symmetry, NoSymmetry):
            return None
        settings: SymmetrySettings = self.symmetry
        return settings.build(None if self.aspect is None else parse_ratio(self.aspect))

    def kept_symmetry(self, ratio: float) -> Symmetry | None:
        """The painting's: see the base class."""
        return self.symmetry_for(ratio)

    def advisories(self) -> list[str]:
        """The symmetry's own; see the base class."""
        symmetry = self.symmetry_for(None)
        return [] if symmetry is None else list(symmetry.advisories())

    def _symmetry_complaints(self) -> list[tuple[str, str]]:
        look: PaintingLook = self.look
        try:
            symmetry = self.symmetry_for(None)
        except IllegalSymmetry as error:
            where = "aspect" if error.where == "aspect" else f"symmetry.{error.where}".rstrip(".")
            return [(where, str(error))]
        if symmetry is None:
            return []
        if not is_rigid(symmetry):
            return [
                (
                    "symmetry.kind",
                    f"{symmetry.title}: strokes are laid on a surface that a group of movements acts on; use plane, "
                    "frieze, rotor, sphere or hyperbolic",
                )
            ]
        if look.unfoldable:
            return [("look", f"{look.unfoldable}; use oil, bold, gouache, watercolour, pastel or flow")]
        if look.transparent and any(claim.colour != IDENTITY for claim in symmetry.claims()):
            return [
                (
                    "look",
                    "washes add up on one paper, which the symmetry's colours would exchange; leave out "
                    "symmetry.colours, or use oil, bold, gouache, pastel or flow",
                )
            ]
        return []

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A palette without effect, an illegal symmetry; see the base class."""
        look: PaintingLook = self.look
        problems = self._symmetry_complaints()
        for path, text in self.placer.complaints(look):
            problems.append((f"placer.{path}".rstrip("."), text))
        if self.palette and look.purity == 0:
            problems.append(
                (
                    "palette",
                    "the look takes the picture's own colours; raise look.purity above 0, or leave out palette",
                )
            )
        if self.refine is not None:
            problems += [(f"refine.{path}", text) for path, text in self.refine.complaints()]
            if look.unrefinable:
                problems.append(("refine", f"{look.unrefinable}; use {REFINABLE}, or leave out refine"))
        if self.hand is not None and not look.layered:
            problems.append(
                (
                    "hand",
                    "the look has no layers of strokes to change; use oil, bold, gouache, pastel, pointillist or flow",
                )
            )
        if self.hand is not None and self.hand.palette and self.palette:
            problems.append(
                ("palette", "the hand brings paints of its own; leave out palette, or write hand.palette: 0")
            )
        return problems

    def pictures(self) -> dict[str, str]:
        """The picture, the hand's painting, and what the refinement looks at."""
        hand = {} if self.hand is None else {"hand.image": self.hand.image}
        refine = {} if self.refine is None else pictures_of(self.refine.objectives)
        return {"image": self.image, **hand, **{f"refine.{path}": source for path, source in refine.items()}}

    def least_sides(self) -> dict[str, tuple[int, str]]:
        """Of the refinement's style pictures; see the base class."""
        found = {} if self.refine is None else least_sides_of(self.refine.objectives, self.refine.vision)
        return {f"refine.{path}": least for path, least in found.items()}

    def networks(self) -> tuple[VisionSettings, ...]:
        """The network of the refinement."""
        return () if self.refine is None else self.refine.networks()

    def arithmetic(self, device: str) -> str:
        """Of the refinement."""
        if self.refine is None:
            return "fp32"
        return choose_precision(self.refine.precision, device, agrees=self.refine.vision.half_precision)[0]


class FittedPicture(NamedTuple):
    """A picture that was made to fit a symmetry.

    Attributes:
        whole: (h, w, 3) all over.
        about_domain: (h, w, 3) in the window that strokes are planned in.
    """

    whole: F32
    about_domain: F32


@dataclass
class PaintingState:
    """A layer, or the refinement, under way.

    Attributes:
        phase: its number, from 0.
        done: passes painted in all.
        session: the painter, with everything painted so far.
        refiner: of its strokes, once that has begun.
    """

    phase: int
    done: int
    session: PaintingSession
    refiner: StrokeRefiner | None = None


class PaintingRenderer(Renderer):
    """Paints the layers; see the module's docstring."""

    charted = ("strokes",)
    begins_bare = True

    def __init__(self, settings: PaintedPicture, context: RenderContext) -> None:
        self.settings, self.context = settings, context
        self._refiner: StrokeRefiner | None = None

    @cached_property
    def _picture(self) -> F32:
        return self.context.pixels(self.settings.image)

    @cached_property
    def manner(self) -> Manner | None:
        """What is taken from the hand's painting; None without a hand."""
        return self.settings.manner(self.context)

    @cached_property
    def symmetry(self) -> Symmetry | None:
        """That the painting has, or None."""
        height, width = self._picture.shape[:2]
        return self.settings.symmetry_for(width / height)

    @cached_property
    def _ratio(self) -> float:
        """Width / height of a painting with a symmetry."""
        height, width = self._picture.shape[:2]
        given = None if self.settings.aspect is None else parse_ratio(self.settings.aspect).value
        assert self.symmetry is not None
        return self.symmetry.ratio or given or width / height

    @cached_property
    def surface(self) -> OrbifoldSurface | None:
        """That is painted on where there is a symmetry."""
        if self.symmetry is None:
            return None
        return OrbifoldSurface(self.symmetry.layout(*self.size), self.symmetry, self.size)

    @cached_property
    def subject_picture(self) -> F32:
        """(h, w, 3) what is painted: the fitted picture, in the colours of the hand's painting."""
        return self._fitted if self.manner is None else self.manner.coloured(self._fitted)

    @cached_property
    def _fitted(self) -> F32:
        """(h, w, 3) the picture, or what the symmetry makes of it about a fundamental domain."""
        return self._picture if self._fitting is None else self._fitting.about_domain

    @cached_property
    def _fitting(self) -> FittedPicture | None:
        """What the symmetry makes of the picture; None without."""
        if self.symmetry is None:
            return None
        from orbifolio.runner.patches.synthesis import synthesise

        size = self.symmetry.fit(min(FITTED_WIDTH, self.settings.size), multiple=1, ratio=self._ratio)
        layout = self.symmetry.layout(*size)
        name = self.settings.image
        settings = PatchSettings(images=(PatchImage(image=name),))
        if self.settings.fit == "laid":
            settings = PatchSettings(start=name)
        plan = plan_patches(
            settings,
            self.symmetry,
            size,
            layout.parameters,
            seed=self.context.seed,
            picture=self.context.plain_picture,
        )
        surface = OrbifoldSurface(layout, self.symmetry, size)
        values = torch.from_numpy(synthesise(self.symmetry, plan.task))
        whole = surface.picture(surface.cells(values))
        return FittedPicture(whole, cut(whole, painting_window(surface.domain)))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) of the painting in pixels."""
        if self.symmetry is not None:
            return self.symmetry.fit(self.settings.size, multiple=1, ratio=self._ratio)
        height, width = self._picture.shape[:2]
        scale = self.settings.size / max(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    @cached_property
    def _first(self) -> PaintingSession:
        """Whose plan the phases follow; nothing is painted in it."""
        brief = self.settings.brief(self.context.seed, self.manner)
        return PaintingSession(brief, self.subject_picture, self.size, surface=self.surface)

    @cached_property
    def layers(self) -> list[int]:
        """Number of the first pass of each layer, and that of all passes."""
        return _layers(self._first)

    def least_memory(self) -> float:
        """Of canvas, lamp and files, and of the surface's tables under a symmetry: see the base class."""
        width, height = self.size
        tables = 0 if self.symmetry is None else self.symmetry.extent(width, height).making_bytes
        return tables + PIXEL_BYTES * width * height

    def phases(self) -> tuple[Phase, ...]:
        """One for each layer."""
        return self._phases_of(self._first, self.size if self.surface is None else _window_size(self.surface.domain))

    def forecast(self) -> tuple[Phase, ...]:
        """Without laying out a surface: what the symmetry makes of the picture may show more faces, or fewer."""
        if self.symmetry is None:
            return self.phases()
        width, height = _window_size(fundamental_domain(IsometryGroup(self.symmetry, *self.size)))
        window = plan_size(width, height)
        session = PaintingSession(self.settings.brief(self.context.seed, self.manner), self._laid_in(window), self.size)
        return self._phases_of(session, (width, height))

    def _laid_in(self, size: tuple[int, int]) -> F32:
        """(h, w, 3) the picture, stretched to a size, as if that were what a symmetry makes of it."""
        laid = resized(self._picture, *size)
        return laid if self.manner is None else self.manner.coloured(laid)

    def _phases_of(self, session: PaintingSession, window: tuple[int, int]) -> tuple[Phase, ...]:
        """One for each layer of a painter.

        Args:
            session: whose plan they follow.
            window: (width, height) in pixels of what is planned.
        """
        width, height = self.size
        pixels, factor = width * height, window[0] / session.plan_size[0]
        phases: list[Phase] = []
        memory, layers = self.least_memory(), _layers(session)
        for first, end in zip(layers, layers[1:], strict=False):
            layer = session.passes[first].layer
            title = f"{layer.title}, strokes {2 * layer.radius * factor:.0f} px wide"
            seconds = (end - first) * (PASS_SECONDS + PIXEL_SECONDS * pixels)
            notes = self.manner.sentences if self.manner is not None and not phases else ()
            phases.append(
                Phase(title, width, height, end - first, 0, notes=notes, seconds=seconds, memory_bytes=memory)
            )
        refine = self.settings.refine
        if refine is not None:
            wide, high = self._painting(session).resized(refine.size).size
            work = refine.vision.work(tuple(refine.layers())) + PAINTING_WORK
            title = f"refined, seen at {wide} px"
            phases.append(Phase(title, width, height, refine.steps, 0, seen=wide * high, work=work))
        return tuple(phases)

    def begin(self, phase: int, previous: PaintingState | None) -> PaintingState:
        """An empty canvas, that of the layer before, or its strokes to be moved."""
        session = self._first.afresh() if previous is None else previous.session
        if phase < len(self.layers) - 1:
            return PaintingState(phase, self.layers[phase], session)
        return PaintingState(phase, self.layers[-1], session, self._refining(phase, session))

    def _refining(self, phase: int, session: PaintingSession) -> StrokeRefiner:
        """A refiner of a painter's strokes; kept, since reports tell of its network."""
        from orbifolio.runner.painting.refining.refiner import RefiningContext, StrokeRefiner

        assert self.settings.refine is not None
        given = session.subject.palette_given
        context = RefiningContext(
            seed=self.context.seed,
            phase=phase,
            device=self.context.device,
            picture=self.context.picture,
            plain_picture=self.context.plain_picture,
            mask=self.context.mask_picture,
            subject=self._shown_subject,
            paints=oklab.from_srgb(session.paints()) if given else None,
            fast_bf16=self.context.fast_bf16,
        )
        self._refiner = StrokeRefiner(self.settings.refine, self._painting(session), context)
        return self._refiner

    def _painting(self, session: PaintingSession) -> BristlePainting:
        """What a painter has painted, as a document."""
        if self.symmetry is None:
            return BristlePainting.of(session)
        aspect = None if self.settings.aspect is None else parse_ratio(self.settings.aspect).text
        return BristlePainting.of(session, PaintedSymmetry(self.settings.symmetry, aspect, self.size))

    def step(self, state: PaintingState) -> Outcome:
        """One pass, or one step of the refinement."""
        if state.refiner is not None:
            return Outcome(*state.refiner.step())
        report = state.session.paint_pass(state.done)
        state.done += 1
        return Outcome({"missing": report.missing}, {"strokes": float(state.session.strokes.size)})

    def image(self, state: PaintingState) -> F32:
        """The canvas under the lamp; while it is refined, as small as the network sees it."""
        return state.session.picture() if state.refiner is None else state.refiner.picture()

    def final(self, state: PaintingState) -> F32:
        """The canvas under the lamp; refined strokes are painted anew on one of the painting's size."""
        if state.refiner is not None:
            refined = state.refiner.painting()
            state.session.go_over(refined.strokes, refined.drawn())
        return state.session.picture()

    def save(self, state: PaintingState) -> dict[str, Any]:
        """The paint, the strokes, and how far it is."""
        refiner = None if state.refiner is None else state.refiner.state_dict()
        return {"done": state.done, "refiner": refiner, **state.session.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> PaintingState:
        """The saved state; the plan is made anew, since it follows from picture and seed."""
        session = self._first.afresh()
        session.load_state_dict(saved)
        state = PaintingState(phase, int(saved["done"]), session)
        if saved.get("refiner") is not None:
            state.refiner = self._refining(phase, session)
            state.refiner.load_state_dict(saved["refiner"])
        return state

    def traits(self, phase: int) -> Traits:
        """From the symmetry's colours and its true shape; a painting without has edges."""
        if self.symmetry is None:
            return Traits(tiles=False)
        width, height = self.size
        return traits_of(self.symmetry, self._ratio * height / width if self.symmetry.ratio is not None else 1.0)

    def symmetry_summary(self, image: F32 | None) -> dict[str, Any] | None:
        """Group, claims and residuals; None for a painting without symmetry."""
        if self.symmetry is None:
            return None
        return summarise(self.symmetry, kind_of(type(self.settings.symmetry)), image)

    def stages(self) -> Mapping[str, F32]:
        """What the symmetry makes of the picture, about a fundamental domain; the picture in the hand's colours."""
        fitted = {} if self.symmetry is None else {"fitted to the symmetry": self._fitted}
        if self.manner is None or self.manner.transfer is None:
            return fitted
        return {**fitted, "in the colours of the painting": self.subject_picture}

    def extras(self, state: PaintingState, tone: Tone) -> Mapping[str, bytes]:
        """The document of strokes, what follows from it, and under a symmetry what its geometry offers."""
        from orbifolio.runner.exports.geometry import geometry_products, relief_products
        from orbifolio.runner.painting.products import products

        canvas = state.session.canvas
        if isinstance(canvas, FoldedCanvas):
            assert self.symmetry is not None
            layout = canvas.surface.layout
            colours = tone(canvas.lit()[None])[0]
            values = layout.constrain(torch.from_numpy(np.ascontiguousarray(colours, np.float32)) - 0.5)
            files = geometry_products(self.symmetry, layout, values)
            if self.settings.look.relief:
                files = {**files, **relief_products(self.symmetry, layout, canvas.paint.heights)}
        else:
            files = {}
        made = products(self._painting(state.session), title=self.context.title)
        return {**files, **made, **self._in_figures(state.session)}

    def _shown_subject(self, size: tuple[int, int]) -> torch.Tensor:
        """(1, 3, height, width) what is to be seen all over a picture of a size, (width, height)."""
        whole = self._picture if self._fitting is None else self._fitting.whole
        coloured = whole if self.manner is None else self.manner.coloured(whole)
        look = self._first.brief.look
        return torch.from_numpy(np.ascontiguousarray(wanted(coloured, look, *size).transpose(2, 0, 1)))[None]

    def _in_figures(self, session: PaintingSession) -> Mapping[str, bytes]:
        """How it is painted; under a symmetry, about a fundamental domain."""
        from orbifolio.runner.painting.products import in_figures

        shown = session.picture()
        if self.surface is not None:
            shown = cut(shown, painting_window(self.surface.domain))
        side = min(session.plan_size)
        return {"painting.json": in_figures(session.strokes, side, shown, self.subject_picture)}

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of the placer's networks, and of the refinement's once it looks."""
        networks = () if self._refiner is None else self._refiner.encoder.provenances
        return tuple(asdict(network) for network in (*self.settings.placer.provenances(), *networks))

    def describe(self) -> str:
        """The look, and what it found in the picture."""
        saliency = self._first.subject.saliency
        faces = len(saliency.faces)
        lines = [f"look {self._first.brief.look!r}"]
        if self.manner is not None:
            lines += self.manner.sentences
        if faces:
            lines.append(f"{faces} {'face' if faces == 1 else 'faces'}, finished with finer brushes")
        if self._refiner is not None:
            lines.append(self._refiner.describe())
        return "\n".join(lines)


def _layers(session: PaintingSession) -> list[int]:
    """Number of the first pass of each layer, and that of all passes."""
    return [*(number for number, item in enumerate(session.passes) if item.first), len(session.passes)]


def _window_size(domain: Domain) -> tuple[int, int]:
    """(width, height) in pixels of the window that strokes are planned in."""
    left, top, right, bottom = painting_window(domain)
    return right - left, bottom - top
