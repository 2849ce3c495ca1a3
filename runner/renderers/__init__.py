"""The family of renderers."""

from runner.renderers.image_optimisation import ImageOptimisation
from runner.renderers.survey import Survey
from runner.settings import family

RENDERERS = (ImageOptimisation, Survey)
AnyRenderer = family(*RENDERERS)
