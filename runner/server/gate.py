"""Who may come in, and what browsers may do with what they get: one ASGI layer around the whole application.

- `Host` must be a name of this server: a page elsewhere cannot reach it by rebinding its own name (DNS rebinding).
- A request that changes something must come from a page of this server, by `Origin` or `Sec-Fetch-Site`.
- With a token: the link that holds it is exchanged once for a cookie (HttpOnly, SameSite=Strict), which is derived
  from the token, not the token itself; programs send `Authorization: Bearer`. Without either, nothing is told.
- Bodies have a limit that holds while they arrive, whatever their header says.
- Every answer has a content security policy without inline scripts, and is not kept by caches unless it says so.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "orbifolio"
LEAST_TOKEN = 16  # characters
SAFE = ("GET", "HEAD", "OPTIONS")
LARGEST_BODY = 2_000_000
LARGEST_UPLOAD = 120_000_000  # bytes in one request
_UPLOADS = ("/api/images", "/api/paintings")
_OPEN = ("/api/health", "/favicon.ico")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
MONTH = 30 * 86_400  # seconds

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "permissions-policy": "geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Rules:
    """Whom the gate lets in.

    Attributes:
        token: that visitors must know, or None for nobody but this machine.
        hosts: names of this server beside those of the loopback.
        any_address: numeric addresses are names of this server too (it listens on all of them).
    """

    token: str | None = None
    hosts: tuple[str, ...] = ()
    any_address: bool = False
    _secret: bytes = field(default=b"orbifolio session", repr=False)

    @property
    def session(self) -> str:
        """What the cookie holds: it opens this server and does not tell the token."""
        return hmac.new((self.token or "").encode(), self._secret, hashlib.sha256).hexdigest()

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


class Gate:
    """The layer.

    Args:
        app: what is inside.
        rules: whom to let in.
    """

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request and hand it on, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        limit = LARGEST_UPLOAD if scope["path"] in _UPLOADS else LARGEST_BODY
        answer = self._judge(scope, headers, limit)
        if answer is not None:
            await answer(scope, receive, _with_headers(send, scope))
            return
        await self.app(scope, _limited(receive, limit), _with_headers(send, scope))

    def _judge(self, scope: Scope, headers: dict[str, str], limit: int) -> Response | None:
        """An answer that turns the request away or on, or None for one that may go in."""
        host = headers.get("host", "")
        if not self.rules.knows(host):
            name = _name(host)[:80]
            return _refusal(
                400, f"{name!r} is no name of this server; add it when it is started: --allow-host {name or 'NAME'}"
            )
        if scope["method"] not in SAFE and not _same_origin(scope, headers, host):
            return _refusal(403, "the request comes from a page of another site; only this server's own pages may ask")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return _refusal(413, _largest(limit))
        return self._admit(scope, headers)

    def _admit(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        if self.rules.token is None or scope["path"] in _OPEN:
            return None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.rules.is_token(bearer.strip()):
            return None
        if self.rules.is_session(_cookie(headers.get("cookie", ""))):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("token", [""])[0]
        if scope["method"] == "GET" and given and self.rules.is_token(given):
            rest = urlencode(query, doseq=True)
            path = "/" + scope["path"].lstrip("/\\")  # never to another host
            answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
            secure = scope["scheme"] == "https"
            answer.set_cookie(
                COOKIE, self.rules.session, max_age=MONTH, httponly=True, samesite="strict", secure=secure, path="/"
            )
            return answer
        if "text/html" in headers.get("accept", ""):
            return HTMLResponse(_LOCKED, 401)
        return _refusal(401, "this server is locked; open the link with the token, or send Authorization: Bearer TOKEN")


_LOCKED = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Locked · orbifolio</title><meta name="color-scheme" content="light dark"></head>
<body><main><h1>Locked</h1>
<p>This page opens with the link that the server printed when it was started. It holds a token and looks like
<code>http://…/?token=…</code>.</p></main></body></html>
"""


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": message, "problems": []}, status)


def _largest(limit: int) -> str:
    return f"the request is too large; at most {limit / 1e6:g} MB are taken at once; send less"


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


def _same_origin(scope: Scope, headers: dict[str, str], host: str) -> bool:
    """Whether a request that changes something comes from this server's own pages, or from no page at all."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.strip().lower()
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _cookie(header: str) -> str:
    try:
        jar = SimpleCookie(header[:8192])
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _limited(receive: Receive, limit: int) -> Receive:
    """Count a body while it arrives."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, _largest(limit))
        return message

    return counted


def _with_headers(send: Send, scope: Scope) -> Send:
    """Every answer with the policy and its kin, unless it has its own."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            there = {name.lower() for name, _ in headers}
            policy = POLICY if not scope["path"].startswith("/api/") else "default-src 'none'; frame-ancestors 'none'"
            wanted = {**_HEADERS, "content-security-policy": policy, "cache-control": "no-store"}
            headers += [(n.encode(), v.encode()) for n, v in wanted.items() if n.encode() not in there]
            message = {**message, "headers": headers}
        await send(message)

    return dressed
