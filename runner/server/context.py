"""What handlers get with a request, and give: the server's state, the job that the path names, strict JSON; a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from orbifolio.reports.render import renderer
from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.job_store import Job
from orbifolio.runner.server.security import VISITOR


def state_of(request: Request) -> AppState:
    """The state of the server that a request came to."""
    state: AppState = request.app.state.server
    return state


State = Annotated[AppState, Depends(state_of)]
Identity = Annotated[str, Path(json_schema_extra={"minLength": 1, "maxLength": 64})]
"""Only documented so: a name that is none of ours is not found, whatever its length."""


def visitor_of(request: Request) -> str:
    """Who sends a request: see `security.VisitorCookie`."""
    return str(request.scope.get(VISITOR, ""))


Visitor = Annotated[str, Depends(visitor_of)]


def job_of(state: State, visitor: Visitor, id: Identity) -> Job:
    """The job that a path names.

    Raises:
        HTTPException: 404, there is none of this id that the visitor may see.
    """
    try:
        job = state.store.read(id)
    except KeyError:
        job = None
    if job is None or not state.may_see(job.owner, visitor):
        raise HTTPException(404, "there is no such run; GET /api/runs lists them; check its id")
    return job


NamedJob = Annotated[Job, Depends(job_of)]


def json_only(request: Request) -> None:
    """Refuse a body of another type: pages of other sites can send only those without asking first.

    Raises:
        HTTPException: 415, it is not `application/json`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"the body is {kind[:60] or 'of no type'}; application/json is needed; send that")


class _StrictRequest(Request):
    """A request whose JSON is read by pydantic's parser: no NaN, no lone surrogates, no endless nesting."""

    async def json(self) -> Any:
        """The body as plain data.

        Raises:
            json.JSONDecodeError: it is not JSON; FastAPI reports it as any invalid body.
        """
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from None


class StrictRoute(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a strict request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return handle


def render(request: Request, name: str, code: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template in templates/serve.

    Args:
        request: the page may link to its own address.
        name: of the template, without its ending.
        values: that the template shows.
    """
    template = renderer().environment.get_template(f"serve/{name}.html")
    return HTMLResponse(template.render(asset=request.app.state.assets, here=request.url.path, **values), code)
