"""The application: a `House` and `Rules` -> an ASGI application with its pages, its API and the gate around them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner.errors import InputError, OrbifolioError, RecipeError
from orbifolio.runner.server import api, openapi, pages
from orbifolio.runner.server.gate import Gate, Rules
from orbifolio.runner.server.house import House
from orbifolio.runner.server.statics import Assets, gallery_file, recipe_picture, style_picture


def application(house: House, rules: Rules) -> ASGIApp:
    """The application.

    Args:
        house: what it serves.
        rules: whom it lets in.
    """
    assets = Assets()
    app = Starlette(
        routes=[*_pages(assets), *_api()],
        exception_handlers={
            HTTPException: _http_fault,
            RecipeError: _recipe_fault,
            InputError: _input_fault,
            OrbifolioError: _fault,
            Exception: _our_fault,
        },
        lifespan=_lifespan(house),
    )
    app.state.house = house
    app.state.assets = assets
    return Gate(_noticing(app, house), rules)


def _noticing(app: ASGIApp, house: House) -> ASGIApp:
    """Keep in mind when somebody was there: opened a page or asked for something; pages also ask by themselves."""

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            accept = dict(scope["headers"]).get(b"accept", b"")
            if scope["method"] not in ("GET", "HEAD") or b"text/html" in accept:
                house.queue.touched = time.monotonic()
        await app(scope, receive, send)

    return noticed


def _pages(assets: Assets) -> list[Route]:
    return [
        Route("/", pages.home),
        Route("/paint", pages.paint),
        Route("/paint/{id}", pages.paint),
        Route("/new", pages.editor),
        Route("/runs", pages.runs),
        Route("/runs/{id}", pages.run),
        Route("/gallery", pages.gallery),
        Route("/gallery/{path:path}", gallery_file),
        Route("/assets/{name:path}", assets.answer),
        Route("/pictures/{theme}/{name}", recipe_picture),
        Route("/styles/{name}", style_picture),
        Route("/favicon.ico", pages.icon),
    ]


def _api() -> list[Route]:
    found = [Route(each.path, each.handler, methods=[each.method]) for each in openapi.OPERATIONS]
    return [*found, Route("/api/openapi.json", openapi.document, methods=["GET"])]


def _lifespan(house: House) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(rebuild_gallery, house.gallery)
        house.queue.open()
        warming = asyncio.ensure_future(run_in_threadpool(_warm, house))
        yield
        house.closing.set()
        await house.queue.close()
        await asyncio.gather(warming, return_exceptions=True)

    return lifespan


def _warm(house: House) -> None:
    """Import what the first visitor would wait for."""
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    import orbifolio.runner.server.preview  # noqa: F401

    _ = house.schema


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


async def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        message = f"{request.method} is not known here; see /api/openapi.json; use another method"
    elif error.detail and ";" in error.detail:
        message = error.detail
    else:
        message = f"{error.detail or 'there is nothing here'}; see /api/openapi.json; check the address"
    if _wants_page(request):
        return pages.render(request, "fault", error.status_code, status=error.status_code, message=message)
    return JSONResponse({"error": message, "problems": []}, error.status_code, headers=error.headers)


async def _recipe_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecipeError)
    count = len(error.problems)
    told = f"{count} problem{'s' if count != 1 else ''}; every one is told at its place; mend them"
    return api.refusal(422, told, error.problems)


async def _input_fault(request: Request, error: Exception) -> Response:
    return api.refusal(422, str(error))


async def _fault(request: Request, error: Exception) -> Response:
    return api.refusal(500, str(error))


async def _our_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: its text may tell of this machine, so the visitor hears only that there was one."""
    message = "a fault of the server; its log says more; try again"
    if _wants_page(request):
        return pages.render(request, "fault", 500, status=500, message=message)
    return JSONResponse({"error": message, "problems": []}, 500)
