"""Class comparison: a row for each class, a cell for each brush and number of strokes, as they are told of."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch
from interrupted import run
from PIL import Image

from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.image.class_batch import class_probability
from orbifolio.runner.renderers.image.class_comparison import ClassComparison
from orbifolio.runner.renderers.image.class_pictures import JUDGED_VIEWS
from orbifolio.runner.vision.efficientnet import EfficientNetLite0

NETWORK = EfficientNetLite0().model_dump()


def settings(**changes: object) -> ClassComparison:
    made = {"candidates": 1, "side": 64, "steps": 24, "classifiers": [NETWORK], "judge": NETWORK}
    classes = [{"class": name, **made} for name in ("volcano", "daisy")]
    record = {"classes": classes, "strokes": [9, 90], "looks": [{"kind": "oil"}], "brushes": [], "size": 96}
    return ClassComparison.model_validate({**record, **changes})


def context() -> RenderContext:
    def no_picture(source: str) -> torch.Tensor:
        raise AssertionError(source)

    return RenderContext(7, "cpu", no_picture, no_picture)


def test_rules_are_told() -> None:
    def told(**changes: object) -> list[tuple[str, str]]:
        return settings(**changes).complaints(lambda source: None)

    assert told() == []
    ((path, text),) = told(classes=[{"class": "daisy"}, {"class": "vulcano"}])
    assert path == "classes.1.class"
    assert "did you mean 'volcano'" in text
    ((path, text),) = told(brushes=["classic/dry_brush", "classic/dry_brusch"])
    assert path == "brushes.1"
    assert "dry_brusch" in text
    assert [path for path, _ in told(looks=[])] == ["looks"]
    ((path, text),) = told(strokes=list(range(1, 9)), looks=[{"kind": "oil", "relief": n / 5} for n in range(6)])
    assert (path, text.partition(" cells")[0]) == ("classes", str(2 * (1 + 8 * 6)))


def test_every_brush_takes_every_number_of_strokes() -> None:
    ways = settings(looks=[{"kind": "pastel"}, {"kind": "oil"}], brushes=["classic/dry_brush"]).ways()
    assert [(way.brush, way.strokes) for way in ways] == [
        (brush, strokes) for brush in ("pastel", "oil", "dry brush") for strokes in (9, 90)
    ]


def test_rows_are_named_by_what_differs() -> None:
    looks = [{"kind": "oil", "relief": 0.5}, {"kind": "ink"}, {"kind": "oil", "relief": 1.0, "opacity": 0.5}]
    chosen = settings(
        looks=looks, brushes=["a/soft.safetensors", "b/soft.safetensors", "classic/dry_brush"], strokes=[9]
    )
    full = Oil().opacity
    assert [way.brush for way in chosen.ways()] == [
        f"oil, opacity {full}, relief 0.5",
        "ink",
        "oil, opacity 0.5, relief 1.0",
        "a/soft.safetensors",
        "b/soft.safetensors",
        "dry brush",
    ]
    twice = settings(looks=[{"kind": "oil"}, {"kind": "ink"}, {"kind": "oil"}]).complaints(lambda source: None)
    assert twice == [("looks.2", "the same as looks.0; leave it out, or change a value")]


@pytest.mark.slow
def test_a_run_paints_tells_and_resumes() -> None:
    network = EfficientNetLite0().build()
    chosen = settings()
    whole = chosen.build(context())
    state = run(whole)
    files = whole.extras(state, lambda picture: picture)
    record = json.loads(files["classes.json"])
    assert [entry["class"] for entry in record["classes"]] == ["volcano", "daisy"]
    for entry in record["classes"]:
        (row,) = entry["brushes"]
        assert (row["brush"], len(row["cells"])) == ("oil", 2)
        pictures = []
        for cell in (entry["made"], *row["cells"]):
            picture = np.asarray(Image.open(io.BytesIO(files[cell["picture"]])), np.float32) / 255
            shown = torch.from_numpy(picture).permute(2, 0, 1)[None]
            number = network.classes.index(entry["class"])
            assert class_probability(network, shown, number, 64, JUDGED_VIEWS) == pytest.approx(
                cell["probability"], abs=0.01
            )
            pictures.append(np.asarray(Image.fromarray((picture * 255).astype(np.uint8)).resize((96, 96)), np.float32))
        made, few, many = pictures
        assert np.abs(many - made).mean() < np.abs(few - made).mean()
    cut = chosen.build(context())
    again = run(cut, interrupt=(5, 0))  # a whole row is there, and the first cell of the next
    assert cut.extras(again, lambda picture: picture) == files
