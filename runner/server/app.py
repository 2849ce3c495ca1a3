"""The application: an `AppState` and `AccessRules` -> an ASGI application with its pages, its API and its guards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner.server.api import router as api_router
from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.event_stream import router as events_router
from orbifolio.runner.server.faults import HANDLERS
from orbifolio.runner.server.pages import editor, gallery, home, icon, paint, run, runs
from orbifolio.runner.server.security import AccessRules, secured
from orbifolio.runner.server.static_files import (
    Assets,
    gallery_file,
    photograph,
    recipe_picture,
    sample_photo,
    style_picture,
)


class ControlPage(FastAPI):
    """Pages and API, without guards; its OpenAPI document says that a token may be asked for."""

    def openapi(self) -> dict[str, Any]:
        """The document at /api/openapi.json."""
        document = super().openapi()
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{}, {"token": []}]
        return document


def control_page(assets: Assets) -> ControlPage:
    """The application without its state.

    Args:
        assets: style sheets and scripts.
    """
    app = ControlPage(
        title="orbifolio",
        version="1",
        description="Pictures of recipes and photographs. With a token, send `Authorization: Bearer TOKEN`.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its pages would load scripts from elsewhere
        redoc_url=None,
        routes=_pages(assets),
        exception_handlers=HANDLERS,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
    )
    app.include_router(events_router)
    app.include_router(api_router)
    app.state.assets = assets
    return app


def application(state: AppState, rules: AccessRules) -> ASGIApp:
    """Pages and API behind their guards, ready for an ASGI server.

    Args:
        state: gallery, queue and whatever else is served.
        rules: whom it lets in.
    """
    app = control_page(Assets())
    app.state.server = state
    return secured(GZipMiddleware(_noticing(app, state), minimum_size=1000, compresslevel=6), rules)


def _noticing(app: ASGIApp, state: AppState) -> ASGIApp:
    """Note when a person was last active: opened a page or changed something; pages also poll by themselves."""

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            accept = dict(scope["headers"]).get(b"accept", b"")
            if scope["method"] not in ("GET", "HEAD") or b"text/html" in accept:
                state.queue.touched = time.monotonic()
            if scope["method"] == "HEAD":  # FastAPI's routes know none; the server leaves the body out
                scope = {**scope, "method": "GET"}
        await app(scope, receive, send)

    return noticed


def _pages(assets: Assets) -> list[BaseRoute]:
    return [
        Route("/", home),
        Route("/paint", paint),
        Route("/paint/{id}", paint),
        Route("/new", editor),
        Route("/runs", runs),
        Route("/runs/{id}", run),
        Route("/gallery", gallery),
        Route("/gallery/{path:path}", gallery_file),
        Route("/assets/{name:path}", assets.respond),
        Route("/pictures/{theme}/{name}", recipe_picture),
        Route("/styles/{name}", style_picture),
        Route("/photographs/{name}", photograph),
        Route("/sample.png", sample_photo),
        Route("/favicon.ico", icon),
    ]


@asynccontextmanager
async def _lifespan(app: ControlPage) -> AsyncIterator[None]:
    state: AppState = app.state.server
    with contextlib.suppress(OSError):  # a full disk must not keep the page away on which runs can be removed
        await run_in_threadpool(rebuild_gallery, state.gallery)
    state.queue.open()
    warming = asyncio.ensure_future(run_in_threadpool(_warm, state))
    yield
    state.closing.set()
    state.calls.close()
    await state.queue.close()
    await asyncio.gather(warming, return_exceptions=True)


def _warm(state: AppState) -> None:
    """Import what the first visitor would wait for."""
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    state.calls.warm()  # first: its imports go on beside ours
    import orbifolio.runner.run.plan  # noqa: F401

    _ = state.schema
