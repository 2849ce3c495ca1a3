"""The API's table of operations -> routes and the OpenAPI 3.1 document; models become its schemas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orbifolio.runner.server import api, estimate, messages, stream

Handler = Callable[[Request], Awaitable[Response]]
_REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Operation:
    """One thing that the API does.

    Attributes:
        body: model of the JSON body, or None.
        form: files and words of a multipart body, as (name, whether a file, whether needed).
        answers: by status: a model, or a media type, or "" for no content.
        refusals: statuses with a `Refusal`.
        query: names of parameters with the values they may have.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | str]
    refusals: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    form: tuple[tuple[str, bool, bool], ...] = ()
    query: tuple[tuple[str, tuple[str, ...]], ...] = ()


_RUN = {200: messages.Run}
OPERATIONS = (
    Operation("GET", "/api/health", api.health, "Whether the server is there", {200: messages.Health}),
    Operation("GET", "/api/recipes", api.recipes, "The catalogue", {200: messages.Recipes}),
    Operation("GET", "/api/looks", api.list_looks, "What the painting page offers", {200: messages.Looks}),
    Operation("GET", "/api/schema", api.schema, "The JSON Schema of recipes", {200: "application/schema+json"}),
    Operation(
        "POST",
        "/api/check",
        api.check,
        "What is known of a recipe before anything is computed",
        {200: messages.Checked},
        (415, 422),
        body=messages.DraftRequest,
    ),
    Operation(
        "POST",
        "/api/edit",
        api.change,
        "A recipe's text with one value changed, comments kept",
        {200: "application/json"},
        (415, 422),
        body=messages.EditRequest,
    ),
    Operation(
        "POST",
        "/api/preview",
        api.preview,
        "What a recipe's symmetry does to noise",
        {200: "image/webp", 204: ""},
        (415, 422),
        body=messages.DraftRequest,
    ),
    Operation(
        "POST",
        "/api/estimate",
        estimate.estimate,
        "How long a recipe, or a look, will take, and how much memory",
        {200: messages.Estimate},
        (415, 422),
        body=messages.RunRequest,
    ),
    Operation(
        "POST",
        "/api/images",
        api.take_images,
        "Send pictures, several at once",
        {201: messages.Taken, 415: messages.Taken},
        (400, 413, 422),
        form=(("file", True, True),),
    ),
    Operation("GET", "/api/images/{id}", api.image, "A picture that was sent", {200: "image/png"}, (404,)),
    Operation("GET", "/api/images/{id}/small", api.small_image, "A thumbnail of it", {200: "image/webp"}, (404,)),
    Operation("GET", "/api/runs", api.list_runs, "The newest hundred runs", {200: messages.Runs}),
    Operation(
        "POST",
        "/api/runs",
        api.add_run,
        "Make a picture of a recipe, or of a look and a photograph",
        {201: messages.Run},
        (415, 422),
        body=messages.RunRequest,
    ),
    Operation(
        "POST",
        "/api/paintings",
        api.add_painting,
        "Make a picture of a photograph, sent in the same request",
        {201: messages.Run},
        (400, 413, 415, 422),
        form=(("photo", True, True), ("look", False, False), ("style", True, False)),
    ),
    Operation("GET", "/api/runs/{id}", api.run, "How a run stands", _RUN, (404,)),
    Operation("DELETE", "/api/runs/{id}", api.forget, "Take it off the list", {204: ""}, (404, 409)),
    Operation("GET", "/api/runs/{id}/events", stream.events, "As it changes", {200: "text/event-stream"}, (404, 503)),
    Operation(
        "GET",
        "/api/runs/{id}/result",
        api.result,
        "The finished picture",
        {200: "image/png"},
        (404, 422),
        query=(("format", ("png", "jpeg")),),
    ),
    Operation("GET", "/api/runs/{id}/images/{name}", api.run_image, "What it was given", {200: "image/png"}, (404,)),
    Operation(
        "GET", "/api/runs/{id}/branch", api.branch, "Its recipe to go on from", {200: "application/json"}, (404,)
    ),
    Operation("POST", "/api/runs/{id}/{verb}", api.act, "pause, resume, keep or cancel it", _RUN, (404, 409)),
)
_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "minLength": 1, "maxLength": 64},
    "name": {"type": "string", "minLength": 1, "maxLength": 40},
    "verb": {"enum": ["pause", "resume", "keep", "cancel"]},
}


async def document(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(openapi())


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """The OpenAPI document of the whole API."""
    models: list[type[BaseModel]] = [messages.Refusal]
    for each in OPERATIONS:
        models += [model for model in (each.body, *each.answers.values()) if isinstance(model, type)]
    _, schemas = models_json_schema([(model, "validation") for model in dict.fromkeys(models)], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "orbifolio",
            "version": "1",
            "description": "Pictures of recipes and photographs. With a token, send `Authorization: Bearer TOKEN`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(each: Operation) -> dict[str, Any]:
    names = [part[1:-1] for part in each.path.split("/") if part.startswith("{")]
    parameters = [{"name": n, "in": "path", "required": True, "schema": _PATH_PARAMETERS[n]} for n in names]
    parameters += [{"name": n, "in": "query", "schema": {"enum": list(allowed)}} for n, allowed in each.query]
    answers: dict[str, Any] = {str(status): _answer(status, what) for status, what in each.answers.items()}
    for status in (*each.refusals, 400, 401, 403, 413):
        answers.setdefault(str(status), _answer(status, messages.Refusal))
    found: dict[str, Any] = {
        "operationId": each.handler.__name__,
        "summary": each.summary,
        "parameters": parameters,
        "responses": answers,
    }
    if each.body is not None:
        schema = {"$ref": _REFERENCE.format(model=each.body.__name__)}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if each.form:
        found["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _form(each)}}}
    return found


def _form(each: Operation) -> dict[str, Any]:
    kinds = {True: {"type": "string", "format": "binary"}, False: {"type": "string"}}
    return {
        "type": "object",
        "properties": {name: kinds[file] for name, file, _ in each.form},
        "required": [name for name, _, needed in each.form if needed],
    }


def _answer(status: int, what: type[BaseModel] | str) -> dict[str, Any]:
    words = {200: "Here it is", 201: "Made", 204: "Nothing to tell"}.get(status, "Refused, with the reason")
    if what == "":
        return {"description": words}
    if isinstance(what, str):
        schema: dict[str, Any] = {} if "json" in what else {"type": "string", "format": "binary"}
        return {"description": words, "content": {what: {"schema": schema}}}
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model=what.__name__)}}},
    }
