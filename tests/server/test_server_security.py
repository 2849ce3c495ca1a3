"""Who gets in: hosts, origins, tokens, sizes, and what every answer forbids the browser."""

from __future__ import annotations

import re
import socket

import h11
import httpx
import pytest
from served import Serving, Visitor, make_recipes, make_state, picture

from orbifolio.runner.server.job_store import FOLDER
from orbifolio.runner.server.security import MAX_BODY, POLICY, AccessRules
from orbifolio.runner.server.serve import ServeOptions, _link, _token

TOKEN = "a-token-of-more-than-sixteen-letters"
PLACES = (
    "/",
    "/paint",
    "/runs",
    "/api/recipes",
    "/api/runs",
    "/gallery/index.html",
    "/api/openapi.json",
    "/assets/x.js",
)


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locked")
    (folder / "gallery").mkdir()
    with Serving(
        make_state(folder, make_recipes(folder)), AccessRules(TOKEN, ("art.example",), any_address=True)
    ) as found:
        yield found


@pytest.fixture
def stranger(locked):
    with httpx.Client(base_url=locked.address, timeout=60) as client:
        yield client


@pytest.mark.parametrize("place", PLACES)
def test_without_the_token_nothing_is_told(stranger, place):
    answer = stranger.get(place)
    assert answer.status_code == 401
    assert TOKEN not in answer.text
    assert "Rainbow" not in answer.text


def test_health_is_told_to_all_and_says_nothing_else(stranger):
    assert stranger.get("/api/health").json() == {"ok": True, "busy": False}


def test_the_link_is_exchanged_for_a_cookie_that_is_not_the_token(stranger):
    answer = stranger.get(f"/new?recipe=plane/rainbow-hexagon&token={TOKEN}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/new?recipe=plane%2Frainbow-hexagon"
    cookie = answer.headers["set-cookie"]
    assert re.search("HttpOnly", cookie)
    assert re.search("SameSite=strict", cookie, re.IGNORECASE)
    assert TOKEN not in cookie
    assert stranger.get("/api/recipes").status_code == 200  # the client keeps the cookie


@pytest.mark.parametrize(("site", "status"), [("none", 303), ("same-origin", 303), ("cross-site", 200), (None, 200)])
def test_a_browser_that_follows_a_link_is_led_on_by_our_own_page(stranger, site, status):
    headers = {"accept": "text/html,*/*"} | ({} if site is None else {"sec-fetch-site": site})
    answer = stranger.get(f"/new?recipe=a%26b%3C&token={TOKEN}", headers=headers)
    assert answer.status_code == status
    assert "orbifolio" in answer.headers["set-cookie"]
    assert TOKEN not in answer.text
    if status == 200:
        assert '<meta http-equiv="refresh" content="0; url=/new?recipe=a%26b%3C">' in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0"])
def test_every_address_has_a_token_that_only_its_owner_reads(tmp_path, host):
    (tmp_path / FOLDER).mkdir()
    options = ServeOptions(tmp_path, None, host, 0, ("cpu",))
    token = _token(options)
    assert len(token) >= 32
    assert (tmp_path / FOLDER / "token").stat().st_mode & 0o77 == 0
    assert _token(options) == token  # links stay valid after a restart
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        assert _link(sock, token) == f"http://127.0.0.1:{sock.getsockname()[1]}/?token={token}"


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é" * 20])
def test_a_wrong_token_opens_nothing(stranger, token):
    assert stranger.get("/", params={"token": token}).status_code == 401
    header = f"Bearer {token}".encode("latin-1")
    assert stranger.get("/api/runs", headers={"Authorization": header}).status_code == 401
    assert stranger.get("/api/runs", headers={"Cookie": f"orbifolio={token}".encode("latin-1")}).status_code == 401


def test_the_link_never_leads_to_another_host(stranger):
    answer = stranger.get(f"//evil.example/?token={TOKEN}", headers={"Host": "art.example"})
    assert not answer.headers.get("location", "/").startswith("//")


def test_programs_send_the_token_as_bearer(stranger):
    assert stranger.get("/api/runs", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1]evil"])
def test_a_name_that_is_not_ours_is_turned_away(visitor: Visitor, host):
    answer = visitor.client.get("/api/recipes", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1080", "127.0.0.1:99", "[::1]:1080"])
def test_the_loopback_s_names_are_ours(visitor: Visitor, host):
    assert visitor.client.get("/api/health", headers={"Host": host}).status_code == 200


def test_on_all_addresses_numbers_are_ours_and_names_must_be_told(stranger):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for host, status in (("192.0.2.7:1080", 200), ("art.example", 200), ("other.example", 400)):
        assert stranger.get("/api/runs", headers={**bearer, "Host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "file://"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("place", ["/api/runs", "/api/images", "/api/paintings", "/api/check"])
def test_pages_of_other_sites_change_nothing(visitor: Visitor, headers, place):
    answer = visitor.client.post(place, headers=headers, json={"recipe": "nets/plain"})
    assert answer.status_code == 403
    assert visitor.client.get("/api/runs").json()["runs"] == []


def test_our_own_pages_may(visitor: Visitor):
    answer = visitor.client.post(
        "/api/check", headers={"Origin": visitor.serving.address}, json={"recipe": "nets/plain"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("place", ["/", "/paint", "/runs", "/nowhere", "/gallery/index.html", "/api/recipes"])
def test_every_answer_forbids_inline_scripts_and_framing(visitor: Visitor, place):
    answer = visitor.client.get(place, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    scripts = policy.partition("script-src")[2].partition(";")[0]
    assert "default-src 'none'" in policy
    assert "unsafe" not in scripts
    assert "frame-ancestors" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("place", ["/", "/paint", "/runs", "/new?recipe=nets/tiny"])
def test_pages_hold_no_inline_script_or_style(visitor: Visitor, place):
    text = visitor.client.get(place).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert "http://" not in text.replace("http://…", "")
    assert "https://" not in text
    assert "unsafe" not in POLICY


def test_a_body_beyond_the_limit_is_refused_by_its_header_and_while_it_arrives(visitor: Visitor):
    big = b'"' + b"x" * (MAX_BODY + 10) + b'"'
    kind = {"Content-Type": "application/json"}
    assert visitor.client.post("/api/check", content=big, headers=kind).status_code == 413

    def drops():
        for _ in range(MAX_BODY // 100_000 + 2):
            yield b"x" * 100_000

    assert visitor.client.post("/api/check", content=drops(), headers=kind).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "nonsense", "99999999999999"])
def test_lengths_that_are_none_are_refused(visitor: Visitor, length):
    try:
        answer = visitor.client.post("/api/check", content=b"{}", headers={"Content-Length": length})
    except (httpx.HTTPError, h11.ProtocolError):
        return  # the client refuses to lie, or the server hung up at once, which is as good
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        ".serve/jobs",
        ".serve/token",
        "nets/../.serve/token",
        "..\\..\\etc\\passwd",
        "/etc/passwd",
        "a%00b.html",
        "link/passwd",
        "link.html",
        "secret.key",
    ],
)
def test_the_gallery_shows_nothing_else(visitor: Visitor, path):
    gallery = visitor.serving.state.gallery
    (gallery / ".serve").mkdir(exist_ok=True)
    (gallery / ".serve" / "token").write_text("secret-secret")
    (gallery / "secret.key").write_text("secret-secret")
    for name, target in (("link", "/etc"), ("link.html", "/etc/passwd")):
        if not (gallery / name).is_symlink():
            (gallery / name).symlink_to(target)
    request = httpx.Request("GET", f"{visitor.serving.address}/gallery/{path}")
    answer = visitor.client.send(request)
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text
    assert "secret-secret" not in answer.text


def test_a_checkpoint_is_not_for_visitors(visitor: Visitor):
    folder = visitor.serving.state.gallery / "nets" / "20260101-000000-0001" / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.json").write_text("{}")
    assert visitor.client.get("/gallery/nets/20260101-000000-0001/checkpoint/state.json").status_code == 404


def test_faults_of_ours_tell_nothing_of_this_machine(visitor: Visitor, monkeypatch):
    def broken():
        raise RuntimeError("/home/somebody/secret")

    monkeypatch.setattr(visitor.serving.state.catalogue, "entries", broken)
    answer = visitor.client.get("/api/recipes")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_pictures_sent_by_strangers_are_refused_before_they_are_read(stranger):
    answer = stranger.post("/api/images", files=[("file", ("a.png", picture()))])
    assert answer.status_code == 401
