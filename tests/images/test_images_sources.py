"""Where pictures come from: every way to name one wrongly is told, and the network is kept at a distance."""

import http.server
import io
import os
import shutil
import socket
import ssl
import subprocess
import threading

import boto3
import numpy as np
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from PIL import Image
from skimage import data as bundled

from orbifolio.runner.errors import ImageError
from orbifolio.runner.images import fetching
from orbifolio.runner.images.fetching import fault_of_address, fetch, is_public, without_secrets
from orbifolio.runner.images.sources import SKIMAGE, Images

RULE = "paths in a recipe are relative to it, on the command line to the working folder"


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def images(tmp_path):
    (tmp_path / "tree.png").write_bytes(png())
    (tmp_path / "folder").mkdir()
    return Images(tmp_path, {"style": tmp_path / "tree.png", "lost": tmp_path / "lost.png"})


@pytest.mark.parametrize("name", SKIMAGE)
def test_every_picture_of_scikit_image_is_there_and_the_same(name, images):
    picture = images.load(f"skimage:{name}")
    expected = getattr(bundled, name)()
    channels = expected[..., None] if expected.ndim == 2 else expected[..., :3]
    assert picture.pixels.shape == (*channels.shape[:2], 3)
    if name in ("colorwheel", "page", "rocket", "horse"):
        return  # the first three have colour profiles, which scikit-image ignores; it thresholds the horse
    np.testing.assert_allclose(picture.pixels * 255, np.broadcast_to(channels, picture.pixels.shape), atol=0.01)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tree.png", None),
        ("upload:style", None),
        ("upload:own=orbifolio:oil", None),
        ("upload:own=skimage:coffee", None),
        ("https://example.org/a.png", None),
        ("s3://bucket/some/key.png", None),
        ("skimage:coffee", None),
        ("skimage:cofee", "'cofee' is not a picture that comes with scikit-image; did you mean coffee or colorwheel?"),
        ("tre.png", f"no file 'tre.png'; {RULE}; did you mean 'tree.png' in the same folder?"),
        ("TREE.jpg", f"no file 'TREE.jpg'; {RULE}; did you mean 'tree.png' in the same folder?"),
        ("no/such/tree.png", f"no file 'no/such/tree.png'; {RULE}; check the path"),
        ("folder", "'folder' is a folder; a picture is one file; name a file in it"),
        ("a" * 5000, "no file '" + "a" * 196 + f"...'; {RULE}; check the path"),
        ("\0", f"no file '\\x00'; {RULE}; check the path"),
        ("", "no picture is named; give a path, skimage:NAME, orbifolio:NAME, https://... or s3://..."),
        (
            "upload",
            "this picture is asked for when the recipe is run, and none was given; --image lost and style was "
            "given; add --image upload=FILE",
        ),
        (
            "http://example.org/a.png",
            "'http://example.org/a.png' is not encrypted; pictures are fetched by https only; write https://",
        ),
        ("https://", "'https://' names no host; an address has the form https://host/path; add it"),
        ("https://[", "'https://[' is not an address; it has the form https://host/path; correct it"),
        ("https://host:port/", "'https://host:port/' is not an address; it has the form https://host/path; correct it"),
        (
            "https://me:secret@host/a.png",
            "'https://host/a.png' contains a user or password; recipes have no secrets; download it and name the file",
        ),
        ("s3://bucket", "'s3://bucket' is not s3://bucket/key; name both"),
        (
            "ftp://host/a.png",
            "'ftp://host/a.png' has an unknown scheme; pictures are read from https:// and s3://; use one of these",
        ),
    ],
)
def test_check_says_what_is_wrong(images, source, expected):
    assert images.check(source) == expected


def test_a_missing_upload_is_told(images):
    assert "lost.png" in images.check("upload:lost")


def test_an_installed_picture_stands_in_for_an_upload(images):
    stand_in = images.load("upload:own=skimage:coffee")
    assert np.array_equal(stand_in.pixels, images.load("skimage:coffee").pixels)
    given = images.load("upload:style=skimage:coffee")
    assert np.array_equal(given.pixels, images.load("upload:style").pixels)
    assert given.pixels.shape != stand_in.pixels.shape
    for other in ("tree.png", "/etc/hostname", "https://example.org/a.png", "upload:style"):
        assert images.check(f"upload:own={other}") == (
            f"'{other}' cannot stand in for an upload; only pictures that are installed with the program can; "
            "write upload:own=orbifolio:NAME or upload:own=skimage:NAME"
        )
    assert "did you mean coffee" in images.check("upload:own=skimage:cofee")


def test_a_pipe_is_no_picture(images, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert images.check("pipe") == "'pipe' is a device or a pipe; a picture is a plain file; name one"


def test_a_picture_is_read_once(images, tmp_path):
    first = images.load("tree.png")
    (tmp_path / "tree.png").unlink()
    assert images.load("tree.png") is first
    assert first.source == "tree.png"


def test_what_cannot_be_loaded_is_an_image_error(images):
    with pytest.raises(ImageError, match="no file"):
        images.load("nothing.png")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("192.168.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b:1::7f00:1", False),
        ("::127.0.0.1", False),
        ("::93.184.215.14", False),
        ("fec0::1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("100::1", False),
        ("2001:db8::1", False),
        ("2606:2800:21f:cb07:0:5efe:127.0.0.1", False),
        ("192.0.0.192", False),
        ("192.88.99.1", False),
        ("168.63.129.16", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("198.18.0.1", False),
        ("8.8.8.8", True),
        ("2a00:1450:4001:82a::200e", True),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


def test_secrets_are_not_shown():
    assert without_secrets("https://u:p@host/a.png?X-Amz-Signature=1#x") == "https://host/a.png"
    assert without_secrets("some/path?.png") == "some/path?.png"
    assert "sig" not in str(fault_of_address("https://host/a b?sig=1"))


# --- a server of our own, with a certificate of our own ---


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        name = self.path.partition("?")[0]
        if name in ("/to-http", "/to-other", "/round"):
            self.send_response(302)
            port = self.server.server_address[1]
            self.send_header(
                "Location",
                {
                    "/to-http": "http://localhost/a.png",
                    "/to-other": f"https://127.0.0.1:{port}/a.png",
                    "/round": "/round",
                }[name],
            )
            self.end_headers()
            return
        status = 404 if name == "/missing" else 200
        body = {"/a.png": png(), "/page": b"<html></html>", "/large": b"x" * 5000}.get(name, png())
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if name == "/page" else "image/png")
        if name != "/endless":
            self.send_header("Content-Length", str(len(body) + (10 if name == "/torn" else 0)))
        self.end_headers()
        try:
            self.wfile.write(body * (1000 if name == "/endless" else 1))
        except OSError:
            pass  # the client had enough
        self.close_connection = True


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command for a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{running.server_address[1]}", ssl.create_default_context(cafile=folder / "cert.pem")
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def told(server, path: str, **options) -> str:
    address, context = server
    with pytest.raises(ImageError) as caught:
        fetch(address + path, context=context, **{"allow_private": True, **options})
    return str(caught.value).replace(address, "HOST").replace(address.rpartition(":")[2], "PORT")


def test_a_picture_is_fetched(server):
    address, context = server
    assert fetch(address + "/a.png", allow_private=True, context=context) == png()
    assert fetch(address + "/to-other", allow_private=True, context=context) == png()


def test_private_addresses_are_refused_by_default(server):
    answer = told(server, "/a.png?signature=1", allow_private=False)
    assert answer.startswith("HOST/a.png: leads to ")
    assert answer.endswith(
        ", which is not a public address; pictures are fetched from the public internet; save the picture as a file "
        "and name that"
    )


def test_the_judged_address_is_the_one_connected_to(server, monkeypatch):
    """A name that leads to a public address when judged and to a private one later never gets there."""
    connected = []

    def resolve(host, port, *arguments, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]

    def connect(address, *arguments, **options):
        connected.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ImageError, match="no network in tests"):
        fetch("https://rebinding.example/a.png")
    assert connected == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/missing", "HOST/missing: the server answers 404 Not Found; a picture must be there; check the address"),
        (
            "/page",
            "HOST/page: is text/html, not a picture; the picture's own address is needed; copy it from the browser's "
            "image menu",
        ),
        (
            "/to-http",
            "HOST/to-http: redirects elsewhere: 'http://localhost/a.png' is not encrypted; pictures are fetched "
            "by https only; write https://",
        ),
        ("/torn", "HOST/torn: the connection broke after 82 of 92 bytes; try again"),
    ],
)
def test_answers_that_are_no_picture(server, path, expected):
    answer = told(server, path)
    if path == "/torn":
        assert answer.startswith("HOST/torn: ")
        assert "connection broke" in answer or "IncompleteRead" in answer
    else:
        assert answer == expected


def test_redirects_in_a_circle_end(server):
    assert "answers 302" in told(server, "/round")


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_large_answers_are_cut_off(server, path, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_DOWNLOAD", 4000)
    assert told(server, path).startswith(f"HOST{path}: has more than 0 MB; pictures are fetched up to that; ")


def test_an_unknown_certificate_is_refused(server):
    assert "certificate" in told((server[0], ssl.create_default_context()), "/a.png")


# --- S3 ---


def stubbed(monkeypatch):
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    stub = Stubber(client)
    monkeypatch.setattr(fetching, "make_client", lambda service: client)
    return stub


def test_an_object_of_s3_is_fetched(monkeypatch, tmp_path):
    stub = stubbed(monkeypatch)
    body = png()
    stub.add_response(
        "get_object",
        {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentLength": len(body)},
        {"Bucket": "bucket", "Key": "a/b.png"},
    )
    with stub:
        assert Images(tmp_path).load("s3://bucket/a/b.png").width == 16


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NoSuchKey", "s3://b/k: there is no such object; check bucket and key"),
        (
            "AccessDenied",
            "s3://b/k: access denied; these credentials lack s3:GetObject; add it to them, or save the picture "
            "as a file",
        ),
        ("Odd", "s3://b/k: refused with Odd (no reason given); correct that and retry"),
    ],
)
def test_what_s3_answers(monkeypatch, tmp_path, code, expected):
    stub = stubbed(monkeypatch)
    stub.add_client_error("get_object", code)
    with stub, pytest.raises(ImageError) as caught:
        Images(tmp_path).load("s3://b/k")
    assert str(caught.value) == expected


def test_s3_without_credentials(monkeypatch, tmp_path):
    def client(*arguments, **options):
        raise NoCredentialsError

    monkeypatch.setattr(fetching, "make_client", client)
    with pytest.raises(ImageError) as caught:
        Images(tmp_path).load("s3://b/k")
    assert str(caught.value) == (
        "s3://b/k: no credentials were found; they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, "
        "~/.aws or the machine's role; set one of these up"
    )
