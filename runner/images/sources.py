"""Where pictures come from: a path, `orbifolio:NAME`, `skimage:NAME`, `https://`, `s3://`, `upload`.

`Images.check` says what is wrong with a source without reading it whole; `Images.load` reads it once and
keeps it. Paths are relative to the recipe. `https://` is fetched with a time and a size limit, follows
redirects to https only and refuses addresses that are not public, so that a stranger's recipe cannot look
into one's own network.
"""

from __future__ import annotations

import difflib
import ipaddress
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO

from runner.errors import ImageError
from runner.images.reading import Picture, read_picture

LARGEST_DOWNLOAD = 50_000_000  # bytes
LARGEST_FILE = 500_000_000  # bytes
TIMEOUT = 30.0  # seconds without an answer

# Pictures inside scikit-image's own package; its others are fetched from the network by a further package.
SKIMAGE = {
    "astronaut": "astronaut.png", "brick": "brick.png", "camera": "camera.png", "cell": "cell.png",
    "chelsea": "chelsea.png", "clock": "clock_motion.png", "coffee": "coffee.png", "coins": "coins.png",
    "colorwheel": "color.png", "grass": "grass.png", "gravel": "gravel.png", "horse": "horse.png",
    "hubble_deep_field": "hubble_deep_field.jpg", "immunohistochemistry": "ihc.png", "logo": "logo.png",
    "moon": "moon.png", "page": "page.png", "retina": "retina.jpg", "rocket": "rocket.jpg", "text": "text.png",
}


@cache
def own_pictures() -> dict[str, Path]:
    """Style pictures that come with the program, by name."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_recipes" / "styles", here.parent / "recipes" / "styles"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.jpg"))}
    return {}


class Images:
    """Loads the pictures of one recipe.

    Args:
        base: folder that relative paths start from.
        given: files for named uploads, from `--image NAME=FILE`.
        allow_private: fetch `https://` from addresses that are not public too.
    """

    def __init__(self, base: Path, given: Mapping[str, Path] | None = None, *, allow_private: bool = False) -> None:
        self.base = base
        self.given = dict(given or {})
        self.allow_private = allow_private
        self._loaded: dict[str, Picture] = {}

    def check(self, source: str) -> str | None:
        """What is wrong with a source as "what; rule; cure", or None; reads nothing from the network."""
        scheme, _, rest = source.partition(":")
        if scheme == "skimage":
            return _unknown(rest, SKIMAGE, "a picture that comes with scikit-image")
        if scheme == "orbifolio":
            return _unknown(rest, own_pictures(), "a picture that comes with orbifolio")
        if source == "upload" or source.startswith("upload:"):
            return self._check_upload(source)
        if scheme == "http":
            return f"{source!r} is not encrypted; pictures are fetched by https only; write https://"
        if scheme == "https":
            return None if urllib.parse.urlsplit(source).hostname else f"{source!r} names no host; write https://host/path"
        if scheme == "s3":
            return None if _bucket_and_key(source) else f"{source!r} is not s3://bucket/key; name both"
        if not source.strip():
            return "no picture is named; give a path, skimage:NAME, orbifolio:NAME, https://... or s3://..."
        return _missing(self.base / source, source)

    def _check_upload(self, source: str) -> str | None:
        name = source.partition(":")[2] or "upload"
        if name in self.given:
            return _missing(self.given[name], str(self.given[name]))
        wrong = f"; --image {' and '.join(sorted(self.given))} was given" if self.given else ""
        return (
            f"this picture is asked for when the recipe is run, and none was given{wrong}; "
            f"add --image {name}=FILE"
        )

    def load(self, source: str) -> Picture:
        """The picture, read once.

        Raises:
            ImageError: it is missing, cannot be fetched or cannot be read.
        """
        if source not in self._loaded:
            problem = self.check(source)
            if problem is not None:
                raise ImageError(problem)
            self._loaded[source] = read_picture(self._bytes(source), source)
        return self._loaded[source]

    def _bytes(self, source: str) -> bytes:
        scheme, _, rest = source.partition(":")
        if scheme == "skimage":
            return (resources.files("skimage") / "data" / SKIMAGE[rest]).read_bytes()
        if scheme == "orbifolio":
            return own_pictures()[rest].read_bytes()
        if scheme == "https":
            return fetch(source, allow_private=self.allow_private)
        if scheme == "s3":
            return fetch_s3(source)
        if source == "upload" or source.startswith("upload:"):
            return _read(self.given[source.partition(":")[2] or "upload"])
        return _read(self.base / source)


def _unknown(name: str, known: Mapping[str, object], what: str) -> str | None:
    if name in known:
        return None
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    cure = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(sorted(known))}"
    return f"{name!r} is not {what}; {cure}"


def _missing(path: Path, shown: str) -> str | None:
    if path.is_dir():
        return f"{shown!r} is a folder; a picture is one file; name a file in it"
    if path.is_file():
        return None
    names = []
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        pass
    near = difflib.get_close_matches(path.name, names, n=1)
    hint = f"; did you mean {near[0]!r} in the same folder?" if near else "; paths are relative to the recipe; check it"
    return f"no file {shown!r}{hint}"


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ImageError(f"{path.name}: has more than {LARGEST_FILE // 10**6} MB; scale it down first")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path.name}: cannot be read ({error.strerror or error}); check its permissions") from error


def fetch(url: str, *, allow_private: bool = False) -> bytes:
    """The bytes behind an https address, within the limits of this module.

    Raises:
        ImageError: says what was tried and what to do.
    """
    opener = urllib.request.build_opener(_SafeRedirects(allow_private))
    try:
        refuse_private(url, allow_private)
        request = urllib.request.Request(url, headers={"User-Agent": "orbifolio", "Accept": "image/*"})
        with opener.open(request, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(LARGEST_DOWNLOAD + 1)
    except urllib.error.HTTPError as error:
        raise ImageError(f"{url}: the server answers {error.code} {error.reason}; check the address") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ImageError(f"{url}: cannot be fetched ({reason}); save the picture as a file and name that") from error
    if len(data) > LARGEST_DOWNLOAD:
        raise ImageError(f"{url}: has more than {LARGEST_DOWNLOAD // 10**6} MB; save a smaller one as a file")
    return data


def refuse_private(url: str, allow_private: bool) -> None:
    """Refuse addresses that are not https or lead into a private network.

    Raises:
        ImageError: and says which.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ImageError(f"{url}: is not an https address; pictures are fetched by https only")
    if allow_private:
        return
    for *_, address in socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(address[0]).is_global:
            raise ImageError(
                f"{url}: leads to {address[0]}, which is not a public address; save the picture as a file and name that"
            )


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Checks every address on the way, not only the first."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        """As the base class, for addresses that may be fetched."""
        refuse_private(newurl, self.allow_private)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _bucket_and_key(source: str) -> tuple[str, str] | None:
    bucket, _, key = source.removeprefix("s3://").partition("/")
    return (bucket, key) if bucket and key else None


def fetch_s3(source: str) -> bytes:
    """An object of S3, by the user's own AWS configuration.

    Raises:
        ImageError: no credentials, no such object, no network, too large.
    """
    import boto3  # only here: it takes a second to import
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    place = _bucket_and_key(source)
    assert place is not None
    try:
        client = boto3.client("s3", config=Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"max_attempts": 2}))
        answer = client.get_object(Bucket=place[0], Key=place[1])
        if answer["ContentLength"] > LARGEST_DOWNLOAD:
            raise ImageError(f"{source}: has more than {LARGEST_DOWNLOAD // 10**6} MB; use a smaller picture")
        data: bytes = answer["Body"].read()
    except NoCredentialsError:
        raise ImageError(f"{source}: no AWS credentials are set up; run `aws configure`, or save the picture as a file") from None
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "error")
        raise ImageError(f"{source}: S3 answers {code}; check bucket, key and permissions") from error
    except (BotoCoreError, OSError) as error:
        raise ImageError(f"{source}: cannot be fetched ({error}); check the network and the AWS configuration") from error
    return data
