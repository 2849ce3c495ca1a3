"""What a server or the network refuses, told in one line with cause and cure, and without anybody's secrets."""

from __future__ import annotations

import hashlib
import itertools
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from loopback import serving
from moto import mock_aws

from orbifolio.reports.publish.catalogue import read_catalogue
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.publish.retry import RetryPolicy
from orbifolio.reports.publish.s3 import S3, S3Store
from orbifolio.reports.publish.store import (
    MISSING,
    PART_BYTES,
    ConditionsUnsupported,
    ObjectHeaders,
    PreconditionFailed,
)
from orbifolio.reports.publish.website import PUBLIC_ACCESS_BLOCKS, configure_website, public_read_statement
from orbifolio.runner.aws import ATTEMPTS
from orbifolio.runner.errors import InputError, PublishError

Publish = Callable[..., PublishStats]
SECRET = "wJalrXUtnFEMI/K7MDENG"


@pytest.fixture
def aws(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS as moto plays it, with a bucket."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="pictures")
        yield client
        client.close()


def bucket(**options: Any) -> S3Store:
    return S3(**{"bucket": "pictures", "prefix": "art", **options}).build()


def answering(status: int, code: str, message: str = "", headers: dict[str, str] | None = None) -> S3Store:
    """A bucket whose server answers every request alike."""
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()

    class Raw:
        def stream(self, **options: Any) -> Iterator[bytes]:
            yield text

    def answer(request: Any, **others: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {"content-type": "application/xml", **(headers or {})}, Raw())

    here = bucket()
    here.client.meta.events.register("before-send.s3", answer)
    return here


CREDENTIALS = "they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or the machine's role"
LATER = "what was uploaded stays; publish again later"


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (404, "NoSuchBucket", "this bucket does not exist; create it, or correct the name"),
        (
            403,
            "AccessDenied",
            "access denied; these credentials lack s3:GetObject or s3:ListBucket; add the policy of "
            "docs/publishing.md to them",
        ),
        (400, "ExpiredToken", "the session token has expired or is invalid; sign in again"),
        (
            403,
            "InvalidAccessKeyId",
            f"the server does not know this access key; {CREDENTIALS}; correct them",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            f"the secret key does not belong to the access key; {CREDENTIALS}; correct them",
        ),
        (
            403,
            "RequestTimeTooSkewed",
            "this machine's clock is more than 15 minutes off; set it, then try again",
        ),
        (507, "InsufficientStorage", f"the store is full; make room there; {LATER}"),
        (503, "SlowDown", f"the server asked to slow down repeatedly; {LATER}"),
        (500, "InternalError", f"the server had an internal error repeatedly; {LATER}"),
        (429, "TooManyRequests", f"the server asked to slow down repeatedly; {LATER}"),
        (418, "Teapot", "refused with Teapot (short and stout); correct that and retry"),
    ],
)
def test_every_refusal_is_one_line(
    credentials: None, status: int, code: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "orbifolio.reports.publish.s3._BEYOND_BOTOCORE", RetryPolicy(attempts=2, first=0.0, longest=0.0)
    )
    with pytest.raises(PublishError) as caught:
        answering(status, code, "short and stout").get("key")
    assert str(caught.value) == f"s3://pictures/art: {text}"
    assert caught.value.exit_code == 1


def test_the_right_region_is_named(credentials: None) -> None:
    here = answering(400, "IllegalLocationConstraintException", headers={"x-amz-bucket-region": "eu-central-1"})
    with pytest.raises(PublishError, match="another region; use --region eu-central-1$"):
        here.get("key")


def test_no_credentials(gallery: Path, publish: Publish) -> None:
    with pytest.raises(PublishError) as caught:
        publish(bucket(), gallery)
    assert str(caught.value) == (
        "s3://pictures/art: no credentials were found; they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "AWS_PROFILE, ~/.aws or the machine's role; set one of these up"
    )


def test_half_of_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    with pytest.raises(PublishError, match="the credentials are incomplete"):
        bucket().get("key")


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(PublishError, match="the profile named by AWS_PROFILE does not exist; choose one"):
        bucket().get("key")


def test_nobody_listens(credentials: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(PublishError) as caught:
        bucket(endpoint_url=url).get("key")
    assert str(caught.value) == (
        f"s3://pictures/art: {url} cannot be reached; is the address right, and is the server running? "
        "What was uploaded stays; publish again later"
    )


@pytest.mark.parametrize("status", [200, 404, 405])
def test_something_else_than_a_store_listens(credentials: None, status: int) -> None:
    class Page(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(page.encode())

    page = f"<!doctype html><title>web server</title><p>{SECRET}"
    with serving(Page) as url, pytest.raises(PublishError) as caught:
        read_catalogue(bucket(endpoint_url=url))
    assert str(caught.value) == f"s3://pictures/art: {url} does not answer as S3 does; is the address right?"


def test_a_missing_bucket_of_aws(aws: Any, gallery: Path, publish: Publish) -> None:
    with pytest.raises(PublishError, match="s3://not-there/art: this bucket does not exist; create it"):
        publish(bucket(bucket="not-there"), gallery)


def test_a_token_that_expires_on_the_way_loses_nothing(aws: Any, gallery: Path, publish: Publish) -> None:
    here, count = bucket(), itertools.count(1)
    text = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"

    class Raw:
        def stream(self, **options: Any) -> Iterator[bytes]:
            yield text

    def answer(request: Any, **others: Any) -> AWSResponse | None:
        expired = next(count) > 30
        return AWSResponse(request.url, 400, {"content-type": "application/xml"}, Raw()) if expired else None

    here.client.meta.events.register_first("before-send.s3.PutObject", answer)
    with pytest.raises(PublishError, match="the session token has expired"):
        publish(here, gallery)
    sent = {item["Key"] for item in aws.list_objects_v2(Bucket="pictures")["Contents"]}
    assert len(sent) >= 30
    publish(bucket(), gallery)
    assert len(read_catalogue(bucket()).runs) == 3


def test_secrets_are_nowhere(aws: Any, gallery: Path, publish: Publish) -> None:
    publish(bucket(), gallery)
    for item in aws.list_objects_v2(Bucket="pictures")["Contents"]:
        content = aws.get_object(Bucket="pictures", Key=item["Key"])["Body"].read()
        assert SECRET.encode() not in content
        assert str(gallery.parent).encode() not in content
    assert SECRET not in repr(bucket().settings) + repr(vars(bucket()))


def test_conditions_of_aws(aws: Any) -> None:
    here = bucket()
    tag = here.put("a.txt", b"one", ObjectHeaders(), condition=MISSING)
    with pytest.raises(PreconditionFailed):
        here.put("a.txt", b"two", ObjectHeaders(), condition=MISSING)
    here.put("a.txt", b"two", ObjectHeaders(), condition=tag)
    with pytest.raises(PreconditionFailed):
        here.put("a.txt", b"three", ObjectHeaders(), condition=tag)
    with pytest.raises(PreconditionFailed):
        here.put("none.txt", b"three", ObjectHeaders(), condition=tag)


def test_a_server_without_conditions(credentials: None) -> None:
    with pytest.raises(ConditionsUnsupported):
        answering(501, "NotImplemented").put("a.txt", b"", ObjectHeaders(), condition=MISSING)


def test_waiting_grows_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    def busy() -> None:
        raise TimeoutError("busy")

    with pytest.raises(TimeoutError, match="busy"):
        RetryPolicy(attempts=9, first=0.5, longest=20.0).call(busy, lambda error: isinstance(error, TimeoutError))
    assert len(waits) == 8
    assert all(
        0.2 * ceiling <= wait <= ceiling for wait, ceiling in zip(waits, (0.5, 1, 2, 4, 8, 16, 20, 20), strict=True)
    )
    with pytest.raises(TimeoutError, match="busy"):
        RetryPolicy(attempts=9, first=0.5, longest=20.0).call(busy, lambda error: False)
    assert len(waits) == 8  # not worth another attempt


@pytest.mark.parametrize(("status", "code", "attempts"), [(503, "SlowDown", ATTEMPTS), (403, "AccessDenied", 1)])
def test_only_what_may_pass_is_tried_again(credentials: None, status: int, code: str, attempts: int) -> None:
    sent: list[object] = []
    here = answering(status, code)
    here.client.meta.events.register_first("before-send.s3", lambda request, **others: sent.append(request))
    with pytest.raises(PublishError):
        here.get("key")
    assert len(sent) == attempts


def test_an_answer_that_breaks_off_is_asked_for_again(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "orbifolio.reports.publish.s3._BEYOND_BOTOCORE", RetryPolicy(attempts=3, first=0.0, longest=0.0)
    )
    lengths = iter((3, 0, 10))

    class Halting(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("ETag", '"tag"')
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"0123456789"[: next(lengths)])

    with serving(Halting) as url:
        assert bucket(endpoint_url=url).get("key") == (b"0123456789", '"tag"')
    assert next(lengths, None) is None


def test_a_file_that_is_stopped_on_its_way_leaves_no_parts(aws: Any, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(3 * PART_BYTES))
    here = bucket()
    here.client.meta.events.register("after-call.s3.UploadPart", lambda **others: here.stop())
    with pytest.raises(PublishError) as caught:
        here.put_file("large", path, ObjectHeaders(), sha256="")
    assert str(caught.value) == "s3://pictures/art: stopped while uploading large; publish again"
    assert aws.list_multipart_uploads(Bucket="pictures").get("Uploads", []) == []
    assert "Contents" not in aws.list_objects_v2(Bucket="pictures")


def test_what_was_really_sent_of_a_file_that_changes_is_reported(aws: Any, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"a" * (2 * PART_BYTES + 5))
    here = bucket()

    def truncate(**others: Any) -> None:
        with path.open("r+b") as file:
            file.truncate(PART_BYTES + 7)

    here.client.meta.events.register("before-call.s3.CreateMultipartUpload", truncate)
    digest, size = here.put_file("large", path, ObjectHeaders(), sha256="as it was")
    stored = aws.get_object(Bucket="pictures", Key="art/large")["Body"].read()
    assert (digest, size) == (hashlib.sha256(stored).hexdigest(), len(stored))
    assert size < 2 * PART_BYTES


def test_a_bucket_becomes_a_website_and_keeps_what_others_set(aws: Any) -> None:
    import json

    theirs = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::pictures/x",
    }
    aws.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    aws.put_public_access_block(
        Bucket="pictures", PublicAccessBlockConfiguration=dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True)
    )
    said: list[str] = []
    for _ in range(2):
        assert configure_website(bucket(), said.append) == "http://pictures.s3-website-us-east-1.amazonaws.com/art/"
        statements = json.loads(aws.get_bucket_policy(Bucket="pictures")["Policy"])["Statement"]
        assert statements[:2] == [theirs, public_read_statement(bucket().settings)]
        assert [item["Effect"] for item in statements] == ["Deny", "Allow", "Deny"]
        assert statements[1]["Resource"] == "arn:aws:s3:::pictures/art/*"
        assert statements[1]["Action"] == "s3:GetObject"
    site = aws.get_bucket_website(Bucket="pictures")
    assert site["IndexDocument"] == {"Suffix": "index.html"}
    assert site["ErrorDocument"] == {"Key": "art/404.html"}
    blocks = aws.get_public_access_block(Bucket="pictures")["PublicAccessBlockConfiguration"]
    assert blocks == PUBLIC_ACCESS_BLOCKS


def test_a_policy_of_one_statement_that_is_no_list_is_kept(aws: Any) -> None:
    import json

    theirs = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::pictures/x"}
    aws.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs}))
    for prefix in ("a-b", "a/b", "A/B", "a-b"):
        configure_website(bucket(prefix=prefix), print)
        aws.delete_bucket_website(Bucket="pictures")  # only one gallery can have the error page
    statements = json.loads(aws.get_bucket_policy(Bucket="pictures")["Policy"])["Statement"]
    assert theirs in statements
    assert [item["Resource"].rpartition("pictures/")[2] for item in statements if item["Effect"] == "Allow"] == [
        "a/b/*",
        "A/B/*",
        "a-b/*",
    ]


def test_a_bucket_that_is_another_website_stays_it(aws: Any) -> None:
    before = {"IndexDocument": {"Suffix": "home.html"}}
    aws.put_bucket_website(Bucket="pictures", WebsiteConfiguration=before)
    with pytest.raises(PublishError, match="is already a website with other settings"):
        configure_website(bucket(), print)
    assert aws.get_bucket_website(Bucket="pictures")["IndexDocument"] == before["IndexDocument"]
    with pytest.raises(InputError, match="--apply: sets up websites on AWS only"):
        configure_website(bucket(endpoint_url="http://127.0.0.1:1"), print)
