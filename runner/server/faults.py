"""Errors as responses: `{"error": ..., "problems": [...]}` to programs, a page to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orbifolio.runner.errors import InputError, OrbifolioError, Problem, RecipeError
from orbifolio.runner.server.bounded_calls import Abandoned
from orbifolio.runner.server.context import render
from orbifolio.runner.server.messages import RecipeProblem, Refusal

MAX_PROBLEMS = 20  # of a body: more than anyone reads
_WORDS = {"model_attributes_type": "Input should be an object"}
"""Instead of pydantic's words where these speak of Python."""


ALWAYS_POSSIBLE = (400, 401, 403, 413, 422)
"""Statuses that any request may be refused with."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route documents the statuses that it refuses with."""
    return dict.fromkeys(statuses, {"model": Refusal, "description": "Refused, with the reason"})


def body_problems(errors: Sequence[Any]) -> list[Problem]:
    """Pydantic's errors as problems, each with its path in the body."""
    return [
        Problem(f"{_words(item)}; see /api/openapi.json; change it", path=_dotted_path(item["loc"]))
        for item in errors[:MAX_PROBLEMS]
    ]


def _words(item: dict[str, Any]) -> str:
    if item["type"] == "json_invalid":
        return f"Invalid JSON: {item['ctx']['error']}"
    return _WORDS.get(item["type"], str(item["msg"]))


def _dotted_path(location: Sequence[str | int]) -> str:
    """A dotted path; FastAPI starts it with `body`, and ends that of broken JSON with a position."""
    parts = location[1:] if location[:1] == ("body",) else location
    return ".".join(map(str, parts))[:200] if all(isinstance(part, str) for part in parts[:1]) else ""


def refusal(status: int, message: str, problems: Sequence[Problem] = (), headers: Any = None) -> JSONResponse:
    """Why something was not done."""
    listed = [RecipeProblem.model_validate(each, from_attributes=True) for each in problems]
    return JSONResponse(Refusal(error=message, problems=listed).model_dump(), status, headers)


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


async def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        message = f"{request.method} is not supported here; see /api/openapi.json; use another method"
    elif error.detail and ";" in error.detail:
        message = error.detail
    else:
        message = f"{error.detail or 'there is nothing here'}; see /api/openapi.json; check the address"
    if _wants_page(request):
        return render(request, "fault", error.status_code, status=error.status_code, message=message)
    return refusal(error.status_code, message, headers=error.headers)


async def _body_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _recipe_fault(request, RecipeError(body_problems(error.errors())))


async def _recipe_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecipeError)
    count = len(error.problems)
    message = f"{count} problem{'s' if count != 1 else ''}; each is listed with its path; fix them"
    return refusal(422, message, error.problems)


async def _input_fault(request: Request, error: Exception) -> Response:
    return refusal(422, str(error))


async def _fault(request: Request, error: Exception) -> Response:
    return refusal(500, str(error))


async def _abandoned(request: Request, error: Exception) -> Response:
    """Nobody reads it; the status is the one that nginx logs for this."""
    return refusal(499, "the visitor has left; nothing was computed; ask again")


async def _our_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: its text may reveal this machine, so the visitor learns only that there was one."""
    message = "internal server error; the server's log has the details; try again"
    if _wants_page(request):
        return render(request, "fault", 500, status=500, message=message)
    return refusal(500, message)


HANDLERS: dict[int | type[Exception], Callable[[Request, Exception], Any]] = {
    HTTPException: _http_fault,
    RequestValidationError: _body_fault,
    RecipeError: _recipe_fault,
    InputError: _input_fault,
    OrbifolioError: _fault,
    Abandoned: _abandoned,
    Exception: _our_fault,
}
