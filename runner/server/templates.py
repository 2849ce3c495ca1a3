"""A page from its template in templates/serve."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from orbifolio.reports.render import renderer


def render(request: Request, name: str, code: int = 200, **values: Any) -> HTMLResponse:
    """Render a page.

    Args:
        request: the page may link to its own address.
        name: of the template, without its ending.
        values: that the template shows.
    """
    template = renderer().environment.get_template(f"serve/{name}.html")
    return HTMLResponse(template.render(asset=request.app.state.assets, here=request.url.path, **values), code)
