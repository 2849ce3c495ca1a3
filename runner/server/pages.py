"""The pages: requests -> HTML from templates/serve; what changes while one looks is fetched by their scripts."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from orbifolio.reports.prose import markdown_to_text
from orbifolio.reports.render import renderer
from orbifolio.reports.wording import title_from_name
from orbifolio.runner.server import looks
from orbifolio.runner.server.api import house_of, job_of, listed
from orbifolio.runner.server.catalogue import Entry
from orbifolio.runner.server.job import OVER


def render(request: Request, name: str, code: int = 200, **told: Any) -> HTMLResponse:
    """A page from its template, with a status code."""
    template = renderer().environment.get_template(f"serve/{name}.html")
    html = template.render(asset=request.app.state.assets, here=request.url.path, **told)
    return HTMLResponse(html, code)


async def home(request: Request) -> Response:
    """The catalogue, and what is being made."""
    house = house_of(request)
    entries = await run_in_threadpool(house.catalogue.entries)
    themes: dict[str, list[Entry]] = {}
    for entry in entries.values():
        themes.setdefault(entry.theme, []).append(entry)
    groups = [(title_from_name(theme), theme, members) for theme, members in themes.items()]
    now = [run for run in await run_in_threadpool(listed, house) if run.state not in OVER]
    return render(request, "home", groups=groups, now=now, start=house.catalogue.start, words=markdown_to_text)


async def paint(request: Request) -> Response:
    """A photograph in, a painting out."""
    house = house_of(request)
    run = None
    if "id" in request.path_params:
        run = await run_in_threadpool(house.news.of, job_of(request))
    return render(request, "paint", looks=looks.offered(house.catalogue), run=run)


async def editor(request: Request) -> Response:
    """A recipe's form and text, before it is run."""
    house = house_of(request)
    key = request.query_params.get("recipe", "")
    origin = request.query_params.get("from", "")
    if origin:
        request.path_params["id"] = origin
        job = job_of(request)
        return render(request, "editor", entry=house.catalogue.get(job.origin), origin=job.id, title=job.title)
    entry = house.catalogue.get(key)
    if entry is None:
        raise HTTPException(404, "there is no such recipe; the first page shows all; choose one there")
    return render(request, "editor", entry=entry, origin="", title=entry.title)


async def run(request: Request) -> Response:
    """A run as it goes."""
    house = house_of(request)
    job = job_of(request)
    told = await run_in_threadpool(house.news.of, job)
    return render(request, "run", run=told, running=job.state not in OVER)


async def runs(request: Request) -> Response:
    """Everything that was asked for, newest first."""
    return render(request, "runs", runs=await run_in_threadpool(listed, house_of(request)))


async def gallery(request: Request) -> Response:
    """To the gallery's first page."""
    return RedirectResponse("/gallery/index.html")


async def icon(request: Request) -> Response:
    """The icon that browsers ask for by this name."""
    return RedirectResponse(request.app.state.assets("icon.svg"))
