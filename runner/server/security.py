"""Who may come in, and what browsers may do with what they get: small ASGI layers around the whole application.

- `Host` must be a name of this server: a page elsewhere cannot reach it by rebinding its own name (DNS rebinding).
- A request that changes something must come from a page of this server, by `Origin` or `Sec-Fetch-Site`.
- With a token: the link that holds it is exchanged once for a cookie (HttpOnly, SameSite=Strict), which is derived
  from the token, not the token itself; programs send `Authorization: Bearer`. Without either, nothing is shown.
- A second cookie tells visitors apart: pictures are shown to whoever sent them.
- Bodies have a limit that holds while they arrive, whatever their header says.
- Every response has a content security policy without inline scripts, and is not cached unless it says so.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import ipaddress
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orbifolio.runner.server.connections import ADMITTED

COOKIE = "orbifolio"
VISITOR_COOKIE = "orbifolio-visitor"
VISITOR = "orbifolio.visitor"
"""Key of a request's scope: a digest of its visitor's cookie."""
PROGRAMS = "programs"
"""The visitor that all programs are which send the token and no cookie."""
MIN_TOKEN = 16  # characters: 64 bits if they are random hexadecimal digits
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_BODY = 2_000_000
"""Bytes: a recipe has 1 MB at most (`recipe.source.MAX_FILE_SIZE`), and JSON escapes its quotes and line ends."""
MAX_UPLOAD = 120_000_000
"""Bytes in one request: six files of the largest size (`uploads.MAX_FILE_BYTES`)."""
MAX_ARRIVING = 1_000_000_000
"""Bytes of all requests that are still coming, which lie in temporary files."""
_UPLOADS = ("/api/images", "/api/paintings")
_OPEN = ("/api/health", "/favicon.ico")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SESSION = b"orbifolio session"  # what the token signs
_VISITOR_SECONDS = 365 * 86_400  # then pictures that were sent before cannot be seen any more
_COOKIE_SECONDS = 30 * 86_400  # then the link with the token is needed again

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "permissions-policy": "geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class AccessRules:
    """Who is let in, and by which names this server is reached.

    Attributes:
        token: that visitors must know, or None to ask for none, as in tests.
        hosts: names of this server beside those of the loopback.
        any_address: numeric addresses are names of this server too (it listens on all of them).
    """

    token: str | None = None
    hosts: tuple[str, ...] = ()
    any_address: bool = False

    @property
    def session(self) -> str:
        """What the cookie holds: it opens this server and does not reveal the token."""
        return hmac.new((self.token or "").encode(), _SESSION, hashlib.sha256).hexdigest()

    def knows(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name = _name(host)
        if name in _LOOPBACK or name in self.hosts:
            return True
        return self.any_address and _is_address(name)

    def is_token(self, text: str) -> bool:
        """Whether a visitor knows the token; takes as long for a wrong one."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.token.encode())

    def is_session(self, text: str) -> bool:
        """Whether a cookie is ours."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.session.encode())


class HostCheck:
    """Refuses requests whose `Host` is not a name of this server (DNS rebinding)."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the host of one request."""
        host = _headers(scope).get("host", "")
        if self.rules.knows(host):
            await self.app(scope, receive, send)
            return
        name = _name(host)[:80]
        message = f"{name!r} is not a name of this server; allow it when starting the server: --allow-host "
        await _refusal(400, message + (name or "NAME"))(scope, receive, send)


class OriginCheck:
    """Refuses requests that change something and come from a page of another site (cross-site request forgery)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check where one request comes from."""
        if scope["method"] in SAFE_METHODS or _same_origin(_headers(scope)):
            await self.app(scope, receive, send)
            return
        message = "the request comes from a page of another site; only this server's own pages may ask"
        await _refusal(403, message)(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too large, by their header and while they arrive, and too many large ones at once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request, and count its body."""
        limit = MAX_UPLOAD if scope["path"] in _UPLOADS else MAX_BODY
        message = f"the request is too large; at most {limit / 1e6:g} MB are taken at once; send less"
        length = _headers(scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await _refusal(413, message)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            part = await receive()
            size = len(part.get("body", b""))
            seen += size
            self.arriving += size
            if seen > limit:
                raise HTTPException(413, message)
            if self.arriving > MAX_ARRIVING:
                raise HTTPException(503, "too much is being sent at once; others are first; try again in a minute")
            return part

        try:
            await self.app(scope, counted, send)
        finally:
            self.arriving -= seen


class TokenCheck:
    """Lets in who knows the token: by its cookie, by `Authorization: Bearer`, or by the link that sets the cookie."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check who sends one request."""
        headers = _headers(scope)
        if self._admits(headers):
            scope[ADMITTED] = True
        if ADMITTED in scope or scope["path"] in _OPEN:
            await self.app(scope, receive, send)
            return
        response = self._exchange(scope, headers)
        if response is None and "text/html" in headers.get("accept", ""):
            response = HTMLResponse(_LOCKED, 401)
        if response is None:
            message = "this server is locked; open the link with the token, or send Authorization: Bearer TOKEN"
            response = _refusal(401, message)
        await response(scope, receive, send)

    def _admits(self, headers: dict[str, str]) -> bool:
        if self.rules.token is None:
            return True
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.rules.is_token(bearer.strip()):
            return True
        return self.rules.is_session(_cookie(headers.get("cookie", ""), COOKIE))

    def _exchange(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """The same address without its token, and the cookie instead; None if it holds no valid token.

        A browser that follows a link from elsewhere, such as a mail, does not send the new cookie along a redirection
        (SameSite=Strict); so it gets a page of ours that leads on.
        """
        query = parse_qs(scope["query_string"].decode("latin-1"))
        token = query.pop("token", [""])[0]
        if scope["method"] != "GET" or not token or not self.rules.is_token(token):
            return None
        rest = urlencode(query, doseq=True)
        path = "/" + scope["path"].lstrip("/\\")  # never to another host
        target = path + (f"?{rest}" if rest else "")
        follows_link = headers.get("sec-fetch-site", "cross-site") == "cross-site"  # none where it was typed
        response: Response = RedirectResponse(target, 303)
        if follows_link and "text/html" in headers.get("accept", ""):
            response = HTMLResponse(_LED_ON.format(target=html.escape(target)))
        secure = scope["scheme"] == "https"
        response.set_cookie(
            COOKIE,
            self.rules.session,
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="strict",
            secure=secure,
            path="/",
        )
        return response


class VisitorCookie:
    """Tells visitors apart, so that their pictures can be theirs: a random cookie, of which handlers get a digest.

    It opens nothing; whoever comes without it, as programs do, is one and the same visitor.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note who sends one request; a page that a new visitor opens brings the cookie."""
        headers = _headers(scope)
        name = _cookie(headers.get("cookie", ""), VISITOR_COOKIE)
        new = ""
        if not name and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            name = new = secrets.token_urlsafe(24)
        scope[VISITOR] = hashlib.sha256(name.encode()).hexdigest()[:32] if name else PROGRAMS

        async def send_with_cookie(message: Message) -> None:
            if new and message["type"] == "http.response.start":
                carrier = Response()
                secure = scope["scheme"] == "https"
                carrier.set_cookie(
                    VISITOR_COOKIE,
                    new,
                    max_age=_VISITOR_SECONDS,
                    httponly=True,
                    samesite="strict",
                    secure=secure,
                    path="/",
                )
                cookies = [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
                message = {**message, "headers": [*message.get("headers", []), *cookies]}
            await send(message)

        await self.app(scope, receive, send_with_cookie)


class SecurityHeaders:
    """Adds the content security policy and its kin to every response, unless the response has its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        policy = API_POLICY if scope["path"].startswith("/api/") else POLICY
        wanted = {**_HEADERS, "content-security-policy": policy}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _ in headers}
                headers += [(n.encode(), v.encode()) for n, v in wanted.items() if n.encode() not in present]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def secured(app: ASGIApp, rules: AccessRules) -> ASGIApp:
    """An application behind all of these; the first to refuse a request answers it."""
    guarded = SecurityHeaders(HostCheck(OriginCheck(BodyLimit(TokenCheck(VisitorCookie(app), rules))), rules))

    async def only_http(scope: Scope, receive: Receive, send: Send) -> None:
        await (guarded if scope["type"] == "http" else app)(scope, receive, send)

    return only_http


_LED_ON = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>orbifolio</title><meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0; url={target}"></head><body><p><a href="{target}">orbifolio</a></p></body></html>
"""
_LOCKED = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Locked · orbifolio</title><meta name="color-scheme" content="light dark"></head>
<body><main><h1>Locked</h1>
<p>This page opens with the link that the server printed when it was started. It holds a token and looks like
<code>http://…/?token=…</code>.</p></main></body></html>
"""


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": message, "problems": []}, status)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    """The name in a `Host` header, without its port."""
    host = host.strip().lower()
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name if not rest or rest.startswith(":") else host
    return host.rpartition(":")[0] if ":" in host else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_origin(headers: dict[str, str]) -> bool:
    """Whether a request that changes something comes from this server's own pages, or from no page at all."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() == headers.get("host", "").strip().lower()
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _cookie(header: str, name: str) -> str:
    """The value of a cookie, "" for none."""
    try:
        jar = SimpleCookie(header[:8192])
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""
