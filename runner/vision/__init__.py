"""The family of vision networks."""

from runner.settings import family
from runner.vision.efficientnet import EfficientNetLite0, EfficientNetLite1, EfficientNetLite2
from runner.vision.ensemble import Ensemble
from runner.vision.inception import InceptionV3
from runner.vision.untrained import Untrained
from runner.vision.vgg import Vgg16, Vgg19

NETWORKS = (
    Vgg16,
    Vgg19,
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    InceptionV3,
    Ensemble,
    Untrained,
)
AnyNetwork = family(*NETWORKS)
