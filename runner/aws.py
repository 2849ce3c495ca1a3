"""Amazon's services: a client that retries and times out; what it raises -> one line that says what to do.

boto3 takes a second to import, so it is imported on first use. No message holds a
credential, and a server's own text is repeated only where its error code is unknown.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orbifolio.runner.errors import OrbifolioError

DEFAULT_REGION = "us-east-1"
ATTEMPTS = 7
"""Of each request, unless AWS_MAX_ATTEMPTS says otherwise. In its standard mode botocore waits up to 1, 2, 4, ..., 20
seconds in between when it is asked to slow down, and up to 0.05, 0.1, 0.2, ... seconds after a lost connection: a busy
server gets the time to recover, and a wrong address is reported within seconds."""

_CREDENTIALS = "they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or the machine's role"
_WRONG_KEY = f"the server does not know this access key; {_CREDENTIALS}; correct them"
_EXPIRED = "the session token has expired or is invalid; sign in again"
_BUSY = {
    "SlowDown": "asked to slow down",
    "Throttling": "asked to slow down",
    "ThrottlingException": "asked to slow down",
    "TooManyRequests": "asked to slow down",
    "TooManyRequestsException": "asked to slow down",
    "RequestLimitExceeded": "asked to slow down",
    "429": "asked to slow down",
    "InternalError": "had an internal error",
    "InternalServerException": "had an internal error",
    "500": "had an internal error",
    "ServiceUnavailable": "was unavailable",
    "502": "was unavailable",
    "503": "was unavailable",
    "504": "did not answer in time",
    "RequestTimeout": "did not receive the data in time",
    "OperationAborted": "was busy with the same object",
}
_REGION = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "301",
    "TemporaryRedirect",
}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "Forbidden",
    "403",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
}
_CODES = {
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"), _WRONG_KEY),
    "AuthFailure": _WRONG_KEY,
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key; {_CREDENTIALS}; correct them",
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), _EXPIRED),
    "InvalidToken": _EXPIRED,
    "RequestTimeTooSkewed": "this machine's clock is more than 15 minutes off; set it, then try again",
}


def configured_region(session: Any = None) -> str:
    """The region that a session, or else the user's own configuration, names."""
    import boto3

    return str((session or boto3.Session()).region_name or DEFAULT_REGION)


def make_client(
    service: str, region: str | None = None, *, endpoint_url: str | None = None, session: Any = None
) -> Any:
    """boto3's client of a service; the network is not used yet.

    Args:
        service: as boto3 names it.
        region: the configured one if None.
        endpoint_url: the address of a server other than AWS's.
        session: boto3's, to share the descriptions of services that it has read.

    Raises:
        BotoCoreError, ValueError: the user's configuration is wrong.
    """
    import boto3
    from botocore.config import Config

    retries: dict[str, Any] = {"mode": "standard"}
    if "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["total_max_attempts"] = ATTEMPTS
    options: dict[str, Any] = {}
    if endpoint_url:  # not every other store understands the checksums that AWS wants by default
        options = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    config = Config(
        retries=retries, connect_timeout=10, read_timeout=60, max_pool_connections=32, tcp_keepalive=True, **options
    )
    session = session or boto3.Session()
    region = region or configured_region(session)
    return session.client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def error_code(error: BaseException | None) -> str:
    """AWS's code of an error, or "".

    >>> error_code(ValueError())
    ''
    """
    from botocore.exceptions import ClientError

    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def error_status(error: BaseException | None) -> int:
    """The HTTP status of an error, or 0."""
    from botocore.exceptions import ClientError

    metadata = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
    return int(metadata.get("HTTPStatusCode", 0))


def is_busy(error: BaseException | None) -> bool:
    """Whether a server refused because it was busy, so that the same request may get through later."""
    return error_code(error) in _BUSY or str(error_status(error)) in _BUSY


@dataclass(frozen=True)
class AwsErrors:
    """How one part of the program reports what AWS refuses.

    Attributes:
        raises: the class of the error.
        service: what a message calls the server, unless it has an address.
        permissions: what to do about a missing permission.
        later: what to do about a failure that may pass by itself.
        codes: texts for AWS's error codes, or for HTTP statuses, before the general ones; `{code}` and `{server}` are
            filled in.
    """

    raises: type[OrbifolioError]
    service: str
    permissions: str
    later: str
    codes: Mapping[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def translated(self, subject: str, action: str = "", *, server: str = "") -> Iterator[None]:
        """Raise our own error in place of botocore's; that one is its cause.

        Args:
            subject: what the message is about.
            action: the permission that the request needs, e.g. `s3:PutObject`.
            server: the address of the request, if it is not AWS's.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise self.translate(error, subject, action, server=server) from error

    def translate(self, error: Exception, subject: str, action: str = "", *, server: str = "") -> OrbifolioError:
        """What to raise in place of an exception of botocore; see `translated`."""
        from botocore.exceptions import ClientError

        if isinstance(error, ClientError):
            text = self._refusal(error, action, server)
        else:
            text = self._failure(error, server)
        return self.raises(f"{subject}: {text}")

    def _failure(self, error: Exception, server: str) -> str:
        """No answer: the request was not made, or the connection failed."""
        from botocore import exceptions as boto
        from botocore.parsers import ResponseParserError

        name = server or self.service
        if isinstance(error, boto.PartialCredentialsError):
            return f"the credentials are incomplete; {_CREDENTIALS}; set both parts"
        if isinstance(error, boto.NoCredentialsError):
            return f"no credentials were found; {_CREDENTIALS}; set one of these up"
        if isinstance(error, boto.ProfileNotFound):
            return "the profile named by AWS_PROFILE does not exist; choose one from ~/.aws/config"
        if isinstance(error, boto.NoRegionError):
            return "no region is configured; choose one with --region, for example eu-central-1"
        if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
            return "the sign-in has expired or failed; sign in again, for example with `aws sso login`"
        if isinstance(error, boto.SSLError):
            return (
                f"this machine does not trust the certificate of {name}; check the address, or set AWS_CA_BUNDLE to "
                "the certificate"
            )
        if isinstance(error, boto.ConnectionError):
            cure = "is the address right, and is the server running?" if server else "is this machine online?"
            return f"{name} cannot be reached; {cure} {self.later[:1].upper()}{self.later[1:]}"
        if isinstance(error, boto.HTTPClientError | boto.IncompleteReadError):
            return f"the connection was lost repeatedly; {self.later}"
        if isinstance(error, ResponseParserError):
            return self.not_this_service(server)
        return f"{error}; check the settings in ~/.aws"

    def not_this_service(self, server: str) -> str:
        """The text about a server that answers, but is something else, such as a web server."""
        return f"{server or 'the server'} does not answer as {self.service} does; is the address right?"

    def _refusal(self, error: Exception, action: str, server: str) -> str:
        """An answer that says no."""
        response: Mapping[str, Any] = error.response  # type: ignore[attr-defined]
        details = response.get("Error", {})
        code, status = error_code(error), str(error_status(error))
        own = self.codes.get(code) or self.codes.get(status)
        if own:
            return own.format(code=code, server=server or "the server")
        busy = _BUSY.get(code) or _BUSY.get(status)
        if busy:
            return f"the server {busy} repeatedly; {self.later}"
        if code in _CODES:
            return _CODES[code]
        if code in DENIED:
            return f"access denied; these credentials lack {action}; {self.permissions}"
        if code in _REGION:
            headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            region = headers.get("x-amz-bucket-region") or details.get("Region")
            return f"the bucket is in another region; {f'use --region {region}' if region else 'name it with --region'}"
        if code in ("404", "405"):  # a bare number: the body was not AWS's
            return self.not_this_service(server)
        return f"refused with {code or status} ({details.get('Message') or 'no reason given'}); correct that and retry"
