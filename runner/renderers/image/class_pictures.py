"""Class pictures: class name -> candidates -> the most convincing one, painted in strokes.

Several pictures of a class are made at once, from noise, by what classifiers know of it (`class_batch`). Each is
painted small, and a classifier that had no part in it says how sure it is *of the paint*; what it believes in most is
painted large. Nakano (2019) lets strokes themselves follow class scores; here the picture comes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.errors import InputError
from orbifolio.runner.images import encoding, tone
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.objectives.dream import class_index
from orbifolio.runner.objectives.statistics_prior import StatisticsPrior, StatisticsPriorObjective
from orbifolio.runner.painting.look import PaintingLook, layers
from orbifolio.runner.painting.looks import AnyLook, Oil
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.renderers.image.class_batch import ClassBatch, ClassTask, class_probability
from orbifolio.runner.renderers.image.survey import contact_sheet, sheet_size
from orbifolio.runner.renderers.painting import PaintedPicture, PaintingRenderer, PaintingState
from orbifolio.runner.settings import family
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.views import Views
from orbifolio.runner.views.affine import Jitter, Mirror, Rotate, Scale
from orbifolio.runner.views.filters import Grain, Lighting, Soften, Vignette
from orbifolio.runner.vision.base import Encoder, VisionSettings
from orbifolio.runner.vision.efficientnet import AnyClassifier, EfficientNetLite0, EfficientNetLite1, EfficientNetLite2

if TYPE_CHECKING:
    from torch import Tensor

AnyRotor: Any = family(NoSymmetry, Rotor)
MOVES = (Scale(low=0.9, high=1.25), Rotate(degrees=8), Jitter(amount=8), Mirror(), Lighting())
JUDGED_VIEWS = (*MOVES, Soften(smallest=0.25), Grain(amount=0.03))  # ranked most like a person, of five kinds tried
PICTURE_SECONDS = 0.025  # of a step for each candidate at 128 px, for the plan; measured on two processor cores
JUDGED_SECONDS = 2.0  # of painting a candidate and judging it, in the same way
FINE = layers((22, 0, 1, 1), (50, 0.03, 1, 0), (100, 0.045, 1, 0), (190, 0.055, 1, 0))  # wide strokes eat petals
OIL = Oil(layers=FINE, saturation=1.0)
MAKING = 2  # phases before the painting's
JUDGED_SIDE = 384  # pixels at which candidates are painted: more than any classifier sees
PAINTED_SIDE = 384  # pixels to which a candidate is enlarged for the painter
DENOISED = 0.02  # weight of total variation: takes the grain that only a network sees (Rudin et al. 1992)


class ClassPictures(RendererSettings):
    """A picture of an ImageNet class, from what classifiers know of it, painted in strokes."""

    kind: Literal["class-pictures"] = "class-pictures"
    class_: str | int = Field(alias="class")
    """The class by name (`volcano`) or number (980)."""
    candidates: int = Field(default=8, ge=1, le=36)
    """How many pictures are made at once, of which the best is painted."""
    company: Annotated[tuple[str | int, ...], Field(max_length=36)] = ()
    """Classes whose pictures are made in the same batch, one each, and left out then: statistics of many classes are
    nearer to ImageNet's, so that `prior` may weigh more (`{weight: 20, slack: 0}`) and colours are freer."""
    symmetry: AnyRotor = NoSymmetry()
    """A mirror image (`{kind: rotor, order: 1, mirrors: true}`) or a rotor that candidates have, as a bee or a starfish
    has: then shapes agree from side to side, which classifiers do not ask for. The painter follows it by eye."""
    pick: int | None = Field(default=None, ge=1, le=36)
    """Number of the candidate that is painted, from the sheet in the report; none: what the judge is surest of."""
    side: int = Field(default=128, ge=64, le=512)
    """Of the candidates in pixels; strokes need no more."""
    steps: int = Field(default=170, ge=1, le=10_000)
    """Steps in which they come to be."""
    rate: float = Field(default=0.09, gt=0, le=10)
    """Step size."""
    prior: StatisticsPrior = StatisticsPrior()
    """How strictly features must be spread as over photographs."""
    smoothness: float = Field(default=70.0, ge=0, le=1e6)
    """Weight of squared differences of neighbouring pixels."""
    classifiers: Annotated[tuple[AnyClassifier, ...], Field(min_length=1, max_length=8)] = (
        EfficientNetLite0(),
        EfficientNetLite1(),
    )
    """The classifiers that the pictures are made with, in turns."""
    judge: AnyClassifier = EfficientNetLite2()
    """The classifier that judges what was painted."""
    views: Views = (*MOVES, Grain(amount=0.03))
    """Random views of the sharp term, which also sees statistics."""
    soft_views: Views = (*MOVES, Soften(), Vignette())
    """Random views of the soft term: what is recognised through them survives a brush."""
    saturation: float = Field(default=1.5, ge=0, le=4)
    """Factor of colours before painting: made pictures are pale."""
    look: AnyLook = OIL
    """How the picture is painted; by default in oil, with strokes fine enough for petals and stripes."""
    size: int = Field(default=1024, ge=64, le=16384)
    """Side of the painting in pixels."""
    brush_size: float = Field(default=1.0, ge=0.2, le=5)
    """Factor of the width of all strokes."""
    strokes: int | None = Field(default=None, ge=1, le=500_000)
    """At most so many strokes, where they are needed most; none: as many as it takes."""
    cites: ClassVar[tuple[str, ...]] = ("yin2020", "nakano2019", "mordvintsev2018", "rudin1992")

    def build(self, context: RenderContext) -> ClassRenderer:
        """The renderer; networks are loaded when first needed."""
        return ClassRenderer(self, context)

    @property
    def number(self) -> int:
        """Of the class.

        Raises:
            InputError: no such class.
        """
        judge: VisionSettings = self.judge
        return class_index(self.class_, judge.class_names())

    @property
    def company_numbers(self) -> tuple[int, ...]:
        """Of the classes in company.

        Raises:
            InputError: no such class.
        """
        judge: VisionSettings = self.judge
        return tuple(class_index(item, judge.class_names()) for item in self.company)

    def task(self, seed: int) -> ClassTask:
        """What a batch of candidates is to become."""
        return ClassTask(
            classes=(self.number,) * self.candidates,
            company=self.company_numbers,
            symmetry=self.symmetry.build(),
            side=self.side,
            steps=self.steps,
            rate=self.rate,
            prior=self.prior,
            smoothness=self.smoothness,
            views=self.views,
            soft_views=self.soft_views,
            seed=seed,
        )

    def painting(self) -> PaintedPicture:
        """How a candidate is painted."""
        look: PaintingLook = self.look  # without faces, so that all candidates have the same layers
        plain = look.model_copy(update={"faces": False})
        return PaintedPicture(
            image="candidate", look=plain, size=self.size, brush_size=self.brush_size, strokes=self.strokes
        )

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """Unknown classes, picks beyond the candidates, a judge that had a part; see the base class."""
        problems = []
        try:
            _ = self.number
        except InputError as error:
            problems.append(("class", str(error)))
        judge: VisionSettings = self.judge
        for place, item in enumerate(self.company):
            try:
                class_index(item, judge.class_names())
            except InputError as error:
                problems.append((f"company.{place}", str(error)))
        if self.pick is not None and self.pick > self.candidates:
            problems.append(
                ("pick", f"{self.pick} of {self.candidates} candidates; choose one from 1 to {self.candidates}")
            )
        return problems

    def advisories(self) -> list[str]:
        """A judge that had a part; see the base class."""
        if self.judge in self.classifiers:
            return ["renderer.judge is among renderer.classifiers, so its word proves nothing; choose another judge"]
        return []

    def networks(self) -> tuple[VisionSettings, ...]:
        """The classifiers and the judge; see the base class."""
        return tuple(dict.fromkeys((*self.classifiers, self.judge)))


@dataclass
class ClassState:
    """A phase under way.

    Attributes:
        phase: 0: candidates come to be; 1: they are painted small and judged; then a layer of the painting each.
        step: steps done in this phase.
        batch: of the candidates, in the first phase.
        pictures: (candidates, 3, side, side), once they are finished.
        sketches: the painted ones so far, (height, width, 3).
        probabilities: of the class, as the judge sees each of them.
        painting: of the best, in later phases.
        probability: of the painting so far.
    """

    phase: int
    step: int = 0
    batch: ClassBatch | None = None
    pictures: Tensor | None = None
    sketches: list[F32] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    painting: PaintingState | None = None
    probability: float | None = None


class ClassRenderer(Renderer):
    """Makes, judges and paints; see the module's docstring."""

    charted = ("probability",)

    def __init__(
        self, settings: ClassPictures, context: RenderContext, loaded: dict[VisionSettings, Encoder] | None = None
    ) -> None:
        """A renderer that loads networks when it needs them.

        Args:
            loaded: networks that other renderers have loaded; it is added to.
        """
        self.settings, self.context = settings, context
        self._loaded = {} if loaded is None else loaded
        self._painter: PaintingRenderer | None = None
        self._state: ClassState | None = None

    @property
    def _networks(self) -> tuple[Encoder, ...]:
        return tuple(self._network(classifier) for classifier in self.settings.classifiers)

    @property
    def judge(self) -> Encoder:
        """The classifier that had no part in the making, loaded when first needed."""
        return self._network(self.settings.judge)

    def _network(self, settings: VisionSettings) -> Encoder:
        if settings not in self._loaded:
            self._loaded[settings] = settings.build().to(self.context.device, torch.float32)
        return self._loaded[settings]

    def _painter_of(self, picture: F32) -> PaintingRenderer:
        return PaintingRenderer(self.settings.painting(), shown_to(self.context, picture))

    def _sketch(self, candidate: Tensor) -> F32:
        """A candidate, painted small."""
        picture = prepared(candidate, self.settings.saturation)
        sketch = self.settings.painting().sketch(shown_to(self.context, picture), JUDGED_SIDE)
        assert sketch is not None
        return sketch

    def phases(self) -> tuple[Phase, ...]:
        """Making, judging, and the painting's layers."""
        # Layers follow from the look and the size alone, so any picture tells them, not laid out.
        blank = np.full((PAINTED_SIDE, PAINTED_SIDE, 3), 0.5, np.float32)
        return (*self.making(), *self._painter_of(blank).forecast())

    def making(self) -> tuple[Phase, ...]:
        """The phases before the painting."""
        settings = self.settings
        width, height = sheet_size(settings.candidates)
        together = settings.candidates + len(settings.company)
        made = PICTURE_SECONDS * together * settings.steps * (settings.side / 128) ** 2
        first = together * settings.side * (settings.side // 2 + 1) * 6
        return (
            Phase(f"{settings.candidates} candidates", width, height, settings.steps, first, seconds=made),
            Phase(
                "each painted and judged",
                width,
                height,
                settings.candidates,
                0,
                seconds=JUDGED_SECONDS * settings.candidates,
            ),
        )

    def begin(self, phase: int, previous: ClassState | None) -> ClassState:
        """A batch, its finished pictures, or an empty canvas for the best; see `ClassState`."""
        if previous is None:
            batch = ClassBatch(self.settings.task(self.context.seed), self._networks, self.context.device)
            return self._keep(ClassState(phase, batch=batch))
        if previous.batch is not None:
            return self._keep(ClassState(phase, pictures=self._candidates(previous.batch)))
        layer = phase - MAKING
        before = previous.painting
        state = replace(previous, phase=phase, step=0)
        state.painting = self._painting_of(state).begin(layer, before)
        return self._keep(state)

    def _candidates(self, batch: ClassBatch) -> Tensor:
        """(candidates, 3, side, side), without their company."""
        return batch.pictures()[: self.settings.candidates].cpu()

    def _keep(self, state: ClassState) -> ClassState:
        """Remember the state that `describe` tells of."""
        self._state = state
        return state

    def _painting_of(self, state: ClassState) -> PaintingRenderer:
        """The painter of the chosen candidate."""
        if self._painter is None:
            self._painter = self._painter_of(self.subject(state))
        return self._painter

    def subject(self, state: ClassState) -> F32:
        """What is painted of a judged batch: the chosen candidate, as the painter is given it."""
        assert state.pictures is not None
        return prepared(state.pictures[self.chosen(state)], self.settings.saturation)

    def chosen(self, state: ClassState) -> int:
        """Index of the candidate that is painted."""
        if self.settings.pick is not None:
            return self.settings.pick - 1
        return int(np.argmax(state.probabilities))

    def step(self, state: ClassState) -> Outcome:
        """One step of all candidates, one candidate painted and judged, or one pass of the painting."""
        number, state.step = state.step, state.step + 1
        if state.batch is not None:
            return Outcome(state.batch.step(number))
        if state.painting is None:
            assert state.pictures is not None
            state.sketches.append(self._sketch(state.pictures[number]))
            state.probabilities.append(self.probability(state.sketches[-1]))
            return Outcome({}, {"probability": state.probabilities[-1]})
        painter = self._painting_of(state)
        outcome = painter.step(state.painting)
        state.probability = self.probability(painter.image(state.painting))
        return replace(outcome, metrics={**outcome.metrics, "probability": state.probability})

    def probability(self, painted: F32) -> float:
        """Of the class, as the judge sees a painted picture, (height, width, 3) in [0, 1]."""
        picture = torch.from_numpy(np.ascontiguousarray(painted.transpose(2, 0, 1)))[None].to(self.context.device)
        return class_probability(self.judge, picture, self.settings.number, self.settings.side, JUDGED_VIEWS)

    def sheet(self, state: ClassState) -> F32:
        """The candidates, numbered; painted and with the judge's probability, where they have been judged."""
        made = [] if state.batch is None else list(self._candidates(state.batch))
        pictures = made or list(state.pictures if state.pictures is not None else ())
        cells = [*state.sketches, *(_pixels(picture) for picture in pictures[len(state.sketches) :])]
        judged = [f"{number}: {probability:.2f}" for number, probability in enumerate(state.probabilities, 1)]
        return contact_sheet(cells, [*judged, *(str(number + 1) for number in range(len(judged), len(cells)))])

    def image(self, state: ClassState) -> F32:
        """The sheet of candidates, or the painting."""
        if state.painting is None:
            return self.sheet(state)
        return self._painting_of(state).image(state.painting)

    def save(self, state: ClassState) -> dict[str, Any]:
        """The batch, or pictures and paint so far."""
        if state.batch is not None:
            return {"step": state.step, "batch": state.batch.state_dict()}
        painting = None if state.painting is None else self._painting_of(state).save(state.painting)
        return {
            "step": state.step,
            "pictures": state.pictures,
            "sketches": [torch.from_numpy(sketch) for sketch in state.sketches],
            "probabilities": list(state.probabilities),
            "painting": painting,
            "probability": state.probability,
        }

    def load(self, phase: int, saved: Mapping[str, Any]) -> ClassState:
        """The saved state."""
        step = int(saved["step"])
        if "batch" in saved:
            state = self.begin(phase, None)
            assert state.batch is not None
            state.batch.load_state_dict(saved["batch"])
            state.step = step
            return state
        state = ClassState(
            phase,
            step,
            pictures=saved["pictures"].cpu(),
            sketches=[sketch.cpu().numpy() for sketch in saved["sketches"]],
            probabilities=[float(value) for value in saved["probabilities"]],
            probability=saved["probability"],
        )
        if saved["painting"] is not None:
            state.painting = self._painting_of(state).load(phase - MAKING, saved["painting"])
        return self._keep(state)

    def traits(self, phase: int) -> Traits:
        """A painting has edges."""
        return Traits(tiles=False)

    def extras(self, state: ClassState, tone: Tone) -> Mapping[str, bytes]:
        """The painting's files, the sheet of candidates, and what the judge said."""
        files = {"candidates.png": encoding.png(self.sheet(replace(state, painting=None)))}
        if state.painting is None:
            return files
        painter = self._painting_of(state)
        files |= {**painter.extras(state.painting, tone), "unpainted.png": encoding.png(painter.subject_picture)}
        record = {
            "class": self.judge.classes[self.settings.number],
            "judge": self.judge.name,
            "candidates": [round(value, 4) for value in state.probabilities],
            "painted": self.chosen(state) + 1,
            "picked": self.settings.pick is not None,
            "probability": state.probability,
        }
        return files | {"candidates.json": json.dumps(record, indent=1).encode()}

    def weights(self) -> tuple[Mapping[str, str], ...]:
        """Of every network in use."""
        return tuple(asdict(network.provenance) for network in (*self._networks, self.judge))

    def describe(self) -> str:
        """The class and its networks, the prior, and the painting."""
        settings = self.settings
        names = " and ".join(network.name for network in self._networks)
        lines = [
            f"class {self.judge.classes[settings.number]} ({settings.number}) by {names} in fp32",
            StatisticsPriorObjective(settings.prior, self._networks[0].statistics).describe(),
            f"judged by {self.judge.name}",
        ]
        if self._state is not None and self._state.painting is not None:
            lines.append(f"candidate {self.chosen(self._state) + 1} painted")
            lines.append(self._painting_of(self._state).describe())
        return "\n".join(lines)


def shown_to(context: RenderContext, picture: F32) -> RenderContext:
    """A context for a painter who is given this picture, (height, width, 3) in [0, 1], whatever it asks for."""
    shown = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
    return replace(context, picture=lambda source: shown, plain_picture=lambda source: shown, plain_pixels=None)


def prepared(picture: Tensor, saturation: float) -> F32:
    """What the painter is given of a candidate: without grain, in full colours, enlarged.

    Args:
        picture: (3, side, side) in [0, 1].
        saturation: factor of colours.

    Returns:
        (`PAINTED_SIDE`, `PAINTED_SIDE`, 3) in [0, 1].
    """
    from skimage.restoration import denoise_tv_chambolle  # here: it imports `scipy.stats`, which takes half a second

    calm = denoise_tv_chambolle(_pixels(picture), weight=DENOISED, channel_axis=-1).astype(np.float32)
    colourful = tone.saturation(calm, saturation)
    stretched = tone.levels(colourful, *tone.automatic_levels(colourful.clip(0, 1), symmetric=False))
    small = torch.from_numpy(np.ascontiguousarray(stretched.transpose(2, 0, 1)))[None]
    large = functional.interpolate(small, size=(PAINTED_SIDE, PAINTED_SIDE), mode="bicubic").clamp(0, 1)
    return _pixels(large[0])


def _pixels(picture: Tensor) -> F32:
    """(3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
