"""Every canvas: shows what it was given, is exactly symmetric whatever its parameters, has true gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.canvas import CANVASES
from orbifolio.runner.canvas.fourier import Fourier
from orbifolio.runner.canvas.initial import (
    INITIALS,
    Constant,
    FromImage,
    FromPatches,
    InitialContext,
    Noise,
    Plasma,
    Product,
    Sum,
    TiledFigure,
    WaveStart,
    initialise,
)
from orbifolio.runner.canvas.pixels import Pixels
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.cover import cover
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane

EXACT = [kind for kind in CANVASES if not kind.paints]  # strokes are tested in tests/painting
SYMMETRIES = {
    "none": NoSymmetry(),
    "p4": Plane(group="p4", colours={"r4": ["-r", "-g", "-b"]}),
    "p6": Plane(group="p6", colours={"r6": ["g", "b", "r"]}),
    "pg": Plane(group="pg"),
}


def layout(name: str, width: int = 16):
    symmetry = SYMMETRIES[name].build(None)
    size = symmetry.fit(width, multiple=4, ratio=symmetry.ratio or 1.0)
    return symmetry, symmetry.layout(*size)


def random(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def start(place, seed: int = 1) -> torch.Tensor:
    return place.constrain(torch.rand((place.parameters, 3), generator=random(seed)) * 0.6 - 0.3)


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", EXACT, ids=lambda kind: kind.__name__)
def test_begins_as_it_was_told(kind, name):
    _, place = layout(name)
    values = start(place)
    shown = kind().build(place, values).artwork().detach()
    tolerance = 1e-4 if name != "p6" or kind is not Fourier else 0.25  # pixels are not texels on hexagons
    assert (shown - place.render(values)).abs().max() < tolerance


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", EXACT, ids=lambda kind: kind.__name__)
def test_stays_symmetric_whatever_the_parameters(kind, name):
    """The artwork is reproduced by the orbit values sampled from it, which only symmetric ones are."""
    symmetry, place = layout(name)
    canvas = kind().build(place, start(place))
    with torch.no_grad():
        for parameter in canvas.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=random(2))
    artwork = canvas.artwork().detach()
    for claim in symmetry.claims():
        if name == "p6":
            continue  # between pixels; measured by the symmetry room
        from orbifolio.runner.symmetry import colour

        height, width = artwork.shape[-2:]
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        x, y = columns / width, rows / height
        matrix = torch.from_numpy(claim.matrix.copy())
        moved_x = ((matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) * width).round().long() % width
        moved_y = ((matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) * height).round().long() % height
        turned = (
            torch.einsum("ij,jhw->ihw", torch.tensor(colour.MATRICES[claim.colour]).float(), artwork[0] - 0.5) + 0.5
        )
        assert (artwork[0][:, moved_y, moved_x] - turned).abs().max() < 1e-5, claim.name


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", EXACT, ids=lambda kind: kind.__name__)
def test_gradients_agree_with_differences(kind, name):
    _, place = layout(name, 8)
    canvas = kind().build(place, start(place))
    target = torch.rand((1, 3, place.height, place.width), generator=random(3))
    (parameter,) = canvas.parameters()

    def loss() -> torch.Tensor:
        return (canvas.artwork() * target).sum()

    (gradient,) = torch.autograd.grad(loss(), parameter)
    direction = torch.randn(parameter.shape, generator=random(4))
    step = 1e-2 / float(direction.abs().max())
    with torch.no_grad():
        parameter += step * direction
        after = loss()
        parameter -= 2 * step * direction
        before = loss()
    expected = float((gradient * direction).sum())
    assert float(after - before) / (2 * step) == pytest.approx(expected, rel=0.02, abs=1e-2)


@pytest.mark.parametrize("name", ["none", "p4", "pg"])  # on hexagons texels are no pixels
def test_a_step_of_the_pixel_canvas_moves_the_picture_as_far(name):
    """The parameters are orthonormal coordinates of the symmetric pictures: lengths are kept."""
    _, place = layout(name)
    canvas = Pixels().build(place, torch.zeros((place.parameters, 3)))
    values = start(place, 2)
    with torch.no_grad():
        canvas.tensor.copy_(values * canvas.scale)
    picture = canvas.artwork().detach() - 0.5
    assert float(picture.norm()) == pytest.approx(float(canvas.tensor.detach().norm()), rel=1e-5)


@pytest.mark.parametrize("decay", [0.0, 1.0, 2.0])
def test_waves_have_the_same_contrast_at_every_size(decay):
    """Unit spectra give the same spread before the sigmoid, whatever the size and the decay."""
    spreads = []
    for width in (16, 64):
        _, place = layout("none", width)
        canvas = Fourier(decay=decay, contrast=1.0).build(place, torch.zeros((place.parameters, 3)))
        squares = []
        for seed in range(20):
            with torch.no_grad():
                canvas.tensor.copy_(torch.randn(canvas.tensor.shape, generator=random(seed)))
            colours = torch.logit(canvas.artwork().detach()[0].double())
            waves = torch.einsum("ij,jhw->ihw", torch.linalg.inv(canvas.basis.double()), colours)
            squares.append(float(waves.square().mean()))
        spreads.append((sum(squares) / len(squares)) ** 0.5)
    assert spreads[1] == pytest.approx(spreads[0], rel=0.15)
    # |spectrum|^2 has mean 2 and contrast / 4 is the gain: 2 / 16 of the contrast squared; a little less where decay
    # gives most to the waves of frequency zero along an axis, whose two halves are one
    assert spreads[0] == pytest.approx(8**-0.5, rel=0.25)


@pytest.mark.parametrize("kind", EXACT, ids=lambda kind: kind.__name__)
def test_saving_and_loading(kind):
    _, place = layout("p4")
    one, two = kind().build(place, start(place, 1)), kind().build(place, start(place, 2))
    two.load_state_dict(one.state_dict())
    assert torch.equal(one.artwork(), two.artwork())


def stripes(source: str) -> torch.Tensor:
    x = torch.linspace(0, 1, 48)[None, None, None, :].expand(1, 3, 32, 48)
    return 0.5 + 0.5 * torch.sin(12 * x + torch.tensor([0.0, 1.0, 2.0])[None, :, None, None])


EXAMPLES = [
    Noise(),
    Plasma(),
    FromImage(image="x"),
    FromPatches(images=[{"image": "x"}]),
    WaveStart(photo="x", terms=5),
    Constant(colour=(0.1, 0.5, 0.9)),
    Sum(of=(0.1, "noise")),
    Product(of=("noise", 0.5)),
]


def test_every_initial_state_has_an_example():
    assert {type(example) for example in EXAMPLES} | {TiledFigure} == set(INITIALS)


def test_a_figure_is_drawn_only_where_the_symmetry_brings_one():
    symmetry, place = layout("p4")
    with pytest.raises(InputError, match="only `isohedral`, .* bring a figure"):
        initialise(TiledFigure(), InitialContext(place, random(5), stripes, symmetry))


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("initial", EXAMPLES, ids=lambda initial: initial.kind)
def test_initial_states_are_constrained_and_repeat_by_seed(initial, name):
    symmetry, place = layout(name)
    values = initialise(initial, InitialContext(place, random(5), stripes, symmetry))
    assert values.shape == (place.parameters, 3)
    assert torch.equal(values, initialise(initial, InitialContext(place, random(5), stripes, symmetry)))
    torch.testing.assert_close(place.constrain(values), values)


def test_noise_and_plasma_keep_their_range_under_symmetry():
    _, place = layout("p6", 48)
    for initial in (Noise(low=0.2, high=0.8), Plasma(low=0.2, high=0.8)):
        colours = initial.colours(InitialContext(place, random(1), stripes))
        assert float(colours.min()) == pytest.approx(0.2, abs=0.02)
        assert float(colours.max()) == pytest.approx(0.8, abs=0.02)


def test_a_picture_begins_as_itself_where_nothing_forces_it():
    _, place = layout("none", 48)
    values = initialise(FromImage(image="x"), InitialContext(place, random(), stripes))
    torch.testing.assert_close(place.render(values), cover(stripes("x"), (48, 48)))


@settings(max_examples=30)
@given(a=st.floats(-1, 2), b=st.floats(-1, 2), c=st.floats(-1, 2))
def test_sums_and_products_are_arithmetic(a, b, c):
    _, place = layout("none", 8)
    grey = InitialContext(place, random(), stripes)
    total = Sum(of=(a, Product(of=(b, c)))).colours(grey)
    torch.testing.assert_close(total, torch.full_like(total, a + b * c))


def test_noise_is_independent_and_uniform():
    _, place = layout("none", 128)
    colours = Noise(low=0.2, high=0.8).colours(InitialContext(place, random(), stripes)).double()
    assert torch.allclose(colours.mean(0), torch.full((3,), 0.5).double(), atol=0.005)
    covariance = torch.cov(colours.T)
    assert torch.allclose(covariance, torch.eye(3).double() * 0.6**2 / 12, atol=0.001)


def test_plasma_is_rougher_where_it_is_told_so():
    _, place = layout("none", 64)

    def grain(roughness: float) -> float:
        picture = place.render(Plasma(roughness=roughness).colours(InitialContext(place, random(), stripes)))
        return float((picture - picture.roll(1, -1)).abs().mean())

    assert grain(0.3) < 0.7 * grain(0.55) < 0.5 * grain(0.8)


def test_plasma_wraps_around():
    from orbifolio.runner.canvas.initial import _diamond_square

    field = _diamond_square(64, 0.4, random(3))
    inside = (field[1:] - field[:-1]).abs().mean()
    seam = (field[0] - field[-1]).abs().mean()
    assert float(seam) < 1.5 * float(inside)
