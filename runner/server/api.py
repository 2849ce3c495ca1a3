"""The JSON API: requests -> drafts, uploads, jobs; every refusal says what, rule and cure.

Handlers take a request and give a response; what is slow (pictures, validation) runs in a thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from orbifolio.runner.errors import ImageError, InputError, Problem, RecipeError
from orbifolio.runner.server import looks, messages
from orbifolio.runner.server.draft_problem import told
from orbifolio.runner.server.drafts import Checked, Draft
from orbifolio.runner.server.editing import REMOVE, edit, read_flow
from orbifolio.runner.server.job import OVER, Job
from orbifolio.runner.server.uploads import LARGEST_BYTES, MOST_FILES

if TYPE_CHECKING:
    from orbifolio.runner.server.house import House

Model = TypeVar("Model", bound=BaseModel)
MOST_LISTED = 100


def house_of(request: Request) -> House:
    """What the server has."""
    found: House = request.app.state.house
    return found


def answer(model: BaseModel, status: int = 200) -> JSONResponse:
    """A model as JSON."""
    return JSONResponse(model.model_dump(mode="json"), status)


def refusal(status: int, message: str, problems: tuple[Problem, ...] = ()) -> JSONResponse:
    """Why something was not done."""
    return JSONResponse({"error": message, "problems": [told(problem) for problem in problems]}, status)


async def body(request: Request, model: type[Model]) -> Model:
    """The request's body.

    Raises:
        RecipeError: it is not JSON, or not of this form; with the names of its fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"the body is {kind[:60] or 'of no type'}; application/json is needed; send that")
    raw = await request.body()
    try:
        return model.model_validate_json(raw, strict=False)
    except (ValidationError, RecursionError) as error:
        raise RecipeError(_faults(error)) from None


def _faults(error: ValidationError | RecursionError) -> list[Problem]:
    if isinstance(error, RecursionError):
        return [Problem("the body is nested too deeply; a request is flat; send less")]
    return [
        Problem(f"{item['msg']}; see /api/openapi.json; change it", path=".".join(map(str, item["loc"]))[:200])
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]


async def health(request: Request) -> Response:
    """Whether the server is there."""
    return answer(messages.Health(ok=True, busy=house_of(request).queue.busy))


async def recipes(request: Request) -> Response:
    """The catalogue."""
    entries = await run_in_threadpool(house_of(request).catalogue.entries)
    found = [
        messages.Recipe(
            key=entry.key,
            theme=entry.theme,
            title=entry.title,
            about=entry.about,
            cost=entry.cost,
            picture=f"/pictures/{entry.key}" if entry.picture else "",
        )
        for entry in entries.values()
    ]
    return answer(messages.Recipes(recipes=found))


async def list_looks(request: Request) -> Response:
    """What the painting page offers."""
    found = [
        messages.Look(
            key=look.key,
            title=look.title,
            words=look.words,
            duration=look.duration,
            choices=[
                messages.Choice(
                    key=choice.key,
                    label=choice.label,
                    options=[messages.Option(key=o.key, label=o.label, asks=o.asks) for o in choice.options],
                )
                for choice in look.choices
            ],
        )
        for look in looks.offered(house_of(request).catalogue)
    ]
    return answer(messages.Looks(looks=found))


async def schema(request: Request) -> Response:
    """The JSON Schema of recipes."""
    text = await run_in_threadpool(lambda: house_of(request).schema)
    return Response(text, media_type="application/schema+json")


async def check(request: Request) -> Response:
    """What is known of a recipe before anything is computed."""
    asked = await body(request, messages.DraftRequest)
    house = house_of(request)
    draft, found = await run_in_threadpool(drafted, house, asked)
    begins = ""
    if asked.branch and found.loaded is not None:
        begins = (await run_in_threadpool(house.begins, asked.branch, draft, found))[0].words
    return answer(_checked(draft, found).model_copy(update={"begins": begins}))


def drafted(house: House, asked: messages.DraftRequest) -> tuple[Draft, Checked]:
    """A request as a draft, and what is known of it."""
    draft = house.desk.draft(asked.recipe, asked.text, asked.values, asked.images)
    return draft, house.desk.check(draft)


def _checked(draft: Draft, found: Checked) -> messages.Checked:
    return messages.Checked(
        text=draft.text,
        data=dict(found.data),
        problems=[messages.Problem.model_validate(told(problem)) for problem in found.problems],
        advisories=list(found.advisories),
        asked=list(found.asked),
        pictures=dict(found.pictures or {}),
        qualities=list(found.qualities),
    )


async def change(request: Request) -> Response:
    """A recipe's text with one value changed."""
    asked = await body(request, messages.EditRequest)
    value = REMOVE if asked.remove else asked.value if asked.flow is None else read_flow(asked.flow)
    text = await run_in_threadpool(edit, asked.text, tuple(asked.path), value)
    return JSONResponse({"text": text})


async def preview(request: Request) -> Response:
    """A glance at what a recipe's symmetry does to noise, as WebP."""
    asked = await body(request, messages.DraftRequest)
    house = house_of(request)
    async with house.glancing:
        _, found = await run_in_threadpool(drafted, house, asked)
        if found.loaded is None:
            raise RecipeError(found.problems)
        from orbifolio.runner.server.preview import preview as glance

        made = await run_in_threadpool(glance, found.loaded)
    if made is None:
        return Response(status_code=204)
    return Response(made[0], media_type="image/webp", headers={"X-Shows": made[1]})


async def take_images(request: Request) -> Response:
    """Take pictures in."""
    taken, refused = [], []
    async with request.form(max_files=MOST_FILES, max_fields=20, max_part_size=100_000) as form:
        files = [item for _, item in form.multi_items() if isinstance(item, UploadFile)]
        if not files:
            return refusal(422, "no file is here; pictures come as multipart/form-data; send at least one")
        for file in files:
            name = file.filename or "the file"
            try:
                taken.append(await _take(house_of(request), file, name))
            except ImageError as error:
                refused.append(str(error))
    status = 201 if taken else 415
    return answer(messages.Taken(images=taken, refused=refused), status)


async def _take(house: House, file: UploadFile, name: str) -> messages.Image:
    data = await file.read(LARGEST_BYTES + 1)
    async with house.decoding:
        found = await run_in_threadpool(house.uploads.take, data, name)
    shown = "".join(letter for letter in name[-80:] if letter.isprintable())
    url = f"/api/images/{found.id}"
    return messages.Image(
        id=found.id, name=shown, width=found.width, height=found.height, url=url, small=f"{url}/small"
    )


async def image(request: Request) -> Response:
    """An uploaded picture."""
    return await _upload(request, house_of(request).uploads.path)


async def small_image(request: Request) -> Response:
    """A thumbnail of an uploaded picture."""
    return await _upload(request, house_of(request).uploads.small)


async def _upload(request: Request, find: Any) -> Response:
    try:
        path: Path = await run_in_threadpool(find, request.path_params["id"])
    except KeyError:
        return refusal(404, "there is no such picture; pictures that nobody uses go after a day; upload it again")
    return FileResponse(path, headers={"Cache-Control": "private, max-age=86400, immutable"})


async def add_run(request: Request) -> Response:
    """Queue a picture."""
    asked = await body(request, messages.RunRequest)
    job = await start(house_of(request), asked)
    return _made(request, job)


async def add_painting(request: Request) -> Response:
    """Queue a picture of a photograph: one form with the file, for web sites and scripts."""
    house = house_of(request)
    async with request.form(max_files=4, max_fields=20, max_part_size=10_000) as form:
        files = {name: item for name, item in form.multi_items() if isinstance(item, UploadFile)}
        words = {name: item for name, item in form.multi_items() if isinstance(item, str)}
        if "photo" not in files:
            return refusal(422, "no photo is here; it comes as multipart/form-data by the name photo; send it")
        if not set(files) <= {"photo", "style"}:
            return refusal(422, "only photo and style are files here; leave out the others")
        images = {name: (await _take(house, file, file.filename or name)).id for name, file in files.items()}
    look = words.pop("look", "")
    try:
        asked = messages.RunRequest.model_validate({"look": look or "style", "options": words, "images": images})
    except ValidationError as error:
        raise RecipeError(_faults(error)) from None
    return _made(request, await start(house, asked))


def _made(request: Request, job: Job) -> Response:
    made = answer(house_of(request).news.of(job), 201)
    made.headers["Location"] = f"/api/runs/{job.id}"
    return made


async def start(house: House, asked: messages.RunRequest) -> Job:
    """Queue what a request asks for.

    Raises:
        InputError: there is no such recipe, look or picture, or too many wait.
        RecipeError: what is wrong with the recipe.
    """
    draft, found = await run_in_threadpool(drafted, house, await as_recipe(house, asked))
    if found.loaded is None:
        raise RecipeError(found.problems)
    run = ""
    if asked.branch:
        draft, found, run = await run_in_threadpool(house.begin, asked.branch, draft, found)
    return house.submit(draft, found, look=asked.look, run=run)


async def as_recipe(house: House, asked: messages.RunRequest) -> messages.RunRequest:
    """A request for a look as one for the recipe that it is made from; any other as it is.

    Raises:
        InputError: there is no such look or choice, or a picture that it needs is missing.
    """
    if not asked.look:
        return asked
    if asked.recipe or asked.text is not None or asked.values:
        raise InputError("both a look and a recipe are given; a picture has one of them; leave one out")
    chosen = await run_in_threadpool(looks.choose, house.catalogue, asked.look, asked.options)
    missing = [name for name in chosen.asks if name not in asked.images]
    if missing:
        raise InputError(f"the look {asked.look} needs the picture {missing[0]!r}; upload it and name it in images")
    images = {name: asked.images[name] for name in chosen.asks}
    return asked.model_copy(update={"recipe": chosen.look.recipe, "values": dict(chosen.values), "images": images})


async def list_runs(request: Request) -> Response:
    """The newest hundred, newest first."""
    return answer(messages.Runs(runs=await run_in_threadpool(listed, house_of(request))))


def listed(house: House, most: int = MOST_LISTED) -> list[messages.Run]:
    """The newest jobs, newest first."""
    return [house.news.of(job) for job in reversed(house.store.all()[-most:])]


def job_of(request: Request) -> Job:
    """The job that a path names.

    Raises:
        HTTPException: 404.
    """
    try:
        return house_of(request).store.read(request.path_params["id"])
    except KeyError:
        raise HTTPException(404, "there is no such run; GET /api/runs lists them; check its id") from None


async def run(request: Request) -> Response:
    """How one of them stands."""
    return answer(house_of(request).news.of(job_of(request)))


async def act(request: Request) -> Response:
    """Pause, resume, keep or cancel."""
    house, job = house_of(request), job_of(request)
    verbs = {
        "pause": house.queue.pause,
        "resume": house.queue.resume,
        "keep": house.queue.keep,
        "cancel": house.queue.cancel,
    }
    verb = verbs.get(request.path_params["verb"])
    if verb is None:
        return refusal(404, f"this is nothing that a run can do; {', '.join(verbs)} are; choose one of these")
    try:
        changed = verb(job)
    except InputError as error:
        return refusal(409, str(error))
    return answer(house.news.of(changed))


async def forget(request: Request) -> Response:
    """Take one that is over off the list; its report stays in the gallery."""
    job = job_of(request)
    if job.state not in OVER:
        return refusal(409, f"this picture is {job.state}; only one that is over can be forgotten; cancel it first")
    await run_in_threadpool(house_of(request).store.remove, job)
    return Response(status_code=204)


async def run_image(request: Request) -> Response:
    """A picture that a run was given."""
    job = job_of(request)
    name = request.path_params["name"]
    if name not in job.images:
        return refusal(404, "the run has no such picture; see its recipe")
    return FileResponse(house_of(request).store.image_path(job, name), media_type="image/png")


async def result(request: Request) -> Response:
    """The finished picture: 16-bit PNG, or JPEG with `?format=jpeg`."""
    job = job_of(request)
    house = house_of(request)
    folder = house.store.run_folder(job)
    if folder is None or not (folder / "final.png").is_file():
        return refusal(404, f"there is no picture yet; this one is {job.state}; wait until it is done")
    kind = request.query_params.get("format", "png")
    if kind not in ("png", "jpeg"):
        return refusal(422, f"{kind[:20]!r} is no format; png and jpeg are; choose one")
    path = folder / "final.png"
    if kind == "jpeg":
        path = await run_in_threadpool(_jpeg, path, house.store.place(job.id) / "result.jpg")
    name = f"{job.name}.{'png' if kind == 'png' else 'jpg'}"
    return FileResponse(path, filename=name, content_disposition_type="attachment")


def _jpeg(source: Path, target: Path) -> Path:
    import io

    from PIL import Image

    from orbifolio.runner.files import write_atomically

    if not target.is_file():
        with Image.open(source) as picture:
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "JPEG", quality=93, subsampling=0)
        write_atomically(target, buffer.getvalue())
    return target


async def branch(request: Request) -> Response:
    """A run's recipe and pictures, to be changed and run again; it begins with what the run has by now."""
    draft = await run_in_threadpool(house_of(request).branch, job_of(request))
    return JSONResponse({"recipe": draft.origin, "text": draft.text, "images": dict(draft.images)})
