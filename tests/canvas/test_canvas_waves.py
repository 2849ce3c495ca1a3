"""Waves: invariant under every group, equivariant under every colour action, trainable, equal by seed."""

import numpy as np
import pytest
import torch

from orbifolio.runner.canvas.base import CanvasPhase
from orbifolio.runner.canvas.initial import InitialContext, WaveStart, initialise
from orbifolio.runner.canvas.wave_picture import Mipmap
from orbifolio.runner.canvas.waves import Waves
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.frieze_groups import FRIEZES
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.verify.measure import measure_symmetry

CYCLE, NEGATIVE, SWAP = ["g", "b", "r"], ["-r", "-g", "-b"], ["g", "r", "b"]
SYMMETRIES = {
    **{name: Plane(group=name) for name in GROUPS},
    **{f"frieze {name}": Frieze(group=name, repeats=2) for name in FRIEZES},
    "p6 cycle": Plane(group="p6", colours={"r6": CYCLE}),
    "p4 negative": Plane(group="p4", colours={"r4": NEGATIVE}),
    "p1 cycle": Plane(group="p1", colours={"t1": CYCLE}),
    "pg cycle": Plane(group="pg", colours={"g": CYCLE}),
    "p4gm": Plane(group="p4gm", colours={"g": NEGATIVE, "r4": SWAP}),
    "frieze p11g swap": Frieze(group="p11g", colours={"g": SWAP}),
    "rotor 5": Rotor(order=5),
    "rotor 6 cycle": Rotor(order=6, colours={"r": CYCLE}),
    "kaleidoscope": Rotor(order=8, mirrors=True, colours={"m": NEGATIVE}),
    "mirror image": Rotor(order=1, mirrors=True),
    "none": NoSymmetry(),
    "sphere none": Sphere(group="none"),
    "sphere I": Sphere(group="I"),
    "sphere Ih": Sphere(group="Ih"),
    "sphere T cycle": Sphere(group="T", colours={"r3": CYCLE}),
    "sphere D5d negative": Sphere(group="D5d", colours={"s": NEGATIVE}),
    "7, 3": Hyperbolic(p=7, q=3),
    "6, 4 mirrors negative": Hyperbolic(p=6, q=4, mirrors=True, colours={"mirror": NEGATIVE}),
    "3, 20": Hyperbolic(p=3, q=20),
    "4, 6 sides": Hyperbolic(p=4, q=6, mirrors="sides", colours={"side": NEGATIVE}),
    "zoom": Droste(zoom=4, turn=60, repeats=3, colours={"z": CYCLE}),
    "zoom p6": Droste(group="p6", repeats=6),
    "nearly": Partial(base=Plane(group="p4"), folds=[{"elements": [{}, {"shift": ["1/4", "0"]}]}]),
}


def photo(source: str) -> torch.Tensor:
    """Soft stripes of several colours, darker to the right, so that nothing in it is symmetric."""
    y, x = torch.meshgrid(torch.linspace(0, 1, 60), torch.linspace(0, 1, 90), indexing="ij")
    parts = [torch.sin(7 * x + 2 * y), torch.cos(5 * y - x), torch.sin(4 * x * y + 1)]
    return 0.5 + 0.3 * torch.stack(parts)[None] - 0.2 * (x - 0.5)


def phase_of(kind, width: int = 96, seed: int = 3) -> CanvasPhase:
    symmetry = kind.build(None)
    size = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0)
    return CanvasPhase(symmetry.layout(*size), symmetry, seed, 0, (size,), 0, photo)


def begun(phase: CanvasPhase, **fields):
    return Waves(photo="x", terms=8, **fields).begin(phase, torch.zeros(0), None)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_waves_obey_the_group_without_its_layout(name):
    """Where the picture's formula is evaluated at x and at g x, it shows I(g x) = c(g) I(x): there is no seam."""
    space = begun(phase_of(SYMMETRIES[name], 24)).picture.space
    random = np.random.default_rng(1)
    places = space.points(400, random)
    shapes, zones = space.invariant(6, 5), space.coloured(3, 5)
    amplitudes = random.standard_normal(shapes.count) + 1j * random.standard_normal(shapes.count)
    others = random.standard_normal(zones.count) + 1j * random.standard_normal(zones.count)

    def shown(points):
        f = np.exp(points @ shapes.vectors.T) @ shapes.mixture[0] @ amplitudes
        s = np.stack([(np.exp(points @ zones.vectors.T) @ part @ others).real for part in zones.mixture], 1)
        return f, s

    f, s = shown(places)
    size = np.abs(f - f.mean()).max()
    assert size > 0.1
    assert zones.count == (0 if len(space.actions) == 1 else 3)
    form = np.diag([1.0, 1.0, float(space.curvature)])
    domain = space.points(3000, random)
    index = {element: number for number, element in enumerate(space.actions)}
    met = 0
    for matrix, element in list(zip(space.matrices, space.colours, strict=True))[1:40]:
        moved = places @ matrix.T
        near = np.ones(len(moved), dtype=bool)
        if space.curvature < 0:  # sums over infinitely many tiles are cut off outside the domain
            near = -(moved @ form @ domain.T).max(1) < 1.002
            met += int(near.sum())
        g, t = shown(moved)
        assert np.abs(g - f)[near].max(initial=0) < 2e-3 * size
        # image number c of g x is image number c(g)^-1 c of x
        order = [index[colour.compose(colour.INVERSE[int(element)], item)] for item in space.actions]
        if zones.count:
            assert np.abs(t - s[:, order])[near].max(initial=0) < 2e-3 * np.abs(s).max()
    assert met or space.curvature >= 0


@pytest.mark.parametrize("name", ["p4", "cm", "p4 negative", "pg cycle", "p6 cycle", "frieze p2mg", "kaleidoscope"])
def test_the_finished_picture_has_what_is_claimed(name):
    phase = phase_of(SYMMETRIES[name], 160)
    picture = begun(phase, smoothing=4).finished().detach()[0].permute(1, 2, 0).numpy()
    measured = measure_symmetry(picture, phase.symmetry)
    assert measured.claims
    assert max(claim.residual for claim in measured.claims) < 0.01


@pytest.mark.parametrize("name", ["p6", "p6 cycle", "sphere I", "7, 3", "zoom", "rotor 5", "none", "nearly"])
def test_the_sharp_picture_is_the_layouts_but_sharper(name):
    phase = phase_of(SYMMETRIES[name], 160)
    canvas = begun(phase, smoothing=4)
    with torch.no_grad():
        sharp, blended = canvas.artwork(), phase.layout.render(canvas.values())
    assert sharp.shape == blended.shape
    assert float((sharp - blended).abs().mean()) < 0.03
    assert float(blended.std()) > 0.05


@pytest.mark.parametrize("name", ["p6", "p6 cycle", "sphere T cycle", "6, 4 mirrors negative"])
def test_gradients_agree_with_differences(name):
    phase = phase_of(SYMMETRIES[name], 128)
    canvas = begun(phase, smoothing=0.5)  # so that the mipmap, whose level is no function to differentiate, has no part
    target = torch.rand((1, 3, phase.layout.height, phase.layout.width), generator=torch.Generator().manual_seed(1))

    def loss() -> torch.Tensor:
        return ((phase.layout.render(canvas.values()) - target) ** 2).sum()

    gradients = torch.autograd.grad(loss(), canvas.parameters())
    for parameter, gradient in zip(canvas.parameters(), gradients, strict=True):
        direction = gradient / gradient.norm()
        with torch.no_grad():
            parameter += 2e-3 * direction
            after = float(loss())
            parameter -= 4e-3 * direction
            before = float(loss())
            parameter += 2e-3 * direction
        assert (after - before) / 4e-3 == pytest.approx(float(gradient.norm()), rel=0.1)


def test_a_few_steps_bring_the_waves_nearer_to_a_target():
    phase = phase_of(Plane(group="p4"), 48)
    wanted = begun(phase, variant=4).artwork().detach()
    canvas = begun(phase)
    optimiser = torch.optim.Adam(canvas.parameters(), lr=0.05)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = ((canvas.artwork() - wanted) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_a_start_of_waves_is_the_canvas_of_the_same_seed():
    phase = phase_of(Plane(group="p6", colours={"r6": CYCLE}))
    context = InitialContext(phase.layout, torch.Generator().manual_seed(9), photo, phase.symmetry, phase.seed)
    start = initialise(WaveStart(photo="x", terms=8), context)
    torch.testing.assert_close(start, begun(phase).values().detach())
    assert not torch.equal(start, begun(phase_of(Plane(group="p6", colours={"r6": CYCLE}), seed=4)).values().detach())


def test_the_next_phase_goes_on_with_the_same_amplitudes_at_its_size():
    small, large = phase_of(Plane(group="p4"), 48), phase_of(Plane(group="p4"), 144)
    first = begun(small, smoothing=4)
    with torch.no_grad():
        first.picture.amplitudes += 0.1
    second = Waves(photo="x", terms=8, smoothing=12).begin(large, torch.zeros(0), first)
    shrunk = torch.nn.functional.interpolate(second.artwork().detach(), size=(48, 48), mode="area")
    # pixels of a tile lie at their corners, so that a mean of nine is a third of a pixel off
    assert float((shrunk - first.artwork().detach()).abs().mean()) < 0.03
    again = Waves(photo="x", terms=8).restore(small, torch.zeros(0), first.state_dict())
    assert torch.equal(again.values(), begun(small).values()) is False
    torch.testing.assert_close(again.picture.amplitudes, first.picture.amplitudes)


def test_a_photo_is_read_where_it_is_asked_and_mirrored_beyond_its_edges():
    picture = torch.rand((1, 3, 20, 30), generator=torch.Generator().manual_seed(2))
    mipmap = Mipmap(picture)
    middle = torch.tensor([[(7 + 0.5) / 30, (4 + 0.5) / 20]])
    none = torch.zeros(1)
    torch.testing.assert_close(mipmap(middle, none)[0], picture[0, :, 4, 7])
    torch.testing.assert_close(mipmap(-middle, none)[0], picture[0, :, 4, 7])
    torch.testing.assert_close(mipmap(2 - middle, none)[0], picture[0, :, 4, 7])
    torch.testing.assert_close(mipmap(middle, torch.ones(1))[0], picture.mean((0, 2, 3)), atol=0.1, rtol=0)


def test_a_start_is_refused_since_nothing_would_be_seen_of_it():
    (where, text), *rest = Waves(photo="x", init={"kind": "noise"}).complaints(lambda source: None)
    assert where == "init"
    assert "leave out init" in text
    assert not rest


@pytest.mark.parametrize("kind", [Hyperbolic(p=64, q=3), Hyperbolic(p=3, q=64)], ids=["64, 3", "3, 64"])
def test_tiles_of_very_many_corners_take_no_time_without_end(kind):
    phase = phase_of(kind, 48)
    assert len(phase.symmetry.wave_space(48, 48).matrices) <= 600
    assert begun(phase).picture.shapes.count == 8
