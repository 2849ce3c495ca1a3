"""Server-sent events: a run's log -> how it stands, whenever that changes, until it is over.

Each event holds all that a page shows, so a page that was away needs only the newest; ids change with the
log, so a reconnect that has missed nothing is told nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orbifolio.runner.server.api import house_of, job_of, refusal
from orbifolio.runner.server.house import House
from orbifolio.runner.server.job import OVER

_TICK = 0.4  # seconds between two looks at a run's log
_BREATH = 15.0  # seconds after which a silent stream says that it lives
MOST_STREAMS = 64


async def events(request: Request) -> Response:
    """Server-sent events: how a run stands, whenever that changes, until it is over."""
    house, job = house_of(request), job_of(request)
    if house.streams >= MOST_STREAMS:
        return refusal(503, f"{MOST_STREAMS} pages watch already; no more can; close some")
    return StreamingResponse(
        _stream(request, house, job.id, request.headers.get("last-event-id", "")), media_type="text/event-stream"
    )


async def _stream(request: Request, house: House, identity: str, seen: str) -> AsyncIterator[str]:
    house.streams += 1
    silent = 0.0
    try:
        yield "retry: 2000\n\n"
        while not house.closing.is_set() and not await request.is_disconnected():
            try:
                job = house.store.read(identity)
            except KeyError:
                return
            stamp = await run_in_threadpool(house.news.stamp, job)
            if stamp != seen:
                seen, silent = stamp, 0.0
                run = await run_in_threadpool(house.news.of, job)
                yield f"id: {stamp}\nevent: run\ndata: {json.dumps(run.model_dump(mode='json'))}\n\n"
                if job.state in OVER:
                    yield "event: over\ndata: {}\n\n"
                    return
            elif silent > _BREATH:
                silent = 0.0
                yield ": still here\n\n"
            silent += _TICK
            await asyncio.sleep(_TICK)
    finally:
        house.streams -= 1
