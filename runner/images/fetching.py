"""Pictures from `https://` and `s3://` as bytes, within limits of time and size.

`https://` connects only to addresses of the public internet unless private ones are allowed: each host, those
of redirects too, is resolved once, checked, and connected to by that very address, so that a name cannot
change its meaning between the check and the connection. Addresses in messages come without their query,
which may contain a signature.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from typing import IO, Any

from orbifolio.runner.aws import AwsErrors, make_client
from orbifolio.runner.errors import ImageError

MAX_DOWNLOAD = 50_000_000  # bytes: without a limit a stranger's recipe could fill the memory
ANSWER_SECONDS = 30.0  # that a server has to answer, or to send the next bytes
MAX_SECONDS = 120.0  # for one picture in all, however steadily it trickles in
_BLOCK = 1 << 16  # bytes read at a time at most, between looks at the clock
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses inside IPv6 (RFC 6052)
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",  # IETF protocols; Oracle's metadata
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "168.63.129.16/32",  # Azure's host, as seen from its machines
        "::/96",  # IPv4-compatible, deprecated
        "64:ff9b:1::/48",  # NAT64 of a local network (RFC 8215)
        "100::/64",  # discarded
        "2001::/23",  # IETF protocols
        "2001:db8::/32",
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, deprecated
    )
)
"""Beside what Python's table calls private; that table grew with its versions (3.12.4), and knows no clouds."""
_ISATAP = (0x5EFE, 0x02005EFE)  # upper half of an interface that holds an IPv4 address (RFC 5214)


def without_secrets(source: str) -> str:
    """A source as messages and reports may show it: an address without its query and user.

    >>> without_secrets("https://host/a.png?signature=abc")
    'https://host/a.png'
    """
    if not source.startswith("https:"):
        return source
    head = source.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = head.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def fault_of_address(source: str) -> str | None:
    """What is wrong with an https address, as "what; rule; cure", or None."""
    shown = without_secrets(source)[:200]
    try:
        parts = urllib.parse.urlsplit(source)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{shown!r} is not an address; it has the form https://host/path; correct it"
    if parts.scheme != "https":
        return f"{shown!r} is not encrypted; pictures are fetched by https only; write https://"
    if not host:
        return f"{shown!r} names no host; an address has the form https://host/path; add it"
    if parts.username is not None:
        return f"{shown!r} contains a user or password; recipes have no secrets; download it and name the file"
    if any(character <= " " or character == "\x7f" for character in source):
        return f"{shown!r} contains white space; an address has none; write %20"
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in.

    >>> is_public("93.184.215.14"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if (int(parsed) >> 32) & 0xFFFFFFFF in _ISATAP:
            return False
    if any(parsed.version == network.version and parsed in network for network in _SPECIAL):
        return False
    return parsed.is_global and not parsed.is_multicast


def fetch(url: str, *, allow_private: bool = False, context: ssl.SSLContext | None = None) -> bytes:
    """The bytes behind an https address.

    Args:
        url: of the scheme https.
        allow_private: connect to addresses outside the public internet too, and use the proxies that the
            environment names.
        context: certificates to trust; by default the system's.

    Raises:
        ImageError: says what was tried and what to do.
    """
    fault = fault_of_address(url)
    shown = without_secrets(url)
    if fault is not None:
        raise ImageError(fault)
    handlers: list[urllib.request.BaseHandler] = [
        _Https(allow_private, context or ssl.create_default_context()),
        _Redirects(),
    ]
    if not allow_private:
        handlers.append(urllib.request.ProxyHandler({}))  # a proxy would connect where we may not
    opener = urllib.request.build_opener(*handlers)
    request = urllib.request.Request(url, headers={"User-Agent": "orbifolio", "Accept": "image/*"})
    cure = "save the picture as a file and name that"
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as stream:
            kind = stream.headers.get_content_type()
            if kind.startswith("text/") and stream.headers.get("Content-Type"):
                raise ImageError(
                    f"{shown}: is {kind}, not a picture; the picture's own address is needed; copy it from "
                    "the browser's image menu"
                )
            return _read_all(stream, shown)
    except ImageError:
        raise
    except urllib.error.HTTPError as error:
        error.close()
        status = f"the server answers {error.code} {error.reason}"
        raise ImageError(f"{shown}: {status}; a picture must be there; check the address") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason: object = error
        while isinstance(reason, urllib.error.URLError):  # urllib wraps ours in one more of its own
            reason = reason.reason
        if isinstance(reason, ImageError):
            raise ImageError(f"{shown}: {reason}") from None
        cause = str(reason) or type(reason).__name__
        raise ImageError(f"{shown}: cannot be fetched ({cause}); check the network, or {cure}") from None


def _read_all(response: Any, shown: str) -> bytes:
    """Read a response to its end, within the limits of size and time."""
    too_large = ImageError(
        f"{shown}: has more than {MAX_DOWNLOAD // 10**6} MB; pictures are fetched up to that; save a "
        "smaller one as a file"
    )
    began, blocks, size = time.monotonic(), [], 0
    if int(response.headers.get("Content-Length") or 0) > MAX_DOWNLOAD:
        raise too_large
    while block := response.read1(min(_BLOCK, MAX_DOWNLOAD + 1 - size)):
        blocks.append(block)
        size += len(block)
        if size > MAX_DOWNLOAD:
            raise too_large
        if time.monotonic() - began > MAX_SECONDS:
            raise ImageError(
                f"{shown}: took more than {MAX_SECONDS:.0f} seconds; that is the limit; save it as a file and name that"
            )
    length = response.headers.get("Content-Length")
    if length is not None and size < int(length):
        raise ImageError(f"{shown}: the connection broke after {size:,} of {int(length):,} bytes; try again")
    return b"".join(blocks)


class _Connection(http.client.HTTPSConnection):
    """Connects to the very address that was checked, whatever the name resolves to a moment later."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._create_connection = self._check_and_connect

    def _check_and_connect(
        self, address: tuple[str, int], timeout: Any = None, source_address: Any = None
    ) -> socket.socket:
        host, port = address
        addresses = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        for item in addresses:
            if not is_public(str(item)):
                raise urllib.error.URLError(
                    ImageError(
                        f"leads to {item}, which is not a public address; pictures are fetched from the public "
                        "internet; save the picture as a file and name that"
                    )
                )
        last: OSError = OSError("the name has no address")
        for item in addresses:
            try:
                return socket.create_connection((str(item), port), timeout, source_address)
            except OSError as error:
                last = error
        raise last


class _Https(urllib.request.HTTPSHandler):
    """Opens https with or without the check of addresses."""

    def __init__(self, allow_private: bool, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._trusted = context
        self._connection: Any = http.client.HTTPSConnection if allow_private else _Connection

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Like the base class, with a connection that checks addresses where they must be public."""
        return self.do_open(self._connection, req, context=self._trusted)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        """Like the base class, for addresses that may be fetched."""
        fault = fault_of_address(newurl)
        if fault is not None:
            fp.close()
            raise ImageError(f"{without_secrets(req.full_url)}: redirects elsewhere: {fault}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def bucket_and_key(source: str) -> tuple[str, str] | None:
    """The two parts of `s3://bucket/key`, or None if one is missing."""
    bucket, _, key = source.removeprefix("s3://").partition("/")
    return (bucket, key) if source.startswith("s3://") and bucket and key else None


_S3_ERRORS = AwsErrors(
    raises=ImageError,
    service="S3",
    permissions="add it to them, or save the picture as a file",
    later="try again later, or save the picture as a file",
    codes={
        "NoSuchKey": "there is no such object; check bucket and key",
        "404": "there is no such object; check bucket and key",
        "NoSuchBucket": "there is no such bucket; check its name",
    },
)


def fetch_s3(source: str) -> bytes:
    """An object of S3, by the user's own AWS configuration.

    Raises:
        ImageError: no credentials, no such object, no network, too large.
    """
    parts = bucket_and_key(source)
    if parts is None:
        raise ImageError(f"{source!r} is not s3://bucket/key; name both")
    too_large = ImageError(
        f"{source}: has more than {MAX_DOWNLOAD // 10**6} MB; pictures are fetched up to that; use a smaller one"
    )
    with _S3_ERRORS.translated(source, "s3:GetObject"):
        try:
            client = make_client("s3")
        except ValueError as error:
            raise ImageError(f"{source}: {error}; check the settings in ~/.aws") from error
        response = client.get_object(Bucket=parts[0], Key=parts[1])
        if response["ContentLength"] > MAX_DOWNLOAD:
            raise too_large
        data: bytes = response["Body"].read(MAX_DOWNLOAD + 1)
    if len(data) > MAX_DOWNLOAD:
        raise too_large
    return data
