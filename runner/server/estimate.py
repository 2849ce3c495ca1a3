"""How long it will take, before it is begun: (a recipe, or a look with its pictures) -> seconds, memory, in words."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.server import api, messages
from orbifolio.runner.server import job as jobs
from orbifolio.runner.server.house import House


async def estimate(request: Request) -> Response:
    """What a recipe will need; nothing is computed, no network is loaded."""
    house = api.house_of(request)
    asked = await api.as_recipe(house, await api.body(request, messages.RunRequest))
    async with house.glancing:  # tables of a symmetry may take a processor for seconds
        _, found = await run_in_threadpool(api.drafted, house, asked)
        if found.loaded is None:
            raise RecipeError(found.problems)
        return api.answer(await run_in_threadpool(_estimate, house, found.loaded))


def _estimate(house: House, loaded: LoadedRecipe) -> messages.Estimate:
    from orbifolio.runner.run.plan import in_words, make_plan

    plan = make_plan(loaded, next(iter(house.queue.devices), "auto"))
    return messages.Estimate(
        seconds=round(plan.seconds, 1),
        text=in_words(plan.seconds),
        memory_bytes=round(plan.memory_bytes),
        device=plan.device,
        waiting=_ahead(house),
    )


def _ahead(house: House) -> int:
    """Pictures that are begun before one that is asked for now, or 0 if a device is free."""
    unfinished = sum(job.state in (jobs.RUNNING, jobs.QUEUED) for job in house.store.all())
    return max(0, unfinished - len(house.queue.devices) + 1)
