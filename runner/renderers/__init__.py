"""The family of renderers."""

from runner.renderers.agent_training import AgentTraining
from runner.renderers.growing_neural_gas import GrowingNeuralGas
from runner.renderers.image_optimisation import ImageOptimisation
from runner.renderers.painter_comparison import PainterComparison
from runner.renderers.painter_training import PainterTraining
from runner.renderers.survey import Survey
from runner.settings import family

RENDERERS = (ImageOptimisation, GrowingNeuralGas, PainterTraining, PainterComparison, AgentTraining, Survey)
AnyRenderer = family(*RENDERERS)
