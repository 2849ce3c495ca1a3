"""Class pictures: batches that resume, pictures that are nameable, rules that are told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from orbifolio.runner.images import oklab
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.image.class_batch import ClassBatch, class_probability
from orbifolio.runner.renderers.image.class_pictures import JUDGED_VIEWS, ClassPictures, ClassRenderer, prepared
from orbifolio.runner.vision.efficientnet import EfficientNetLite0

NETWORK = EfficientNetLite0().model_dump()


def settings(**changes: object) -> ClassPictures:
    record = {"class": "volcano", "candidates": 2, "side": 64, "steps": 6, "size": 64, "classifiers": [NETWORK]}
    return ClassPictures.model_validate({**record, "judge": NETWORK, **changes})


def context() -> RenderContext:
    def no_picture(source: str) -> torch.Tensor:
        raise AssertionError(source)

    return RenderContext(7, "cpu", no_picture, no_picture)


@pytest.fixture(scope="module")
def network():
    return EfficientNetLite0().build()


def test_a_batch_falls_in_its_terms_differs_and_resumes(network):
    def batch() -> ClassBatch:
        return ClassBatch(settings().task(3), [network], "cpu")

    through = batch()
    terms = [through.step(number) for number in range(4)]
    assert set(terms[0]) == {"class", "class.soft", "statistics-prior", "smoothness"}
    assert terms[3]["statistics-prior"] < terms[0]["statistics-prior"]
    pictures = through.pictures()
    assert pictures.shape == (2, 3, 64, 64)
    assert float((pictures[0] - pictures[1]).abs().mean()) > 0.005
    first, second = batch(), batch()
    for number in range(2):
        first.step(number)
    second.load_state_dict(first.state_dict())
    for number in range(2, 4):
        second.step(number)
    assert torch.equal(second.pictures(), pictures)


def test_a_batch_is_the_same_for_any_number_of_threads(network):
    def picture(threads: int) -> torch.Tensor:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            batch = ClassBatch(settings().task(3), [network], "cpu")
            for number in range(2):
                batch.step(number)
            assert torch.get_num_threads() == threads
            return batch.pictures()
        finally:
            torch.set_num_threads(before)

    assert torch.equal(picture(1), picture(2))


def test_company_shares_the_batch_and_leaves_the_sheet():
    both = settings(company=["daisy", 327])
    assert both.task(1).classes == (980, 980)
    assert both.task(1).company == (985, 327)
    renderer = ClassRenderer(both, context())
    state = renderer.begin(0, None)
    assert len(state.batch.pictures()) == 4
    later = renderer.begin(1, state)
    assert later.pictures.shape == (2, 3, 64, 64)
    assert torch.equal(later.pictures, state.batch.pictures()[:2])


def test_candidates_have_the_symmetry_and_their_company_has_none(network):
    mirror = {"kind": "rotor", "order": 1, "mirrors": True}
    batch = ClassBatch(settings(symmetry=mirror, candidates=1, company=["daisy"]).task(1), [network], "cpu")
    for number in range(2):
        batch.step(number)
    candidate, companion = batch.pictures()
    assert float((candidate - candidate.flip(-1)).abs().max()) < 1e-5
    for other, picture in ((candidate.flip(-2), candidate), (companion.flip(-1), companion)):
        assert float((picture - other).std() / picture.std()) > 0.2


def test_a_photograph_is_named(network):
    from skimage import data

    picture = torch.from_numpy(data.coffee()).permute(2, 0, 1)[None].float() / 255
    assert class_probability(network, picture, network.classes.index("espresso"), 224, JUDGED_VIEWS) > 0.5
    assert class_probability(network, picture, network.classes.index("volcano"), 224, JUDGED_VIEWS) < 0.01


def test_what_the_painter_is_given_is_calmer_more_colourful_and_larger():
    random = np.random.default_rng(1)
    disk = np.hypot(*np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))) < 0.6
    plain = np.where(disk, np.array([0.6, 0.45, 0.4])[:, None, None], np.array([0.4, 0.45, 0.5])[:, None, None])
    noisy = np.clip(plain + 0.04 * random.standard_normal(plain.shape), 0, 1).astype(np.float32)
    given = prepared(torch.from_numpy(noisy), 1.5)
    assert given.shape == (384, 384, 3)
    difference = np.abs(given[192, 192] - given[8, 8]).max()
    assert difference / given[170:214, 170:214].std((0, 1)).max() > 2 * (0.2 / 0.04)
    chroma = np.hypot(*oklab.from_srgb(given[192, 192].astype(np.float64))[1:])
    assert chroma > 1.3 * np.hypot(*oklab.from_srgb(plain[:, 32, 32])[1:])


def test_rules_are_told():
    def told(**changes: object) -> list[tuple[str, str]]:
        return settings(**changes).complaints(lambda source: None)

    assert told() == []
    ((path, text),) = told(**{"class": "vulcano"})
    assert path == "class"
    assert "did you mean 'volcano'" in text
    ((path, _),) = told(company=["daisy", "dasy"])
    assert path == "company.1"
    assert told(pick=3) == [("pick", "3 of 2 candidates; choose one from 1 to 2")]
    assert "proves nothing" in settings().advisories()[0]
    assert ClassPictures.model_validate({"class": "volcano"}).advisories() == []


@pytest.mark.slow
def test_a_run_paints_the_best_and_resumes_anywhere():
    chosen = settings(steps=2)
    whole = ClassRenderer(chosen, context())
    state = None
    for number, phase in enumerate(whole.phases()):
        state = whole.begin(number, state)
        for _ in range(phase.steps):
            whole.step(state)
    files = whole.extras(state, lambda picture: picture)
    record = json.loads(files["candidates.json"])
    assert record["candidates"][record["painted"] - 1] == max(record["candidates"])  # they are rounded
    assert len(record["candidates"]) == 2
    assert 0 <= record["probability"] <= 1
    assert {"candidates.png", "strokes.json"} <= set(files)

    cut = ClassRenderer(chosen, context())
    state = None
    for number, phase in enumerate(cut.phases()):
        state = cut.begin(number, state)
        for step in range(phase.steps):
            if step == 1:
                saved = cut.save(state)
                cut = ClassRenderer(chosen, context())
                state = cut.load(number, saved)
            cut.step(state)
    assert np.array_equal(cut.image(state), whole.image(state))
    assert cut.extras(state, lambda picture: picture)["candidates.json"] == files["candidates.json"]

    other = ClassRenderer(settings(steps=2, pick=3 - record["painted"]), context())
    assert other.chosen(state) == 2 - record["painted"]
