"""The API against its own OpenAPI document: schemathesis sends what the document allows, and what it forbids."""

from __future__ import annotations

import io

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from PIL import Image
from served import Visitor, picture

from orbifolio.runner.errors import InputError
from orbifolio.runner.server.app import control_page
from orbifolio.runner.server.presets import choose_preset
from orbifolio.runner.server.security import PROGRAMS
from orbifolio.runner.server.static_files import Assets

DOCUMENT = control_page(Assets()).openapi()
schema = schemathesis.openapi.from_dict(DOCUMENT)


OPERATIONS = {
    ("GET", "/api/health"),
    ("GET", "/api/notes"),
    ("PUT", "/api/notes/{recipe}/{run}"),
    ("GET", "/api/recipes"),
    ("POST", "/api/recipes"),
    ("GET", "/api/choices"),
    ("GET", "/api/looks"),
    ("GET", "/api/schema"),
    ("POST", "/api/check"),
    ("POST", "/api/edit"),
    ("POST", "/api/preview"),
    ("POST", "/api/estimate"),
    ("POST", "/api/images"),
    ("GET", "/api/images/{id}"),
    ("GET", "/api/images/{id}/small"),
    ("GET", "/api/runs"),
    ("POST", "/api/runs"),
    ("POST", "/api/paintings"),
    ("GET", "/api/runs/{id}"),
    ("DELETE", "/api/runs/{id}"),
    ("GET", "/api/runs/{id}/events"),
    ("GET", "/api/runs/{id}/result"),
    ("GET", "/api/runs/{id}/images/{name}"),
    ("GET", "/api/runs/{id}/branch"),
    ("POST", "/api/runs/{id}/{verb}"),
}


@schema.exclude(path_regex="events$").parametrize()
@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=(Phase.generate,)
)
def test_nothing_that_is_sent_breaks_it_and_every_answer_is_as_documented(case, serving):
    serving.state.queue.devices = ()  # nothing that is asked for here is to be computed
    answer = case.call(base_url=serving.address, timeout=60)
    assert answer.status_code < 500, answer.text
    told = DOCUMENT["paths"][case.operation.path][case.operation.method.lower()]["responses"]
    assert str(answer.status_code) in {*told, "404", "405"}, answer.text  # a path parameter may lead elsewhere
    kind = answer.headers.get("content-type", [""])[0].partition(";")[0]
    if answer.status_code >= 400 and case.operation.path != "/api/images":
        assert kind == "application/json"
        assert set(answer.json()) == {"error", "problems"}
    if answer.status_code < 400 and str(answer.status_code) in told:
        assert kind in {*told[str(answer.status_code)].get("content", {"": ""}), "image/jpeg"}


def test_every_operation_is_documented_with_words_and_answers(visitor: Visitor):
    document = visitor.client.get("/api/openapi.json").json()
    assert document == DOCUMENT
    assert document["openapi"] == "3.1.0"
    operations = {
        (method.upper(), path): told for path, item in document["paths"].items() for method, told in item.items()
    }
    assert set(operations) == OPERATIONS
    for told in operations.values():
        assert told["summary"]
        assert all(answer["description"] for answer in told["responses"].values())
    assert len({told["operationId"] for told in operations.values()}) == len(operations)


def test_models_explain_their_fields():
    for name, model in DOCUMENT["components"]["schemas"].items():
        assert model.get("description"), name
        for key, field in model["properties"].items():
            assert field.get("description") or "$ref" in field, f"{name}.{key}"


def test_a_check_tells_every_problem_at_its_place(visitor: Visitor):
    text = "schema: 1\ntitle: x\nrenderer:\n  kind: growing-neural-gas\n  image: skimage:hors\n  sise: 3\n  size: 2\n"
    found = visitor.client.post("/api/check", json={"text": text}).json()
    assert {problem["path"] for problem in found["problems"]} == {"renderer.sise", "renderer.size"}
    assert [problem["line"] for problem in found["problems"]] == [6, 7]
    assert "did you mean 'size'" in found["problems"][0]["message"]
    assert found["data"]["renderer"]["size"] == 2


def test_a_check_tells_what_is_asked_for(visitor: Visitor):
    found = visitor.client.post("/api/check", json={"recipe": "nets/tiny"}).json()
    assert found["asked"] == ["photo"]
    assert found["pictures"] == {"renderer.image": "upload:photo"}
    assert "# a comment that stays" in found["text"]


def test_values_are_put_into_the_text_and_its_comments_stay(visitor: Visitor):
    found = visitor.client.post("/api/check", json={"recipe": "nets/tiny", "values": {"renderer.size": 128}}).json()
    assert found["data"]["renderer"]["size"] == 128
    assert "# yours" in found["text"]


def test_an_edit_by_value_by_flow_and_by_removing(visitor: Visitor):
    text = visitor.client.post("/api/check", json={"recipe": "nets/plain"}).json()["text"]

    def edited(**what):
        return visitor.client.post("/api/edit", json={"text": text, **what})

    assert "size: 99" in edited(path=["renderer", "size"], value=99).json()["text"]
    assert "tone: {blur: 2}" in edited(path=["renderer", "tone"], flow="{blur: 2}").json()["text"]
    assert "frames" not in edited(path=["frames"], remove=True).json()["text"]
    assert edited(path=["renderer", "tone"], flow="{blur: ").status_code == 422


def test_a_preview_is_a_small_picture_and_says_what_it_shows(visitor: Visitor):
    for recipe, values, words in (
        ("plane/simple-square", {"renderer.canvas.init": "noise"}, "What the symmetry does to noise"),
        ("plane/simple-square", {}, "The patches that it begins with"),
        ("plane/rainbow-hexagon", {}, "What it will look like, small"),
    ):
        found = visitor.client.post("/api/preview", json={"recipe": recipe, "values": values})
        assert found.headers["content-type"] == "image/webp"
        assert found.headers["x-shows"] == words
    assert visitor.client.post("/api/preview", json={"text": "title: x"}).status_code == 422


def test_a_look_is_previewed_on_the_visitor_s_photo(visitor: Visitor):
    photo = visitor.send(picture(60, 40))
    found = visitor.client.post("/api/preview", json={"look": "oil", "images": {"photo": photo}})
    assert found.headers["x-shows"] == "What it will look like, small"
    with Image.open(io.BytesIO(found.content)) as shown:
        assert shown.size == (576, 384)
    assert visitor.client.post("/api/preview", json={"look": "oil"}).status_code == 422


def test_an_estimate_of_a_recipe_and_of_a_look(visitor: Visitor):
    small = visitor.client.post("/api/estimate", json={"recipe": "nets/plain"}).json()
    assert small["text"] == "less than half a minute"
    assert small["waiting"] >= 0  # what other tests of this module have queued
    sizes = {"renderer.phases": [{"size": 256, "steps": 40}]}
    short = visitor.client.post("/api/estimate", json={"recipe": "plane/simple-square", "values": sizes}).json()
    sizes = {"renderer.phases": [{"size": 512, "steps": 400}]}
    long = visitor.client.post("/api/estimate", json={"recipe": "plane/simple-square", "values": sizes}).json()
    assert long["seconds"] > 10 * short["seconds"] > 0
    assert long["memory_bytes"] > short["memory_bytes"]
    photo = visitor.send(picture(60, 40))
    asked = {"look": "line", "images": {"photo": photo}}
    assert 5 < visitor.client.post("/api/estimate", json=asked).json()["seconds"] < 600
    assert visitor.client.post("/api/estimate", json={"look": "line"}).status_code == 422
    assert visitor.client.post("/api/estimate", json={"text": "title: x"}).status_code == 422


def test_the_catalogue_has_every_shipped_recipe_and_a_picture_of_most(visitor: Visitor):
    recipes = visitor.client.get("/api/recipes").json()["recipes"]
    shipped = [each for each in recipes if each["theme"] != "nets"]
    assert len(shipped) > 40
    pictured = [each for each in shipped if each["picture"]]
    assert len(pictured) > len(shipped) / 2
    assert visitor.client.get(pictured[0]["picture"]).headers["content-type"] == "image/webp"


def test_every_look_is_a_valid_recipe_with_every_choice(visitor: Visitor):
    from served import picture

    photo, style = visitor.send(picture(64, 48)), visitor.send(picture(64, 64, seed=9))
    drafts = visitor.serving.state.drafts

    looks = visitor.client.get("/api/looks").json()["looks"]
    assert {look["key"] for look in looks} >= {"style", "threads", "kaleidoscope", "dream"}
    for look in looks:
        for choice in look["choices"] or [{"key": "", "options": [{"key": ""}]}]:
            given = [option["key"] for option in choice["options"]] or [f"{choice['low']}", f"{choice['high']}"]
            for value in given:
                options = {choice["key"]: value} if choice["key"] else {}
                chosen = choose_preset(drafts.catalogue, look["key"], options)
                images = {name: {"photo": photo, "style": style}[name] for name in chosen.asks}
                found = drafts.check(drafts.draft(chosen.preset.recipe, None, chosen.values, images, PROGRAMS))
                assert not found.problems, (look["key"], value, found.problems)
                assert set(found.upload_names) == set(chosen.asks)


@pytest.mark.parametrize("given", ["", "broad", "nan", "-1", "2.01", "1e999"])
def test_a_slider_takes_its_own_numbers_only(visitor: Visitor, given: str):
    with pytest.raises(InputError, match=r"brush; it is a number from 0\.6 to 2"):
        choose_preset(visitor.serving.state.drafts.catalogue, "oil", {"brush": given})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Field required"),
        (b"{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        (b'{"text": "\\ud800"}', "Invalid JSON: unexpected end of hex escape at line 1 column 17"),
        (b'{"values": {"seed": NaN}}', "Invalid JSON: expected value at line 1 column 21"),
        (b"[" * 5000, "Invalid JSON: recursion limit exceeded at line 1 column 202"),
        (b"\xff", "Invalid JSON: expected value at line 1 column 1"),
        (b"[]", "Input should be an object"),
    ],
)
def test_a_body_that_is_not_json_is_refused_in_words(visitor: Visitor, content: bytes, message: str):
    answer = visitor.client.post("/api/check", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "1 problem; each is listed with its path; fix them"
    [problem] = answer.json()["problems"]
    assert problem["message"] == f"{message}; see /api/openapi.json; change it"
    assert problem["path"] == ""


def test_a_body_with_wrong_fields_tells_each_at_its_place(visitor: Visitor):
    body = {"text": "x", "path": [], "flow": 3, "further": 1}
    answer = visitor.client.post("/api/edit", json=body)
    assert answer.status_code == 422
    assert {problem["path"] for problem in answer.json()["problems"]} == {"path", "flow", "further"}


@pytest.mark.parametrize(("kind", "name"), [("text/plain", "text/plain"), ("", "of no type")])
def test_a_body_of_another_type_is_refused(visitor: Visitor, kind: str, name: str):
    answer = visitor.client.post("/api/check", content=b'{"recipe": "nets/plain"}', headers={"Content-Type": kind})
    assert answer.status_code == 415
    message = f"the body is {name}; application/json is needed; send that"
    assert answer.json() == {"error": message, "problems": []}


def test_a_head_request_is_answered_as_a_get_without_its_body(visitor: Visitor):
    for path in ("/api/health", "/api/recipes", "/", "/api/openapi.json"):
        answer = visitor.client.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path
    assert visitor.client.head("/api/check").status_code == 405


def test_the_editor_offers_the_colours_that_generators_can_have(visitor: Visitor) -> None:
    """A generator that is the identity after n times has colours that are, too; by matrices of our own."""
    found = visitor.client.get("/api/choices").json()
    assert len(found["groups"]["plane"]) == 17
    assert len(found["groups"]["frieze"]) == 7
    periods = {"r2": 2, "r3": 3, "r4": 4, "r6": 6, "m": 2, "h": 2}
    for groups in found["groups"].values():
        for group in groups.values():
            assert visitor.client.get(group["picture"]).headers["content-type"] == "image/svg+xml"
            for row in group["colours"]:
                assert row["elements"][0] == ["r", "g", "b"]
                for element in row["elements"]:
                    matrix = np.zeros((3, 3), dtype=int)
                    for at, channel in enumerate(element):
                        matrix[at, "rgb".index(channel[-1])] = -1 if channel.startswith("-") else 1
                    if row["generator"] in periods:
                        power = np.linalg.matrix_power(matrix, periods[row["generator"]])
                        assert (power == np.eye(3)).all(), row
    sixth = next(row for row in found["groups"]["plane"]["p6"]["colours"] if row["generator"] == "r6")
    assert len(sixth["elements"]) == 12
    for each in (found["styles"][0], found["photographs"][0]):
        answer = visitor.client.get(each["picture"])
        assert answer.headers["content-type"] == "image/webp"
        assert len(answer.content) < 30_000
    assert visitor.client.get("/photographs/..%2Fsetup").status_code == 404
