"""The pages: requests -> HTML from templates/serve; what changes while one looks is fetched by their scripts."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orbifolio.reports.prose import markdown_to_text
from orbifolio.reports.wording import title_from_name
from orbifolio.runner.images.heif import reads_heif
from orbifolio.runner.server.api import listed, unfinished
from orbifolio.runner.server.catalogue import RecipeEntry
from orbifolio.runner.server.context import job_of, render, state_of, visitor_of
from orbifolio.runner.server.job_store import OVER, Job
from orbifolio.runner.server.presets import available_presets


def _job(request: Request) -> Job:
    return job_of(state_of(request), visitor_of(request), request.path_params["id"])


async def home(request: Request) -> Response:
    """The catalogue, and what is being made."""
    state = state_of(request)
    entries = await run_in_threadpool(state.catalogue.entries)
    themes: dict[str, list[RecipeEntry]] = {}
    for entry in entries.values():
        if not entry.own:
            themes.setdefault(title_from_name(entry.theme), []).append(entry)
    own = [entry for entry in entries.values() if entry.own]
    now = await run_in_threadpool(unfinished, state, visitor_of(request))
    best = state.catalogue.best()
    start = state.catalogue.start
    return render(
        request, "home", groups=list(themes.items()), now=now, start=start, best=best, own=own, words=markdown_to_text
    )


async def paint(request: Request) -> Response:
    """A photograph in, a painting out."""
    state = state_of(request)
    run = None
    if "id" in request.path_params:
        run = await run_in_threadpool(state.status.of, _job(request))
    return render(request, "paint", looks=available_presets(state.catalogue), run=run, heic=reads_heif())


async def editor(request: Request) -> Response:
    """A recipe's form and text, before it is run."""
    state = state_of(request)
    key = request.query_params.get("recipe", "")
    origin, run = request.query_params.get("from", ""), request.query_params.get("run", "")
    saves = state.catalogue.own is not None
    if origin:
        job = job_of(state_of(request), visitor_of(request), origin)
        entry = state.catalogue.get(job.origin)
        return render(request, "editor", entry=entry, origin=job.id, run="", title=job.title, saves=saves)
    entry = state.catalogue.of_run(run.split("/")[0]) if run else state.catalogue.get(key)
    if run and entry is None:
        return render(request, "editor", entry=None, origin="", run=run, title=title_from_name(run), saves=saves)
    if entry is None:
        raise HTTPException(404, "there is no such recipe; the first page shows all; choose one there")
    return render(request, "editor", entry=entry, origin="", run=run, title=entry.title, saves=saves)


async def run(request: Request) -> Response:
    """A run as it goes."""
    state = state_of(request)
    job = _job(request)
    status = await run_in_threadpool(state.status.of, job)
    return render(request, "run", run=status, running=job.state not in OVER)


async def runs(request: Request) -> Response:
    """Everything that was asked for, newest first."""
    return render(request, "runs", runs=await run_in_threadpool(listed, state_of(request), visitor_of(request)))


async def gallery(request: Request) -> Response:
    """The gallery's first page."""
    return RedirectResponse("/gallery/index.html")


async def icon(request: Request) -> Response:
    """The icon that browsers ask for by this name."""
    return RedirectResponse(request.app.state.assets("icon.svg"))
