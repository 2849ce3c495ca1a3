"""The family of vision networks."""

from runner.settings import family
from runner.vision.efficientnet import EfficientNetLite0
from runner.vision.inception import InceptionV3
from runner.vision.untrained import Untrained
from runner.vision.vgg import Vgg16, Vgg19

NETWORKS = (Vgg16, Vgg19, EfficientNetLite0, InceptionV3, Untrained)
AnyNetwork = family(*NETWORKS)
