"""Mail to servers that are there: a mail server on loopback that speaks TLS, Amazon's service in memory."""

from __future__ import annotations

import email
import email.policy
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from orbifolio.runner.errors import MailError, RecipeError
from orbifolio.runner.mail.message import compose
from orbifolio.runner.mail.settings import read_mailer
from orbifolio.runner.mail.smtp import SMTP

SUMMARY = {"title": "A <Tiny> one", "recipe": "tiny", "status": "done", "seed": 7, "seconds": 75.0, "steps": 4}


class Inbox:
    """Takes mail, but none for `nobody@`."""

    def __init__(self) -> None:
        self.mails: list[tuple[Any, EmailMessage]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope, message))
        return "250 OK"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for 127.0.0.1, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command for a certificate")
    path = tmp_path_factory.mktemp("certificate") / "here.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run([openssl, *request, *names], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Inbox, int]]]:
    """Starts mail servers on loopback."""
    running = []

    def start(certificate: Path | None = None, *, at_once: bool = False) -> tuple[Inbox, int]:
        inbox = Inbox()
        options: dict[str, Any] = {}
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)

            def check(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
                right = (data.login, data.password) == (b"ann", b"secret")
                return AuthResult(success=right, handled=right)

            options = {"authenticator": check, "ssl_context" if at_once else "tls_context": context}
            options |= {"auth_require_tls": not at_once}
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=30, **options)
        controller.start()
        running.append(controller)
        return inbox, port

    yield start
    for controller in running:
        controller.stop()


def smtp(port: int, **more: Any) -> SMTP:
    return SMTP(**{"host": "127.0.0.1", "port": port, "sender": "studio@example.org", "to": "ann@example.org", **more})


def message(mailer: Any, **more: Any) -> EmailMessage:
    return compose(mailer, SUMMARY, address="https://x.example/tiny/index.html?a=1&b=2", **more)


def test_a_mail_says_what_the_report_says_and_shows_the_picture(server: Callable[..., tuple[Inbox, int]]) -> None:
    inbox, port = server()
    mailer = smtp(port, security="none", to=("ann@example.org", "ben@example.org"))
    mailer.send(message(mailer, picture=b"\xff\xd8 a picture"))
    ((envelope, mail),) = inbox.mails
    assert envelope.mail_from == "studio@example.org"
    assert envelope.rcpt_tos == ["ann@example.org", "ben@example.org"]
    assert mail["Subject"] == "A <Tiny> one is done"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    assert "Time: 1:15, 4 steps" in text
    assert "Report: https://x.example/tiny/index.html?a=1&b=2" in text
    page = mail.get_body(("html",)).get_content()
    assert "A &lt;Tiny&gt; one" in page
    assert 'href="https://x.example/tiny/index.html?a=1&amp;b=2"' in page
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/jpeg"]
    assert f"cid:{picture['Content-ID'][1:-1]}" in page
    assert picture.get_content() == b"\xff\xd8 a picture"


def test_a_title_makes_no_headers_of_its_own() -> None:
    mailer = smtp(25, security="none")
    made = compose(mailer, {**SUMMARY, "title": "x\r\nBcc: eve@example.org\r\n\r\ny"}, address="")
    assert made["Bcc"] is None
    assert made["Subject"] == "x Bcc: eve@example.org y is done"


@pytest.mark.parametrize("at_once", [False, True], ids=["starttls", "tls"])
def test_signing_in_over_tls(
    server: Callable[..., tuple[Inbox, int]],
    certificate: Path,
    at_once: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    inbox, port = server(certificate, at_once=at_once)
    secret = tmp_path / "password"
    secret.write_text("secret\n")
    mailer = smtp(port, security="tls" if at_once else "starttls", user="ann", password_file=str(secret))
    mailer.send(message(mailer))
    assert len(inbox.mails) == 1  # it takes passwords and mails over TLS only
    secret.write_text("wrong")
    with pytest.raises(MailError, match="127.0.0.1 refuses the user ann; check user and password"):
        mailer.send(message(mailer))


def test_a_certificate_of_somebody_else_is_refused(server: Callable[..., tuple[Inbox, int]], certificate: Path) -> None:
    inbox, port = server(certificate)
    mailer = smtp(port)
    with pytest.raises(MailError, match="CERTIFICATE_VERIFY_FAILED; check port and security"):
        mailer.send(message(mailer))
    assert not inbox.mails


def test_a_server_that_does_not_encrypt_gets_nothing(server: Callable[..., tuple[Inbox, int]]) -> None:
    inbox, port = server()
    mailer = smtp(port)
    with pytest.raises(MailError, match="does not offer this encryption"):
        mailer.send(message(mailer))
    assert not inbox.mails


def test_refused_recipients_and_servers_that_are_away(server: Callable[..., tuple[Inbox, int]]) -> None:
    _, port = server()
    mailer = smtp(port, security="none", to="nobody@example.org")
    with pytest.raises(MailError, match="refuses nobody@example.org; check the addresses"):
        mailer.send(message(mailer))
    with pytest.raises(MailError, match="127.0.0.1:9: .*; check host, port and network"):
        smtp(9, security="none").send(message(mailer))


def test_a_password_that_is_not_there(
    server: Callable[..., tuple[Inbox, int]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    monkeypatch.delenv("NO_SUCH_WORD", raising=False)
    _, port = server(certificate)
    mailer = smtp(port, user="ann", password_variable="NO_SUCH_WORD")
    with pytest.raises(MailError, match="the variable NO_SUCH_WORD is not set"):
        mailer.send(message(mailer))
    mailer = smtp(port, user="ann", password_file="/no/such/file")
    with pytest.raises(MailError, match="/no/such/file: cannot be read"):
        mailer.send(message(mailer))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "mail: {kind: smtp, host: h, sender: a@b.c, to: a@b.c, security: none}",
            "h is another machine, to which mail must be encrypted",
        ),
        ("mail: {kind: smtp, host: h, sender: a@b.c, to: a@b.c, user: ann}", "a user and a password belong together"),
        ("mail: {kind: ses, sender: a@b.c, to: []}", "mail.to"),
        ("mail: {kind: ses, sender: nobody, to: a@b.c}", "'nobody' is not a mail address"),
        ("mail: {kind: ses, sender: a@b.c, to: a@b.c, regoin: x}", "did you mean 'region'?"),
        ("mail: {kind: pigeon, sender: a@b.c, to: a@b.c}", "pigeon"),
        ("mail: {kind: smtp, host: h, sender: a@b.c, to: a@b.c, password: secret}", "password"),
    ],
)
def test_a_file_that_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mail.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as error:
        read_mailer(path)
    assert told in str(error.value)
    assert str(error.value).startswith(f"{path}:1:")


def test_ses_sends_from_verified_addresses_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import boto3
    from moto import mock_aws
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tester")
    path = tmp_path / "mail.yaml"
    path.write_text("mail:\n  kind: ses\n  region: eu-west-1\n  sender: studio@example.org\n  to: ann@example.org\n")
    mailer = read_mailer(path)
    with mock_aws():
        with pytest.raises(MailError, match=r"mail from studio@example.org: refused \(MessageRejected\); SES sends"):
            mailer.send(message(mailer))
        boto3.client("ses", region_name="eu-west-1").verify_email_identity(EmailAddress="studio@example.org")
        mailer.send(message(mailer))
        (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
        assert "Subject: A <Tiny> one is done" in sent.raw_data
