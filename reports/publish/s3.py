"""Publishing to S3, or to any store that speaks its language (R2, Garage, SeaweedFS, Ceph, ...).

Credentials are found as every AWS program finds them, and never written anywhere. Files above 8 MiB are
sent in parts. Every request is tried again while its trouble may pass.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator

from orbifolio.reports.publish import serving
from orbifolio.reports.publish.retrying import Patience
from orbifolio.reports.publish.store import MISSING, PART, Condition, Served, Store, Stored
from orbifolio.runner.errors import PublishError
from orbifolio.runner.settings import Settings

_FIRST_TRIES = 3  # a wrong address should be told soon
_MOST_PARTS = 9_000  # S3 takes 10,000
_RESERVED = (("xn--", "sthree-", "amzn-s3-demo-"), ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))


class S3(Settings):
    """A bucket on S3 or a store that speaks its language; credentials come from the usual places, never from here."""

    kind: Literal["s3"] = "s3"
    bucket: str
    """The bucket's name."""
    prefix: str = ""
    """Where in the bucket the gallery begins, as in `art/gallery`; empty for its top."""
    endpoint_url: str | None = None
    """Address of a store other than AWS, as in `https://s3.example.org`."""
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$", max_length=40)
    """The bucket's region; null for the one that is configured on this machine."""
    every: float | None = Field(default=5.0, gt=0, le=10_000)
    """Minutes between two publications while a run goes on; null to publish at its end only."""

    @field_validator("bucket")
    @classmethod
    def _bucket(cls, value: str) -> str:
        rule = ""
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
            rule = "3 to 63 of a-z, 0-9, - and ., beginning and ending with a letter or digit"
        elif ".." in value or _is_address(value):
            rule = "it must not have two dots in a row, nor look like an IP address"
        elif value.startswith(_RESERVED[0]) or value.endswith(_RESERVED[1]):
            rule = "beginnings like xn-- and endings like -s3alias are reserved"
        if rule:
            raise ValueError(f"{value!r} is no name of a bucket; {rule}; correct it")
        return value

    @field_validator("prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        bare = value.removesuffix("/")
        wrong = {"", ".", ".."} & set(bare.split("/")) if bare else set()
        if wrong or value == "/" or "\\" in value or not bare.isprintable() or len(bare.encode()) > 500:
            raise ValueError(
                f"{value!r} is no prefix; it must not begin with /, nor have empty parts, . or ..; write it as in "
                "art/gallery"
            )
        return bare

    @field_validator("endpoint_url")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if good and (parts.username or parts.password or parts.query or parts.fragment):
            raise ValueError(
                "an address must not hold credentials or a query; a recipe is published with its pictures; "
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"
            )
        if not good:
            raise ValueError(f"{value!r} is no address of a store; it begins with https://; write it out")
        return value.rstrip("/")

    @property
    def target(self) -> str:
        """As it is written on the command line."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def options(self) -> tuple[str, ...]:
        """What must be said on the command line beside it."""
        named = (("--endpoint-url", self.endpoint_url), ("--region", self.region))
        return tuple(word for name, value in named if value for word in (name, value))

    def build(self, folder: Path, patience: Patience | None = None) -> Bucket:
        """The working store; nothing is asked of the network yet.

        Args:
            folder: of no meaning here.
            patience: how often to try again.
        """
        return Bucket(self, patience or Patience())


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


class Bucket(Store):
    """The part of a bucket below a prefix."""

    def __init__(self, settings: S3, patience: Patience) -> None:
        super().__init__()
        self.settings = settings
        self.patience = replace(patience, stopped=self.stopped)
        self._prefix = f"{settings.prefix}/" if settings.prefix else ""
        self._client: Any = None
        self._reached = False

    @property
    def name(self) -> str:
        """`s3://bucket/prefix`."""
        return self.settings.target

    @property
    def trusted(self) -> bool:
        """AWS keeps conditions; of others it must be seen."""
        return self.settings.endpoint_url is None

    @property
    def root(self) -> str:
        """As a website on this bucket has it."""
        return f"/{quote(self._prefix)}"

    @property
    def client(self) -> Any:
        """boto3's client, made when it is first needed.

        Raises:
            PublishError: the settings of this machine are wrong.
        """
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        from orbifolio.reports.publish.faults import translated

        options: dict[str, Any] = {}
        if self.settings.endpoint_url:  # checksums that AWS wants by default are more than some others understand
            options = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
        once = {"total_max_attempts": 1, "mode": "standard"}  # trying again is `retrying.py`'s
        config = Config(
            retries=once, connect_timeout=10, read_timeout=60, max_pool_connections=32, tcp_keepalive=True, **options
        )
        try:
            session = boto3.Session()
            region = self.settings.region or session.region_name or "us-east-1"
            return session.client("s3", region_name=region, endpoint_url=self.settings.endpoint_url, config=config)
        except BotoCoreError as error:
            raise translated(error, self.name, "") from error
        except ValueError as error:
            raise PublishError(f"{self.name}: {error}; correct --endpoint-url or the settings in ~/.aws") from error

    def ask(self, operation: str, action: str, **options: Any) -> Any:
        """One request, tried again while its trouble may pass.

        Args:
            operation: botocore's name of it.
            action: the permission that it needs.
            options: its parameters; the bucket is added.

        Raises:
            PublishError: it is refused, or its trouble did not pass.
            Conflict: its condition does not hold.
        """
        return self._ask(operation, action, (), options)

    def ask_optional(self, operation: str, action: str, *nothing: str, **options: Any) -> Any:
        """As `ask`, but None where the server answers that there is no such thing, by one of these codes."""
        return self._ask(operation, action, nothing, options)

    def _ask(self, operation: str, action: str, nothing: tuple[str, ...], options: dict[str, Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        from orbifolio.reports.publish.faults import translated

        client, endpoint = self.client, self.settings.endpoint_url or ""
        conditional = "IfMatch" in options or "IfNoneMatch" in options

        def attempt() -> Any:
            try:
                answer = getattr(client, operation)(Bucket=self.settings.bucket, **options)
                if "Body" in answer:
                    answer["Content"] = answer["Body"].read()  # here, as the connection may be lost while it comes
                return answer
            except (BotoCoreError, ClientError) as error:
                if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in nothing:
                    return None
                raise translated(error, self.name, action, endpoint=endpoint, conditional=conditional) from error

        answer = self.patience.insist(attempt, tries=None if self._reached else _FIRST_TRIES)
        self._reached = True
        return answer

    def address(self, key: str) -> str:
        """The object's own address; a website's differs."""
        path = quote(f"{self._prefix}{key}")
        if self.settings.endpoint_url:
            return f"{self.settings.endpoint_url}/{self.settings.bucket}/{path}"
        return f"https://{self.settings.bucket}.s3.{self.client.meta.region_name}.amazonaws.com/{path}"

    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """See the base class; a thousand at a time."""
        options: dict[str, Any] = {"Prefix": self._prefix + prefix}
        while True:
            answer = self.ask("list_objects_v2", "s3:ListBucket", **options)
            for item in answer.get("Contents", ()):
                yield item["Key"].removeprefix(self._prefix), item["ETag"]
            if not answer.get("IsTruncated"):
                return
            options["ContinuationToken"] = answer["NextContinuationToken"]

    def head(self, key: str) -> Stored | None:
        """See the base class."""
        answer = self.ask_optional(
            "head_object", "s3:GetObject or s3:ListBucket", "404", "NoSuchKey", Key=self._prefix + key
        )
        if answer is None:
            return None
        served = Served(
            answer.get("ContentType", ""), answer.get("CacheControl", ""), answer.get("ContentEncoding", "")
        )
        digest = answer.get("Metadata", {}).get("sha256", "")
        return Stored(self._tag(answer), answer["ContentLength"], digest, str(served))

    def get(self, key: str) -> tuple[bytes, str] | None:
        """See the base class."""
        answer = self.ask_optional(
            "get_object", "s3:GetObject or s3:ListBucket", "404", "NoSuchKey", Key=self._prefix + key
        )
        if answer is None:
            return None
        content = answer["Content"]
        return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content), self._tag(answer)

    def _tag(self, answer: dict[str, Any]) -> str:
        """An object's tag.

        Raises:
            PublishError: there is none; some web server takes what it is asked for a page.
        """
        from orbifolio.reports.publish.faults import no_store

        if "ETag" not in answer:
            raise no_store(self.name, self.settings.endpoint_url or "")
        return str(answer["ETag"])

    def _headers(self, served: Served) -> dict[str, Any]:
        headers = {"ContentType": served.type, "CacheControl": served.cache}
        return headers | ({"ContentEncoding": served.encoding} if served.encoding else {})

    def put(self, key: str, content: bytes, served: Served, *, condition: Condition = None) -> str:
        """See the base class."""
        options = self._headers(served)
        options["Metadata"] = {"sha256": hashlib.sha256(content).hexdigest()}
        if condition is MISSING:
            options["IfNoneMatch"] = "*"
        elif isinstance(condition, str):
            options["IfMatch"] = condition
        body = serving.encoded(content, served)
        answer = self.ask("put_object", "s3:PutObject", Key=self._prefix + key, Body=body, **options)
        return self._tag(answer)

    def put_file(self, key: str, path: Path, served: Served, *, sha256: str) -> tuple[str, int]:
        """See the base class; an upload that fails leaves no parts behind."""
        where = {"Key": self._prefix + key}
        headers = self._headers(served) | {"Metadata": {"sha256": sha256}}
        found = hashlib.sha256()
        sent = 0
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            size = max(PART, -(-path.stat().st_size // _MOST_PARTS))
            upload = self.ask("create_multipart_upload", "s3:PutObject", **where, **headers)
            where["UploadId"] = upload["UploadId"]
            try:
                while (piece := file.read(size)) or not parts:
                    if self.stopped.is_set():
                        raise PublishError(f"{self.name}: stopped while {key} was on its way; publish again")
                    found.update(piece)
                    sent += len(piece)
                    number = len(parts) + 1
                    answer = self.ask("upload_part", "s3:PutObject", **where, PartNumber=number, Body=piece)
                    parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                self.ask("complete_multipart_upload", "s3:PutObject", **where, MultipartUpload={"Parts": parts})
            except BaseException:
                self._abort(where)
                raise
        return found.hexdigest(), sent

    def _abort(self, where: dict[str, Any]) -> None:
        """Give back what was sent of an upload that failed; why it failed matters more than whether this works."""
        from botocore.exceptions import BotoCoreError, ClientError

        with contextlib.suppress(BotoCoreError, ClientError):
            self.client.abort_multipart_upload(Bucket=self.settings.bucket, **where)

    def delete(self, key: str) -> None:
        """See the base class."""
        self.ask("delete_object", "s3:DeleteObject", Key=self._prefix + key)
