"""The family of vision networks."""

from orbifolio.runner.plugins import with_plugins
from orbifolio.runner.settings import family
from orbifolio.runner.vision.alexnet import AlexNet
from orbifolio.runner.vision.base import VisionSettings
from orbifolio.runner.vision.efficientnet import EfficientNetLite0, EfficientNetLite1, EfficientNetLite2
from orbifolio.runner.vision.ensemble import Ensemble
from orbifolio.runner.vision.inception import InceptionV3
from orbifolio.runner.vision.untrained import Untrained
from orbifolio.runner.vision.vgg import Vgg16, Vgg19

NETWORKS = with_plugins(
    "networks",
    VisionSettings,
    Vgg16,
    Vgg19,
    AlexNet,
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    InceptionV3,
    Ensemble,
    Untrained,
)
AnyNetwork = family(*NETWORKS)
