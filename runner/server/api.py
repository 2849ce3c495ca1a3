"""The JSON API: requests -> drafts, uploads, jobs; every refusal says what, rule and cure.

Handlers that only read are plain functions, which FastAPI runs in threads. Those that change the queue are coroutines:
the queue belongs to the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from orbifolio.reports.data.notes import RunNotes, read_notes, write_notes
from orbifolio.reports.write_gallery import run_folders
from orbifolio.runner.errors import ImageError, InputError, RecipeError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.context import Identity, NamedJob, State, StrictRoute, Visitor, json_only, visitor_of
from orbifolio.runner.server.faults import ALWAYS_POSSIBLE, body_problems, refusals
from orbifolio.runner.server.job_store import OVER, QUEUED, RUNNING, Job
from orbifolio.runner.server.messages import (
    BranchOffer,
    CatalogueList,
    CatalogueRecipe,
    CheckReport,
    DraftRequest,
    EditedText,
    EditorChoices,
    EditRequest,
    KeptRecipe,
    Look,
    LookList,
    NotesList,
    RecipeProblem,
    RunEstimate,
    RunList,
    RunRequest,
    RunStatus,
    ServerHealth,
    UploadedImage,
    UploadReport,
)
from orbifolio.runner.server.presets import available_presets, choose_preset
from orbifolio.runner.server.recipe_drafts import CheckedDraft
from orbifolio.runner.server.recipe_edit import REMOVE, edit, read_flow
from orbifolio.runner.server.static_files import confined
from orbifolio.runner.server.uploads import MAX_FILE_BYTES, MAX_FILES

MAX_LISTED = 100  # the newest runs in a list, as the API documents: the status of each is read from its log


def _file(*kinds: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": "The file", "content": {kind: {"schema": schema} for kind in kinds}}}


def _form(required: str, *, words: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> dict[str, Any]:
    """How a multipart body is documented; it is read by hand, since our limits are narrower than FastAPI's."""
    properties: dict[str, Any] = {name: {"type": "string", "format": "binary"} for name in (required, *files)}
    properties |= {name: {"type": "string"} for name in words}
    schema = {"type": "object", "properties": properties, "required": [required]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


router = APIRouter(prefix="/api", route_class=StrictRoute, responses=refusals(*ALWAYS_POSSIBLE))
_JSON: dict[str, Any] = {"dependencies": [Depends(json_only)], "responses": refusals(415)}


@router.get("/health", summary="Server health")
async def health(state: State) -> ServerHealth:
    """`busy` while a picture is being made, or waits; from memory, since anyone may ask as often as they like."""
    return ServerHealth(ok=True, busy=state.queue.busy)


@router.get("/recipes", summary="The catalogue")
def recipes(state: State) -> CatalogueList:
    """By theme and title."""
    entries = [
        CatalogueRecipe(
            key=entry.key,
            theme=entry.theme,
            title=entry.title,
            about=entry.about,
            cost=entry.cost,
            picture=f"/pictures/{entry.key}" if entry.picture else "",
        )
        for entry in state.catalogue.entries().values()
    ]
    return CatalogueList(recipes=entries)


@router.get("/looks", summary="What the painting page offers")
def looks(state: State) -> LookList:
    """Each with the choices that it leaves open."""
    presets = available_presets(state.catalogue)
    return LookList(looks=[Look.model_validate(each, from_attributes=True) for each in presets])


@router.get(
    "/schema",
    summary="The JSON Schema of recipes",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/schema+json": {}}}},
)
def schema(state: State) -> Response:
    """For editors and for the form of the control page."""
    return Response(state.schema, media_type="application/schema+json")


@router.get("/choices", summary="What the editor offers as pictures")
def choices(request: Request) -> EditorChoices:
    """Pictures that ship, groups, and the colours that each generator of a group may have."""
    from orbifolio.runner.server.artist_choices import editor_choices

    return editor_choices(request.app.state.assets)


@router.post("/recipes", summary="Save a recipe among one's own", status_code=201, **_JSON)
def keep_recipe(state: State, visitor: Visitor, body: DraftRequest) -> KeptRecipe:
    """In the folder that the server was started with: over the recipe itself if it lies there, else as a new file."""
    return KeptRecipe.model_validate(state.keep_recipe(_checked(state, body, visitor)), from_attributes=True)


@router.post("/check", summary="Check a recipe; nothing is computed", **_JSON)
def check(state: State, visitor: Visitor, body: DraftRequest) -> CheckReport:
    """Every problem with its path; nothing is computed."""
    checked = _checked(state, body, visitor)
    begins = ""
    if body.branch and checked.loaded is not None:
        begins = state.branch_start(body.branch, checked)[0].words
    return CheckReport(
        text=checked.draft.text,
        data=dict(checked.data),
        problems=[RecipeProblem.model_validate(each, from_attributes=True) for each in checked.problems],
        advisories=list(checked.advisories),
        asked=list(checked.upload_names),
        pictures=dict(checked.pictures or {}),
        qualities=list(checked.qualities),
        begins=begins,
    )


def _checked(state: AppState, body: DraftRequest, visitor: str) -> CheckedDraft:
    return state.drafts.check(state.drafts.draft(body.recipe, body.text, body.values, body.images, visitor))


@router.post("/edit", summary="A recipe's text with one value changed, comments kept", **_JSON)
def change(body: EditRequest) -> EditedText:
    """By value, by text (`flow`), or taken out (`remove`)."""
    value = REMOVE if body.remove else body.value if body.flow is None else read_flow(body.flow)
    return EditedText(text=edit(body.text, tuple(body.path), value))


@router.post(
    "/preview",
    summary="What a recipe or a look will give, small",
    response_class=Response,
    dependencies=[Depends(json_only)],
    responses={**refusals(415), **_file("image/webp"), 204: {"description": "Nothing to show"}},
)
async def preview(request: Request, state: State, visitor: Visitor, body: RunRequest) -> Response:
    """A small picture, or what the symmetry does to noise; the header `X-Shows` says which."""
    from orbifolio.runner.server.bounded_work import PREVIEW, preview_of

    async with state.previewing:
        loaded = await run_in_threadpool(_loaded, state, body, visitor)
        picture = await state.calls.call(PREVIEW, preview_of, loaded, bool(body.look), gone=request.is_disconnected)
    if picture is None:
        return Response(status_code=204)
    return Response(picture[0], media_type="image/webp", headers={"X-Shows": picture[1]})


def _loaded(state: AppState, body: RunRequest, visitor: str) -> LoadedRecipe:
    """The recipe that a request asks for.

    Raises:
        RecipeError: what is wrong with it.
    """
    return _valid(_checked(state, as_recipe(state, body), visitor))


def _valid(checked: CheckedDraft) -> LoadedRecipe:
    """The recipe of a draft.

    Raises:
        RecipeError: what is wrong with it.
    """
    if checked.loaded is None:
        raise RecipeError(checked.problems)
    return checked.loaded


@router.post("/estimate", summary="How long a recipe, or a look, will take, and how much memory", **_JSON)
async def estimate(request: Request, state: State, visitor: Visitor, body: RunRequest) -> RunEstimate:
    """Nothing is computed, no network is loaded; it may take half as long or twice. Too large is refused."""
    from orbifolio.runner.run.plan import in_words
    from orbifolio.runner.server.bounded_work import ESTIMATE
    from orbifolio.runner.server.bounded_work import plan as make_plan

    device = next(iter(state.queue.devices), "auto")
    async with state.previewing:
        loaded = await run_in_threadpool(_loaded, state, body, visitor)
        plan = await state.calls.call(ESTIMATE, make_plan, loaded, device, gone=request.is_disconnected)
    if plan.refusal:
        raise InputError(plan.refusal)
    before = sum(job.state in (RUNNING, QUEUED) for job in state.store.active())
    return RunEstimate(
        seconds=round(plan.seconds, 1),
        text=in_words(plan.seconds),
        memory_bytes=round(plan.memory_bytes),
        device=plan.device,
        waiting=max(0, before - len(state.queue.devices) + 1),  # 0 if a device is free
    )


@router.post(
    "/images",
    summary="Send pictures, several at once",
    status_code=201,
    responses={415: {"model": UploadReport, "description": "None of the files could be taken"}},
    openapi_extra=_form("file"),
)
async def take_images(request: Request, response: Response, state: State) -> UploadReport:
    """Each file is judged alone: some may be taken and others refused."""
    images, refused = [], []
    async with request.form(max_files=MAX_FILES, max_fields=20, max_part_size=100_000) as form:
        files = [item for _, item in form.multi_items() if isinstance(item, UploadFile)]
        if not files:
            raise HTTPException(
                422, "the request holds no file; pictures are sent as multipart/form-data; send at least one"
            )
        for file in files:
            try:
                images.append(await _take(request, state, file, file.filename or "the file"))
            except InputError as error:
                refused.append(str(error))
    if not images:
        response.status_code = 415
    return UploadReport(images=images, refused=refused)


async def _take(request: Request, state: AppState, file: UploadFile, name: str) -> UploadedImage:
    from orbifolio.runner.server.bounded_work import DECODING, read_upload

    data = await file.read(MAX_FILE_BYTES + 1)
    async with state.decoding:
        try:
            picture = await state.calls.call(DECODING, read_upload, data, name, gone=request.is_disconnected)
        except ImageError:
            raise
        except InputError as error:  # too much time or memory
            raise ImageError(f"{_printable(name)}: {error}") from None
    upload = await run_in_threadpool(state.uploads.keep, picture, visitor_of(request))
    shown = _printable(name)
    url = f"/api/images/{upload.id}"
    return UploadedImage(
        id=upload.id, name=shown, width=upload.width, height=upload.height, url=url, small=f"{url}/small"
    )


def _printable(name: str) -> str:
    return "".join(letter for letter in name[-80:] if letter.isprintable())


@router.get(
    "/images/{id}",
    summary="A picture that was sent",
    response_class=Response,
    responses={**refusals(404), **_file("image/png")},
)
def image(state: State, visitor: Visitor, id: Identity) -> FileResponse:
    """As PNG, without anything of the file but its pixels; only to who sent it."""
    return _upload(state.uploads.path, id, visitor)


@router.get(
    "/images/{id}/small",
    summary="A thumbnail of a picture that was sent",
    response_class=Response,
    responses={**refusals(404), **_file("image/webp")},
)
def small_image(state: State, visitor: Visitor, id: Identity) -> FileResponse:
    """At most 480 pixels wide and high, as WebP; only to who sent it."""
    return _upload(state.uploads.small, id, visitor)


def _upload(find: Callable[[str, str], FilePath], identity: str, visitor: str) -> FileResponse:
    try:
        path = find(identity, visitor)
    except KeyError:
        message = "there is no such picture; unused pictures are removed after a day; upload it again"
        raise HTTPException(404, message) from None
    return FileResponse(path, headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.get("/runs", summary="The newest hundred runs")
def runs(state: State, visitor: Visitor) -> RunList:
    """The newest first, those that are over too; of those with pictures that were sent, the visitor's own."""
    return RunList(runs=listed(state, visitor))


def listed(state: AppState, visitor: str) -> list[RunStatus]:
    """The newest hundred jobs that a visitor may see, newest first."""
    jobs = state.store.newest(MAX_LISTED, lambda job: state.may_see(job.owner, visitor))
    return [state.status.of(job) for job in jobs]


def unfinished(state: AppState, visitor: str) -> list[RunStatus]:
    """The jobs that are not over and that a visitor may see, newest first."""
    jobs = [job for job in state.store.active() if state.may_see(job.owner, visitor)]
    return [state.status.of(job) for job in reversed(jobs[-MAX_LISTED:])]


@router.post("/runs", summary="Make a picture of a recipe, or of a look and a photograph", status_code=201, **_JSON)
async def add_run(response: Response, state: State, visitor: Visitor, body: RunRequest) -> RunStatus:
    """It is made when a device is free; `Location` is its address."""
    return _queued(response, state, await start(state, body, visitor))


@router.post(
    "/paintings",
    summary="Make a picture of a photograph, sent in the same request",
    status_code=201,
    responses=refusals(415),
    openapi_extra=_form("photo", words=("look",), files=("style",)),
)
async def add_painting(request: Request, response: Response, state: State) -> RunStatus:
    """For web sites and scripts: one form with the file; further fields are the look's choices."""
    async with request.form(max_files=4, max_fields=20, max_part_size=10_000) as form:
        files = {name: item for name, item in form.multi_items() if isinstance(item, UploadFile)}
        words = {name: item for name, item in form.multi_items() if isinstance(item, str)}
        if "photo" not in files:
            raise HTTPException(
                422, "the request holds no photo; it is sent as multipart/form-data, in the field photo; add it"
            )
        if not set(files) <= {"photo", "style"}:
            raise HTTPException(422, "only the fields photo and style may be files; leave out the others")
        images = {name: (await _take(request, state, file, file.filename or name)).id for name, file in files.items()}
    look = words.pop("look", "") or "style"
    try:
        body = RunRequest.model_validate({"look": look, "options": words, "images": images})
    except ValidationError as error:
        raise RecipeError(body_problems(error.errors(include_url=False))) from None
    return _queued(response, state, await start(state, body, visitor_of(request)))


def _queued(response: Response, state: AppState, job: Job) -> RunStatus:
    response.headers["Location"] = f"/api/runs/{job.id}"
    return state.status.of(job)


async def start(state: AppState, body: RunRequest, visitor: str = "") -> Job:
    """Queue what a visitor asks for.

    Raises:
        InputError: there is no such recipe, look or picture, or the queue is full.
        RecipeError: what is wrong with the recipe.
    """

    def prepared() -> tuple[CheckedDraft, str]:
        checked = _checked(state, as_recipe(state, body), visitor)
        _valid(checked)
        return state.start_branch(body.branch, checked) if body.branch else (checked, "")

    checked, run = await run_in_threadpool(prepared)
    return state.submit(checked, look=body.look, run=run)


def as_recipe(state: AppState, body: RunRequest) -> RunRequest:
    """A request for a look as one for the recipe that it is made from; any other as it is.

    Raises:
        InputError: there is no such look or choice, or a picture that it needs is missing.
    """
    if not body.look:
        return body
    if body.recipe or body.text is not None or body.values:
        raise InputError("both a look and a recipe are given; a picture has one of them; leave one out")
    chosen = choose_preset(state.catalogue, body.look, body.options)
    missing = [name for name in chosen.asks if name not in body.images]
    if missing:
        raise InputError(f"the look {body.look} needs the picture {missing[0]!r}; upload it and name it in images")
    images = {name: body.images[name] for name in chosen.asks}
    return body.model_copy(update={"recipe": chosen.preset.recipe, "values": dict(chosen.values), "images": images})


@router.get("/runs/{id}", summary="A run's status", responses=refusals(404))
def run(state: State, job: NamedJob) -> RunStatus:
    """With its newest picture and its curve so far."""
    return state.status.of(job)


@router.delete("/runs/{id}", summary="Remove a run from the list", status_code=204, responses=refusals(404, 409))
def forget(state: State, job: NamedJob) -> None:
    """Its report stays in the gallery."""
    if job.state not in OVER:
        message = f"this picture is {job.state}; only one that is over can be forgotten; cancel it first"
        raise HTTPException(409, message)
    state.store.remove(job)


@router.get(
    "/runs/{id}/result",
    summary="The finished picture",
    response_class=Response,
    responses={**refusals(404), **_file("image/png", "image/jpeg")},
)
async def result(
    request: Request,
    state: State,
    job: NamedJob,
    format: Annotated[str, Query(json_schema_extra={"enum": ["png", "jpeg"]})] = "png",
) -> FileResponse:
    """A 16-bit PNG, or a JPEG with `?format=jpeg`."""
    folder = state.store.run_folder(job)
    if folder is None or not (folder / "final.png").is_file():
        raise HTTPException(404, f"there is no picture yet; this one is {job.state}; wait until it is done")
    if format not in ("png", "jpeg"):
        raise HTTPException(422, f"{format[:20]!r} is not a format; png and jpeg are; choose one")
    path = folder / "final.png"
    if format == "jpeg":
        path = await _jpeg(request, state, path, state.store.folder_of(job.id) / "result.jpg")
    name = f"{job.name}.{'png' if format == 'png' else 'jpg'}"
    return FileResponse(path, filename=name, content_disposition_type="attachment")


async def _jpeg(request: Request, state: AppState, source: FilePath, target: FilePath) -> FilePath:
    from orbifolio.runner.server.bounded_work import DECODING, as_jpeg

    if not target.is_file():
        async with state.decoding:
            data = await state.calls.call(DECODING, as_jpeg, source, gone=request.is_disconnected)
        await run_in_threadpool(write_atomically, target, data)
    return target


@router.get(
    "/runs/{id}/images/{name}",
    summary="A picture that a run was given",
    response_class=Response,
    responses={**refusals(404), **_file("image/png")},
)
def run_image(
    state: State, job: NamedJob, name: Annotated[str, Path(json_schema_extra={"minLength": 1, "maxLength": 40})]
) -> FileResponse:
    """By the name that its recipe asks for."""
    if name not in job.images:
        raise HTTPException(404, "the run has no such picture; see its recipe")
    return FileResponse(state.store.image_path(job, name), media_type="image/png")


@router.get("/runs/{id}/branch", summary="A run's recipe, to branch from", responses=refusals(404))
def branch(state: State, visitor: Visitor, job: NamedJob) -> BranchOffer:
    """To be changed and run again; it starts from the run's current state."""
    draft = state.draft_of(job, visitor)
    return BranchOffer(recipe=draft.origin, text=draft.text, images=dict(draft.images))


@router.get("/notes", summary="Stars, notes and tags of the gallery's runs")
def all_notes(state: State, visitor: Visitor) -> NotesList:
    """Of those runs that have any; of runs with pictures that were sent, the visitor's own."""
    found = {}
    for folder in run_folders(state.gallery):
        run = f"{folder.parent.name}/{folder.name}"
        notes = read_notes(folder)
        if not notes.empty and state.may_see(state.store.owner_of(run), visitor):
            found[run] = notes
    return NotesList(runs=found)


_Folder = Annotated[str, Path(json_schema_extra={"minLength": 1, "maxLength": 255})]


@router.put(
    "/notes/{recipe}/{run}",
    summary="Write a star, a note and tags into a run",
    dependencies=[Depends(json_only)],
    responses=refusals(404, 415),
)
def keep_notes(state: State, visitor: Visitor, recipe: _Folder, run: _Folder, body: RunNotes) -> RunNotes:
    """`notes.json` in the run's folder, in place of what it had; the file goes when nothing is left to say."""
    folder = confined(state.gallery, f"{recipe}/{run}")
    if folder is None or folder not in {each.resolve() for each in run_folders(state.gallery)}:
        raise HTTPException(404, "the gallery has no such run; start at /gallery/index.html; check the address")
    # the folder's own names: other spellings and links lead to it, too
    if not state.may_see(state.store.owner_of(f"{folder.parent.name}/{folder.name}"), visitor):
        raise HTTPException(404, "this run is shown only to who sent its pictures; start another; see docs/serve.md")
    try:
        write_notes(folder, body)
    except OSError as error:
        raise InputError(f"the notes cannot be written ({error.strerror}); make room, or see to its folder") from None
    return body


_VERBS = ("pause", "resume", "keep", "cancel")


@router.post("/runs/{id}/{verb}", summary="pause, resume, keep or cancel a run", responses=refusals(404, 409))
async def act(
    state: State, job: NamedJob, verb: Annotated[str, Path(json_schema_extra={"enum": list(_VERBS)})]
) -> RunStatus:
    """After its present step; `keep` ends it with what is there as the finished picture."""
    if verb not in _VERBS:
        raise HTTPException(404, f"not an action of a run; the actions are {', '.join(_VERBS)}; choose one of these")
    try:
        changed: Job = getattr(state.queue, verb)(job)
    except InputError as error:
        raise HTTPException(409, str(error)) from None
    return state.status.of(changed)
