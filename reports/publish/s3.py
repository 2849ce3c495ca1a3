"""Publishing to S3, or to any store that speaks its language (R2, Garage, SeaweedFS, Ceph, ...).

Credentials are found as every AWS program finds them, and never written anywhere. botocore tries again what may pass,
and s3transfer sends large files in parts.
"""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator

from orbifolio.reports.publish.retry import RetryPolicy
from orbifolio.reports.publish.serving import encode
from orbifolio.reports.publish.store import (
    MISSING,
    PART_BYTES,
    Condition,
    ConditionsUnsupported,
    ObjectHeaders,
    PreconditionFailed,
    Store,
    StoredObject,
)
from orbifolio.runner.aws import AwsErrors, error_code, error_status, make_client
from orbifolio.runner.errors import PublishError
from orbifolio.runner.settings import Settings

_LATER = "what was uploaded stays; publish again later"
_FULL = ("QuotaExceeded", "InsufficientStorage", "507", "XMinioStorageFull", "InsufficientCapacity")
S3_ERRORS = AwsErrors(
    raises=PublishError,
    service="S3",
    permissions="add the policy of docs/publishing.md to them",
    later=_LATER,
    codes={
        "NoSuchBucket": "this bucket does not exist; create it, or correct the name",
        **dict.fromkeys(_FULL, f"the store is full; make room there; {_LATER}"),
    },
)
_BEYOND_BOTOCORE = RetryPolicy(attempts=4, first=0.5, longest=2.0)  # within 3.5 s, against limits of a second
_UNRETRIED_CODES = {"TooManyRequests", "429", "OperationAborted"}
"""Codes of other stores that mean "again", but that botocore takes for final. R2 answers the first to a second write of
the same object within a second."""
_FAILED_CONDITIONS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
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
    """Minutes between two publications during a run; null to publish only at its end."""

    @field_validator("bucket")
    @classmethod
    def _bucket(cls, value: str) -> str:
        rule = ""
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
            rule = "use 3 to 63 of a-z, 0-9, - and ., beginning and ending with a letter or digit"
        elif ".." in value or _is_ip_address(value):
            rule = "it must not have two dots in a row, nor look like an IP address"
        elif value.startswith(_RESERVED[0]) or value.endswith(_RESERVED[1]):
            rule = "beginnings like xn-- and endings like -s3alias are reserved"
        if rule:
            raise ValueError(f"{value!r} is not a valid bucket name; {rule}")
        return value

    @field_validator("prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        bare = value.removesuffix("/")
        wrong = {"", ".", ".."} & set(bare.split("/")) if bare else set()
        if wrong or value == "/" or "\\" in value or not bare.isprintable() or len(bare.encode()) > 500:
            raise ValueError(
                f"{value!r} is not a valid prefix; it must not begin with /, nor have empty parts, . or ..; write it "
                "as in art/gallery"
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
                "an address must not hold credentials or a query, since recipes are published with their pictures; "
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"
            )
        if not good:
            raise ValueError(f"{value!r} is not a valid store address; write it as in https://s3.example.org")
        return value.rstrip("/")

    @property
    def target(self) -> str:
        """`s3://bucket/prefix`, as written on the command line."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def options(self) -> tuple[str, ...]:
        """Words that the command line needs beside the target."""
        named = (("--endpoint-url", self.endpoint_url), ("--region", self.region))
        return tuple(word for name, value in named if value for word in (name, value))

    @property
    def key_prefix(self) -> str:
        """The prefix with a slash at its end, unless it is empty."""
        return f"{self.prefix}/" if self.prefix else ""

    def build(self, folder: Path | None = None) -> S3Store:
        """The working store; nothing is asked of the network yet.

        Args:
            folder: ignored; only a relative path needs it.
        """
        return S3Store(self)


def _is_ip_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


class S3Store(Store):
    """The part of a bucket below a prefix."""

    def __init__(self, settings: S3) -> None:
        super().__init__()
        self.settings = settings
        self._prefix = settings.key_prefix
        self._server = settings.endpoint_url or ""
        self._client: Any = None

    @property
    def name(self) -> str:
        """`s3://bucket/prefix`."""
        return self.settings.target

    @property
    def trusted(self) -> bool:
        """AWS has conditional writes; other stores are tried."""
        return self.settings.endpoint_url is None

    @property
    def root(self) -> str:
        """The path of the gallery on a website over this bucket."""
        return f"/{quote(self._prefix)}"

    @property
    def client(self) -> Any:
        """boto3's client, made when it is first needed.

        Raises:
            PublishError: the user's AWS configuration is wrong.
        """
        if self._client is None:
            try:
                with S3_ERRORS.translated(self.name):
                    self._client = make_client("s3", self.settings.region, endpoint_url=self.settings.endpoint_url)
            except ValueError as error:
                raise PublishError(f"{self.name}: {error}; correct --endpoint-url or the settings in ~/.aws") from error
        return self._client

    def ask(self, operation: str, action: str, *absent: str, **options: Any) -> Any:
        """One request.

        Args:
            operation: botocore's name of it.
            action: the permission that it needs.
            absent: error codes that mean that there is no such thing; the answer is then None.
            options: its parameters besides the bucket.

        Raises:
            PublishError: it was refused, or did not get through; its cause is botocore's exception.
        """
        from botocore.exceptions import ClientError

        method = getattr(self.client, operation)
        with S3_ERRORS.translated(self.name, action, server=self._server):
            try:
                return _BEYOND_BOTOCORE.call(
                    lambda: method(Bucket=self.settings.bucket, **options),
                    lambda error: error_code(error) in _UNRETRIED_CODES,
                )
            except ClientError as error:
                if error_code(error) in absent:
                    return None
                raise

    def address(self, key: str) -> str:
        """The object's own address; a website's differs."""
        path = quote(f"{self._prefix}{key}")
        if self.settings.endpoint_url:
            return f"{self.settings.endpoint_url}/{self.settings.bucket}/{path}"
        return f"https://{self.settings.bucket}.s3.{self.client.meta.region_name}.amazonaws.com/{path}"

    def keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """See the base class; the server sends a thousand at a time."""
        options: dict[str, Any] = {"Prefix": self._prefix + prefix}
        while True:
            answer = self.ask("list_objects_v2", "s3:ListBucket", **options)
            for item in answer.get("Contents", ()):
                yield item["Key"].removeprefix(self._prefix), item["ETag"]
            if not answer.get("IsTruncated"):
                return
            options["ContinuationToken"] = answer["NextContinuationToken"]

    def _fetch(self, operation: str, key: str) -> Any:
        """An object or its headers; None if there is none. Without s3:ListBucket, AWS refuses instead."""
        permission = "s3:GetObject or s3:ListBucket"
        return self.ask(operation, permission, "404", "NoSuchKey", Key=self._prefix + key)

    def head(self, key: str) -> StoredObject | None:
        """See the base class."""
        answer = self._fetch("head_object", key)
        if answer is None:
            return None
        headers = ObjectHeaders(
            answer.get("ContentType", ""), answer.get("CacheControl", ""), answer.get("ContentEncoding", "")
        )
        digest = answer.get("Metadata", {}).get("sha256", "")
        return StoredObject(self._tag(answer), answer["ContentLength"], digest, str(headers))

    def get(self, key: str) -> tuple[bytes, str] | None:
        """See the base class."""

        def attempt() -> tuple[bytes, str] | None:
            answer = self._fetch("get_object", key)
            return None if answer is None else (answer["Body"].read(), self._tag(answer))

        with S3_ERRORS.translated(self.name, server=self._server):
            stored = _BEYOND_BOTOCORE.call(attempt, _broke_off)
        if stored is None:
            return None
        content, tag = stored
        return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content), tag

    def _tag(self, answer: dict[str, Any]) -> str:
        """An object's tag.

        Raises:
            PublishError: it has none: what answered is some web server, which sent a page.
        """
        if "ETag" not in answer:
            raise PublishError(f"{self.name}: {S3_ERRORS.not_this_service(self._server)}")
        return str(answer["ETag"])

    def put(self, key: str, content: bytes, headers: ObjectHeaders, *, condition: Condition = None) -> str:
        """See the base class."""
        options = _upload_options(headers, hashlib.sha256(content).hexdigest())
        if condition is MISSING:
            options["IfNoneMatch"] = "*"
        elif condition is not None:
            options["IfMatch"] = condition
        try:
            body = encode(content, headers)
            answer = self.ask("put_object", "s3:PutObject", Key=self._prefix + key, Body=body, **options)
        except PublishError as error:
            if condition is not None:
                self._check_condition(error)
            raise
        return self._tag(answer)

    def _check_condition(self, error: PublishError) -> None:
        """Tell a condition that does not hold, or that is not understood, from any other refusal."""
        code, status = error_code(error.__cause__), error_status(error.__cause__)
        gone = status == 404 and code in ("NoSuchKey", "404")  # an object that was to be replaced
        if code in _FAILED_CONDITIONS or status == 412 or gone:
            raise PreconditionFailed(self.name) from error
        if code in ("NotImplemented", "501"):
            raise ConditionsUnsupported(f"{self.name}: the server has no conditional writes") from error

    def put_file(self, key: str, path: Path, headers: ObjectHeaders, *, sha256: str) -> tuple[str, int]:
        """See the base class; an upload that fails leaves no parts behind."""
        from boto3.s3.transfer import TransferConfig

        with path.open("rb") as file, S3_ERRORS.translated(self.name, "s3:PutObject", server=self._server):
            reader = _HashingReader(file, self.stopped, f"{self.name}: stopped while uploading {key}; publish again")
            self.client.upload_fileobj(
                reader,
                self.settings.bucket,
                self._prefix + key,
                ExtraArgs=_upload_options(headers, sha256),
                Config=TransferConfig(
                    multipart_threshold=PART_BYTES,
                    # 10,000 parts are S3's limit; the file may grow while it is sent
                    multipart_chunksize=max(PART_BYTES, path.stat().st_size // 9_000),
                    use_threads=False,  # several files are sent at once already
                    preferred_transfer_client="classic",
                ),
            )
        return reader.digest.hexdigest(), reader.sent

    def delete(self, key: str) -> None:
        """See the base class."""
        self.ask("delete_object", "s3:DeleteObject", Key=self._prefix + key)


def _broke_off(error: Exception) -> bool:
    """Whether the connection was lost while an object's content arrived, which botocore does not try again."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return isinstance(error, IncompleteReadError | ReadTimeoutError | ResponseStreamingError)


def _upload_options(headers: ObjectHeaders, sha256: str) -> dict[str, Any]:
    options: dict[str, Any] = {"ContentType": headers.type, "CacheControl": headers.cache}
    if headers.encoding:
        options["ContentEncoding"] = headers.encoding
    return {**options, "Metadata": {"sha256": sha256}}


class _HashingReader:
    """A file that s3transfer reads once from beginning to end, hashed on the way."""

    def __init__(self, file: BinaryIO, stopped: Event, message: str) -> None:
        self._file = file
        self._stopped = stopped
        self._message = message
        self.digest = hashlib.sha256()
        self.sent = 0

    def read(self, size: int) -> bytes:
        """The next bytes of the file.

        Raises:
            PublishError: the store was stopped; s3transfer then aborts the upload.
        """
        if self._stopped.is_set():
            raise PublishError(self._message)
        piece = self._file.read(size)
        self.digest.update(piece)
        self.sent += len(piece)
        return piece

    def seekable(self) -> bool:
        """No: parts are kept in memory until they are sent, and never read twice."""
        return False
