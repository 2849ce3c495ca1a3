"""Whose pictures are shown to whom: two browsers with the same link, a program, and an operator who says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from served import Serving, Visitor, make_recipes, make_state, picture

from orbifolio.runner.files import write_atomically
from orbifolio.runner.server.security import AccessRules

TOKEN = "a-token-of-more-than-sixteen-letters"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("private")
    (folder / "gallery").mkdir()
    with Serving(make_state(folder, make_recipes(folder)), AccessRules(TOKEN)) as found:
        found.state.queue.devices = ()  # whatever is asked for waits
        yield found


def browser(locked: Serving) -> Visitor:
    """A browser that has opened the link."""
    client = httpx.Client(base_url=locked.address, timeout=60, follow_redirects=True)
    typed = PAGE | {"Sec-Fetch-Site": "none"}  # what a browser says of an address that nothing led to
    assert client.get(f"/?token={TOKEN}", headers=typed).status_code == 200
    return Visitor(client, locked)


@pytest.fixture
def two(locked: Serving) -> Iterator[tuple[Visitor, Visitor]]:
    mine, theirs = browser(locked), browser(locked)
    yield mine, theirs
    locked.state.shared = locked.state.uploads.shared = False
    for visitor in (mine, theirs):
        for job in visitor.client.get("/api/runs").json()["runs"]:
            visitor.client.post(f"/api/runs/{job['id']}/cancel")
            visitor.client.delete(f"/api/runs/{job['id']}")
        visitor.client.close()


def with_report(visitor: Visitor, run: str) -> str:
    """Give a job that waits a run in the gallery; its address."""
    state = visitor.serving.state
    job = state.store.change(state.store.read(run), run=f"tiny/20260101-000000-{run[-4:]}")
    for name, content in (("final.png", picture()), ("index.html", b"<title>x</title>"), ("run.json", b"{}")):
        write_atomically(state.gallery / job.run / name, content)
    return f"/gallery/{job.run}"


def test_each_browser_has_a_name_that_scripts_cannot_read(locked: Serving) -> None:
    with httpx.Client(base_url=locked.address, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answer = client.get("/", headers=PAGE)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("orbifolio-visitor=")
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert "set-cookie" not in client.get("/", headers=PAGE).headers  # it is kept
        assert "set-cookie" not in client.get("/api/recipes").headers


def test_pictures_are_shown_to_who_sent_them(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    photo = mine.send(picture(120, 90))
    for place in (f"/api/images/{photo}", f"/api/images/{photo}/small"):
        assert mine.client.get(place).status_code == 200
        assert theirs.client.get(place).status_code == 404
    asked = {"recipe": "nets/tiny", "images": {"photo": photo}}
    for way in ("/api/runs", "/api/preview", "/api/estimate", "/api/check"):
        assert theirs.client.post(way, json=asked).status_code == 422
    assert theirs.send(picture(120, 90)) != photo  # the same picture is another's own


def test_runs_of_pictures_are_shown_to_who_sent_them(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    run = mine.start(recipe="nets/tiny", images={"photo": mine.send(picture(120, 90))})
    address = with_report(mine, run)
    places = (
        f"/api/runs/{run}",
        f"/api/runs/{run}/images/photo",
        f"/api/runs/{run}/branch",
        f"/runs/{run}",
        f"/paint/{run}",
        f"/new?from={run}",
        f"{address}/index.html",
        f"{address}/run.json",
    )
    for place in places:
        assert mine.client.get(place, headers=PAGE).status_code == 200, place
        assert theirs.client.get(place, headers=PAGE).status_code == 404, place
    doubled = address.replace("/tiny/", "/tiny//") + "/index.html"
    assert theirs.client.get(doubled).status_code == 404
    assert theirs.client.post(f"/api/runs/{run}/cancel").status_code == 404
    assert theirs.client.delete(f"/api/runs/{run}").status_code == 404
    assert theirs.client.get(f"/api/runs/{run}/events").status_code == 404
    branch = {"recipe": "nets/plain", "branch": run}
    assert theirs.client.post("/api/runs", json=branch).status_code == 422
    assert run in [job["id"] for job in mine.client.get("/api/runs").json()["runs"]]
    assert (
        run not in theirs.client.get("/api/runs").text + theirs.client.get("/").text + theirs.client.get("/runs").text
    )
    assert mine.client.get(f"{address}/final.png").headers["content-type"] == "image/png"
    instead = theirs.client.get(f"{address}/final.png")
    assert instead.headers["content-type"] == "image/svg+xml"  # a grey place in the gallery's lists
    assert b"Another visitor" in instead.content


def test_runs_without_pictures_are_everybody_s(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    run = mine.start(recipe="nets/plain")
    address = with_report(mine, run)
    for place in (f"/api/runs/{run}", f"{address}/index.html", f"{address}/final.png"):
        assert theirs.client.get(place).status_code == 200


def test_what_was_private_stays_so_when_it_is_cancelled(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    run = mine.start(recipe="nets/tiny", images={"photo": mine.send(picture(120, 90))})
    address = with_report(mine, run)
    assert mine.client.post(f"/api/runs/{run}/cancel").status_code == 200
    assert theirs.client.get(f"{address}/index.html").status_code == 404


def test_programs_without_cookies_see_what_programs_sent(locked: Serving, two: tuple[Visitor, Visitor]) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    ids = []
    for _ in range(2):
        answer = httpx.post(
            f"{locked.address}/api/images", headers=headers, files=[("file", ("a.png", picture(90, 70)))]
        )
        ids.append(answer.json()["images"][0]["id"])
    assert ids[0] == ids[1]
    assert httpx.get(f"{locked.address}/api/images/{ids[0]}", headers=headers).status_code == 200
    assert two[0].client.get(f"/api/images/{ids[0]}").status_code == 404


def test_the_operator_may_share_all(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    photo = mine.send(picture(120, 90))
    run = mine.start(recipe="nets/tiny", images={"photo": photo})
    address = with_report(mine, run)
    mine.serving.state.shared = mine.serving.state.uploads.shared = True
    for place in (f"/api/images/{photo}", f"/api/runs/{run}", f"{address}/index.html", f"{address}/final.png"):
        assert theirs.client.get(place).status_code == 200
    assert theirs.client.get(f"{address}/final.png").headers["content-type"] == "image/png"


def test_notes_of_a_private_run_are_for_its_sender(two: tuple[Visitor, Visitor]) -> None:
    mine, theirs = two
    run = mine.start(recipe="nets/tiny", images={"photo": mine.send(picture())})
    address = with_report(mine, run).replace("/gallery/", "/api/notes/")
    assert mine.client.put(address, json={"note": "mine"}).status_code == 200
    assert theirs.client.put(address, json={"note": "theirs"}).status_code == 404
    assert theirs.client.get("/api/notes").json() == {"runs": {}}
    assert [each["note"] for each in mine.client.get("/api/notes").json()["runs"].values()] == ["mine"]
    assert mine.client.put(address, json={}).status_code == 200
