"""A reader's star, note and tags: written into the run by the page and the API, told by `query`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from served import Serving, make_recipes, make_state
from synthetic_run import write_run
from watching import DESKTOP, Watch

from orbifolio.reports.data.notes import MAX_LETTERS, MAX_TAGS, RunNotes, read_notes
from orbifolio.reports.write_gallery import rebuild_gallery
from orbifolio.runner.commands.querying import query_runs
from orbifolio.runner.server.security import AccessRules

RUN = "rainbow-hexagon/20261121-101500-4f2a"
KEPT = {"star": True, "note": "für die Küche", "tags": ["blue", "wall"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("notes")
    write_run(folder / "gallery")
    write_run(folder / "gallery", recipe="upside-down", title="Upside down")
    rebuild_gallery(folder / "gallery")
    with Serving(make_state(folder, make_recipes(folder)), AccessRules()) as found:
        found.state.queue.devices = ()
        yield found


@pytest.fixture
def client(served: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, timeout=60) as found:
        yield found


def test_notes_lie_in_the_run_until_they_say_nothing(served, client, capsys) -> None:
    assert client.put(f"/api/notes/{RUN}", json={**KEPT, "tags": [" blue ", "wall"]}).json() == KEPT
    folder = served.state.gallery / RUN
    assert json.loads((folder / "notes.json").read_text()) == {"schema": 1, **KEPT}
    assert client.get("/api/notes").json() == {"runs": {RUN: KEPT}}
    query_runs(served.state.gallery, ["notes.star=true"])
    assert json.loads(capsys.readouterr().out)["notes"] == KEPT
    assert client.put(f"/api/notes/{RUN}", json={"note": "  "}).status_code == 200
    assert not (folder / "notes.json").exists()
    assert client.get("/api/notes").json() == {"runs": {}}


@pytest.mark.parametrize(
    "path",
    [
        "rainbow-hexagon/nosuch",
        "%2e%2e/gallery",
        "rainbow-hexagon/..",
        ".orbifolio/x",
        f"{RUN}%2Fphases",
        f"{RUN}%00",
        "a" * 300 + "/b",
    ],
)
def test_only_runs_of_the_gallery_have_notes(client, served, path) -> None:
    assert client.put(f"/api/notes/{path}", json=KEPT).status_code in (404, 405)
    assert not list(served.state.gallery.parent.rglob("notes.json"))


@pytest.mark.parametrize(
    "body",
    [
        {"note": "x" * (MAX_LETTERS + 1)},
        {"tags": ["x"] * (MAX_TAGS + 1)},
        {"tags": [" "]},
        {"star": 5},
        {"stars": True},
    ],
)
def test_what_is_too_much_is_refused(client, body) -> None:
    answer = client.put(f"/api/notes/{RUN}", json=body)
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_pages_of_other_sites_write_nothing(client) -> None:
    assert client.put(f"/api/notes/{RUN}", json=KEPT, headers={"Origin": "https://evil.example"}).status_code == 403
    content = json.dumps(KEPT)
    assert client.put(f"/api/notes/{RUN}", content=content, headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize("content", ["{", "[]", '{"star": 7}', '{"tags": 3}', "[" * 5000])
def test_files_of_another_form_say_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "notes.json").write_text(content)
    assert read_notes(tmp_path) == RunNotes()


@pytest.fixture
def open_page(browser: Browser, served: Serving) -> Iterator[Callable[[str], Page]]:
    contexts, watches = [], []

    def open_one(path: str) -> Page:
        context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
        context.set_default_timeout(60_000)
        contexts.append(context)
        watch = Watch((served.address,))
        watches.append(watch)
        context.on("page", watch.follow)
        page = context.new_page()
        page.goto(f"{served.address}{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    troubles = [each for watch in watches for each in watch.troubles]
    assert not troubles, "\n".join(troubles)


@pytest.mark.browser
def test_a_star_is_there_in_another_browser(served: Serving, open_page: Callable[[str], Page]) -> None:
    page = open_page(f"/gallery/{RUN}/index.html")
    page.get_by_role("button", name="Star").click()
    page.get_by_text("Note and tags").click()
    page.get_by_label("Tags of your own").fill("blue, wall , blue")
    expect(page.get_by_text("Written into the run")).to_be_visible(timeout=30_000)
    assert read_notes(served.state.gallery / RUN) == RunNotes(star=True, tags=("blue", "wall"))
    other = open_page("/gallery/index.html")
    expect(other.locator(".starred")).to_have_count(1, timeout=30_000)
    expect(other.locator('.wall > li[data-own~="wall"]')).to_have_count(1)  # what the search looks at
    there = open_page(f"/gallery/{RUN}/index.html")
    expect(there.get_by_label("Tags of your own")).to_have_value("blue, wall", timeout=30_000)
    there.get_by_role("button", name="Starred").click()
    there.get_by_label("Tags of your own").fill("")
    there.goto(f"{served.address}/gallery/index.html")  # at once: what is left to send goes with the page
    expect(there.locator(".wall > li").first).to_be_visible()
    there.wait_for_function("async () => Object.keys((await (await fetch('/api/notes')).json()).runs).length === 0")
    assert not (served.state.gallery / RUN / "notes.json").exists()
