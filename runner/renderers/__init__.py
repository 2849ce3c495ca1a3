"""The family of renderers."""

from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.renderers.base import RendererSettings
from orbifolio.runner.renderers.growing_neural_gas import GrowingNeuralGas
from orbifolio.runner.renderers.image.class_pictures import ClassPictures
from orbifolio.runner.renderers.image.patches import Patches
from orbifolio.runner.renderers.image.settings import ImageOptimisation
from orbifolio.runner.renderers.image.survey import Survey
from orbifolio.runner.renderers.painting import PaintedPicture
from orbifolio.runner.renderers.self_organising_map import SelfOrganisingMapPicture
from orbifolio.runner.renderers.training.agent_training import AgentTraining
from orbifolio.runner.renderers.training.painter_comparison import PainterComparison
from orbifolio.runner.renderers.training.painter_training import PainterTraining
from orbifolio.runner.renderers.training.predictor_training import PredictorTraining
from orbifolio.runner.settings import family

RENDERERS = with_plugins(
    "renderers",
    RendererSettings,
    ImageOptimisation,
    Patches,
    PaintedPicture,
    ClassPictures,
    GrowingNeuralGas,
    SelfOrganisingMapPicture,
    PainterTraining,
    PainterComparison,
    AgentTraining,
    PredictorTraining,
    Survey,
)
AnyRenderer = family(*RENDERERS)
