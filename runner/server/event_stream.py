"""Server-sent events: a run's log -> its status, whenever that changes, until it is over.

Each event holds all that a page shows, so a page that reconnects needs only the newest one. Ids change with the log: a
page that has missed nothing gets nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.context import NamedJob, State
from orbifolio.runner.server.faults import ALWAYS_POSSIBLE, refusals
from orbifolio.runner.server.job_store import OVER

_POLL_SECONDS = 0.4  # between two looks at the size of a run's log: soon enough for the eye, and cheap
_KEEP_ALIVE_SECONDS = 15.0  # a comment after such a silence shows proxies and browsers that the stream is alive
MAX_STREAMS = 64
"""Each holds a connection: an eighth of those that `connections` admits, so that pages still load."""

router = APIRouter(prefix="/api", responses=refusals(*ALWAYS_POSSIBLE))


@router.get(
    "/runs/{id}/events",
    summary="A run's status, whenever it changes",
    response_class=Response,
    responses={
        200: {"description": "A stream of events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **refusals(404, 503),
    },
)
async def events(request: Request, state: State, job: NamedJob) -> StreamingResponse:
    """Server-sent events until it is over."""
    if state.streams >= MAX_STREAMS:
        raise HTTPException(503, f"{MAX_STREAMS} pages are watching already, the maximum; close some")
    last = request.headers.get("last-event-id", "")
    state.streams += 1  # before it begins, so that those who come together are counted, too
    return _CountedStream(state, _stream(request, state, job.id, last))


class _CountedStream(StreamingResponse):
    """A stream of events that counts until it is over, whether it ever began or not."""

    def __init__(self, state: AppState, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._state.streams -= 1


async def _stream(request: Request, state: AppState, identity: str, last: str) -> AsyncIterator[str]:
    silent = 0.0
    yield "retry: 2000\n\n"
    while not state.closing.is_set() and not await request.is_disconnected():
        try:
            job = state.store.read(identity)
        except KeyError:
            return
        stamp = await run_in_threadpool(state.status.stamp, job)
        if stamp != last:
            last, silent = stamp, 0.0
            run = await run_in_threadpool(state.status.of, job)
            yield f"id: {stamp}\nevent: run\ndata: {run.model_dump_json()}\n\n"
            if job.state in OVER:
                yield "event: over\ndata: {}\n\n"
                return
        elif silent > _KEEP_ALIVE_SECONDS:
            silent = 0.0
            yield ": still here\n\n"
        silent += _POLL_SECONDS
        await asyncio.sleep(_POLL_SECONDS)
