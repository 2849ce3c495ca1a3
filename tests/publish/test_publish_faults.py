"""What a server or the network refuses, told in one line with cause and cure, and without anybody's secrets."""

from __future__ import annotations

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

from orbifolio.reports.publish import catalogue, website
from orbifolio.reports.publish.publication import Tally
from orbifolio.reports.publish.retrying import Passing, Patience
from orbifolio.reports.publish.s3 import S3, Bucket
from orbifolio.reports.publish.store import MISSING, Conflict, NoConditions, Served
from orbifolio.runner.errors import InputError, PublishError

Publish = Callable[..., Tally]
HASTY = Patience(tries=3, first=0.001, longest=0.002)
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


def bucket(**options: Any) -> Bucket:
    return S3(**{"bucket": "pictures", "prefix": "art", **options}).build(Path(), HASTY)


def answering(status: int, code: str, message: str = "", headers: dict[str, str] | None = None) -> Bucket:
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


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (404, "NoSuchBucket", "there is no bucket 'pictures'; create it, or correct the name"),
        (
            403,
            "AccessDenied",
            "access denied; these credentials lack s3:GetObject or s3:ListBucket; add the policy of "
            "docs/publishing.md to them",
        ),
        (
            400,
            "ExpiredToken",
            "the session token has expired or is not valid; sign in again, then publish again; what was uploaded is "
            "not uploaded twice",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "the server does not know this access key; they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "AWS_PROFILE, ~/.aws or the machine's role; correct them",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "the secret key does not belong to the access key; they come from AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or the machine's role; correct them",
        ),
        (
            403,
            "RequestTimeTooSkewed",
            "this machine's clock is wrong by more than 15 minutes; set it, then publish again",
        ),
        (
            507,
            "InsufficientStorage",
            "the store is full; make room there; what was uploaded stays; publish again later",
        ),
        (
            503,
            "SlowDown",
            "the server asks to slow down again and again; what was uploaded stays; publish again later",
        ),
        (
            500,
            "InternalError",
            "the server had an internal error again and again; what was uploaded stays; publish again later",
        ),
        (418, "Teapot", "refused with Teapot (short and stout); check the target"),
    ],
)
def test_every_refusal_is_one_line(credentials: None, status: int, code: str, text: str) -> None:
    with pytest.raises(PublishError) as caught:
        answering(status, code, "short and stout").get("key")
    assert str(caught.value) == f"s3://pictures/art: {text}"
    assert caught.value.exit_code == 1


def test_the_right_region_is_named(credentials: None) -> None:
    here = answering(400, "IllegalLocationConstraintException", headers={"x-amz-bucket-region": "eu-central-1"})
    with pytest.raises(PublishError, match="another region; say --region eu-central-1$"):
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
    with pytest.raises(PublishError, match="the profile that AWS_PROFILE names does not exist"):
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
        catalogue.read(bucket(endpoint_url=url))
    assert str(caught.value) == f"s3://pictures/art: {url} does not answer as S3 does; is the address right?"


def test_a_missing_bucket_of_aws(aws: Any, gallery: Path, publish: Publish) -> None:
    with pytest.raises(PublishError, match="there is no bucket 'not-there'"):
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
    assert len(catalogue.read(bucket()).runs) == 3


def test_secrets_are_nowhere(aws: Any, gallery: Path, publish: Publish) -> None:
    publish(bucket(), gallery)
    for item in aws.list_objects_v2(Bucket="pictures")["Contents"]:
        content = aws.get_object(Bucket="pictures", Key=item["Key"])["Body"].read()
        assert SECRET.encode() not in content
        assert str(gallery.parent).encode() not in content
    assert SECRET not in repr(bucket().settings) + repr(vars(bucket()))


def test_conditions_of_aws(aws: Any) -> None:
    here = bucket()
    tag = here.put("a.txt", b"one", Served(), condition=MISSING)
    with pytest.raises(Conflict):
        here.put("a.txt", b"two", Served(), condition=MISSING)
    here.put("a.txt", b"two", Served(), condition=tag)
    with pytest.raises(Conflict):
        here.put("a.txt", b"three", Served(), condition=tag)
    with pytest.raises(Conflict):
        here.put("none.txt", b"three", Served(), condition=tag)


def test_a_server_without_conditions(credentials: None) -> None:
    with pytest.raises(NoConditions):
        answering(501, "NotImplemented").put("a.txt", b"", Served(), condition=MISSING)


def test_waiting_grows_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    patience = Patience(tries=9, first=0.5, longest=20.0)
    monkeypatch.setattr(patience.stopped, "wait", lambda seconds: waits.append(seconds) or False)

    def busy() -> None:
        raise Passing("busy; wait")

    with pytest.raises(PublishError, match="busy; wait"):
        patience.insist(busy)
    assert len(waits) == 8
    assert all(
        0.2 * ceiling <= wait <= ceiling for wait, ceiling in zip(waits, (0.5, 1, 2, 4, 8, 16, 20, 20), strict=True)
    )


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
    aws.put_public_access_block(Bucket="pictures", PublicAccessBlockConfiguration=dict.fromkeys(website.BLOCKS, True))
    said: list[str] = []
    for _ in range(2):
        assert website.apply(bucket(), said.append) == "http://pictures.s3-website-us-east-1.amazonaws.com/art/"
        statements = json.loads(aws.get_bucket_policy(Bucket="pictures")["Policy"])["Statement"]
        assert statements == [theirs, website.statement(bucket().settings)]
        assert statements[1]["Resource"] == "arn:aws:s3:::pictures/art/*"
        assert statements[1]["Action"] == "s3:GetObject"
    site = aws.get_bucket_website(Bucket="pictures")
    assert site["IndexDocument"] == {"Suffix": "index.html"}
    assert site["ErrorDocument"] == {"Key": "art/404.html"}
    blocks = aws.get_public_access_block(Bucket="pictures")["PublicAccessBlockConfiguration"]
    assert blocks == website.BLOCKS


def test_a_bucket_that_is_another_website_stays_it(aws: Any) -> None:
    before = {"IndexDocument": {"Suffix": "home.html"}}
    aws.put_bucket_website(Bucket="pictures", WebsiteConfiguration=before)
    with pytest.raises(PublishError, match="is a website already, with other settings"):
        website.apply(bucket(), print)
    assert aws.get_bucket_website(Bucket="pictures")["IndexDocument"] == before["IndexDocument"]
    with pytest.raises(InputError, match="--apply: websites and public access are AWS's"):
        website.apply(bucket(endpoint_url="http://127.0.0.1:1"), print)
