"""What is cut away of a mask counts nowhere; masks and pictures that say nothing are told when a recipe is checked."""

import io

import numpy as np
import pytest
from PIL import Image

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.images.mask import evenness, on_black
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.input_images import InputPictures
from orbifolio.runner.run.plan import make_plan


def picture(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def disc(inside: tuple[int, ...], outside: tuple[int, ...]) -> bytes:
    rows, columns = np.mgrid[:24, :24]
    within = (rows - 12) ** 2 + (columns - 12) ** 2 < 64
    return picture(np.where(within[..., None], inside, outside))


def test_a_mask_on_a_clear_ground_is_its_twin_on_black():
    for shade in (255, 120):
        clear = on_black(read_picture(disc((shade,) * 3 + (255,), (255, 255, 255, 0)), "a"))
        opaque = on_black(read_picture(disc((shade,) * 3, (0, 0, 0)), "a"))
        np.testing.assert_allclose(clear, opaque, atol=1e-6)
    half = on_black(read_picture(disc((200, 100, 50, 128), (9, 9, 9, 255)), "a"))
    np.testing.assert_allclose(half[12, 12], np.array([200, 100, 50]) / 255 * 128 / 255, atol=1e-6)


EVEN = {
    "white": ((255, 255, 255), "is white everywhere and masks nothing", "warning"),
    "grey": ((128, 128, 128), "is one even grey (0.50)", "warning"),
    "black": ((0, 0, 0), "is black everywhere; ", "error"),
    "clear": ((255, 255, 255, 0), "is black everywhere, its clear parts being black; ", "error"),
}


@pytest.mark.parametrize(("colour", "said", "severity"), EVEN.values(), ids=EVEN)
def test_a_mask_that_says_nothing_of_places_is_told(colour, said, severity):
    message, found = evenness(read_picture(disc(colour, colour), "a"))
    assert message.startswith(said)
    assert found == severity
    assert len(message.split("; ")) == 3


@pytest.fixture
def folder(tmp_path):
    """Pictures that are too even, too small or too long, and a recipe of each renderer that has masks."""
    (tmp_path / "white.png").write_bytes(disc((255, 255, 255), (255, 255, 255)))
    (tmp_path / "black.png").write_bytes(disc((0, 0, 0, 255), (255, 255, 255, 0)))
    (tmp_path / "cut.png").write_bytes(disc((255, 255, 255, 255), (0, 0, 0, 0)))
    (tmp_path / "strip.png").write_bytes(picture(np.random.default_rng(1).integers(0, 256, (8, 300, 3))))
    (tmp_path / "small.png").write_bytes(picture(np.random.default_rng(1).integers(0, 256, (20, 16, 3))))
    (tmp_path / "gas.yaml").write_text(
        "title: Gas\nrenderer:\n  kind: growing-neural-gas\n  image: skimage:horse\n  size: 200\n"
        "  phases: [{nodes: 60, epochs: 1, steps: 2}]\n"
    )
    (tmp_path / "image.yaml").write_text(
        "title: Image\nrenderer:\n  kind: image-optimisation\n  canvas: {kind: pixels, init: {kind: image, image: "
        "strip.png}}\n  vision: efficientnet-lite0\n  objectives: [{kind: style, images: ['skimage:coffee']}]\n"
        "  phases: [{size: 64, steps: 2}]\n"
    )
    return tmp_path


def warnings_of(folder, name: str, *overrides: str) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in load(folder / name, overrides).warnings]


def test_checks_tell_masks_that_mask_nothing_or_all(folder):
    assert warnings_of(folder, "gas.yaml", "renderer.tone.mask=cut.png") == []
    (told,) = warnings_of(folder, "gas.yaml", "renderer.tone.mask=white.png")
    assert told.startswith("renderer.tone.mask: is white everywhere and masks nothing; ")
    with pytest.raises(RecipeError, match=r"renderer\.objectives\.0\.mask: is black everywhere, its clear parts"):
        load(folder / "image.yaml", ["renderer.objectives.0.mask=black.png"])


def test_checks_tell_a_white_picture_on_a_clear_ground(folder):
    (told,) = warnings_of(folder, "gas.yaml", "renderer.image=cut.png")
    assert told == (
        "renderer.image: is white everywhere but for what is clear; it is laid on white paper; put a darker ground "
        "beneath it"
    )


def test_checks_tell_style_pictures_that_a_network_cannot_see(folder):
    with pytest.raises(RecipeError) as caught:
        load(folder / "image.yaml", ["renderer.objectives.0.images=[strip.png]"])
    (problem,) = caught.value.problems
    assert problem.path == "renderer.objectives.0.images.0"
    assert problem.message == "is 8 pixels high; efficientnet-lite0 needs 16; use a larger picture"
    (told,) = warnings_of(folder, "image.yaml", "renderer.objectives.0.images=[small.png]")
    assert "is 16 pixels wide; below 32 a network sees hardly more than its border" in told
    assert warnings_of(folder, "image.yaml") == []  # a picture to begin with may be of any size


def test_the_plan_tells_a_picture_that_is_cut_to_fit(folder):
    def notes(*overrides: str) -> list[str]:
        (phase,) = make_plan(load(folder / "image.yaml", overrides), "cpu").phases
        return [note for note in phase.notes if "cut to fit" in note]

    assert notes() == [
        "64 x 16 px is 4 times as wide as high, not 37.5, since sides are multiples of 16 px: the picture is cut to "
        "fit; a size of 544 keeps it whole"
    ]
    assert notes("renderer.phases=[{size: 544, steps: 1}]") == []
    assert notes("renderer.canvas.init.image=skimage:coffee") == []


def test_a_run_reads_masks_as_masks_and_shows_them_so(folder):
    loaded = load(folder / "gas.yaml", ["renderer.image=cut.png", "renderer.tone.mask=cut.png"])
    inputs = InputPictures(loaded.images, loaded.recipe.style_preparation)
    context = inputs.context(1, "cpu", lambda message: None)
    assert context.plain_picture("cut.png").min() == 1
    assert context.mask_picture("cut.png")[0, 0, 0, 0] == 0
    inputs.write(folder, loaded.recipe)
    shown = {path.name: np.asarray(Image.open(path).convert("L")) for path in (folder / "inputs").glob("*.webp")}
    assert shown["content-1.webp"].min() > 250
    assert (shown["mask-1.webp"].min(), shown["mask-1.webp"].max()) == pytest.approx((0, 255), abs=4)


def test_how_a_picture_was_read_is_an_advisory(folder):
    pages = [Image.new("L", size, 90) for size in ((16, 12), (40, 30))]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    loaded = load(folder / "gas.yaml", ["renderer.image=pages.tif"])
    assert (
        "renderer.image: pages.tif has 2 pictures; number 2, the largest, is read: 40 x 30 pixels" in loaded.advisories
    )
