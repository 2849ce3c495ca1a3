"""What S3 and the network answer when they refuse: botocore's exception -> one clear line, or "try again".

No text of a server is repeated unless its code is unknown, and no credential is ever part of a message.
"""

from __future__ import annotations

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from orbifolio.reports.publish.retrying import Passing
from orbifolio.reports.publish.store import Conflict, NoConditions
from orbifolio.runner.errors import PublishError

_BUSY = {
    "SlowDown": "asks to slow down",
    "ServiceUnavailable": "is not available",
    "503": "is not available",
    "InternalError": "had an internal error",
    "500": "had an internal error",
    "502": "is not available",
    "504": "did not answer in time",
    "RequestTimeout": "did not get the data in time",
    "Throttling": "asks to slow down",
    "ThrottlingException": "asks to slow down",
    "TooManyRequests": "asks to slow down",
    "429": "asks to slow down",
    "OperationAborted": "was busy with the same object",
}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_WRONG_KEY = {"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_DENIED = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden", "403", "UnauthorizedAccess"}
_REGION = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "301",
    "TemporaryRedirect",
}
_FULL = {"QuotaExceeded", "InsufficientStorage", "507", "XMinioStorageFull", "InsufficientCapacity"}
_AGAIN = "what was uploaded stays; publish again later"

_CREDENTIALS = "they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or the machine's role"


def translated(error: Exception, name: str, action: str, *, endpoint: str = "", conditional: bool = False) -> Exception:
    """What to raise instead of an exception of botocore.

    Args:
        error: as botocore raised it.
        name: the target as its user wrote it.
        action: the permission that the request needs, e.g. `s3:PutObject`.
        endpoint: the address that was asked, if it is not AWS.
        conditional: whether the request was a conditional one.

    Returns:
        `Passing`, `Conflict`, `NoConditions` or `PublishError`.
    """
    if isinstance(error, boto.ClientError):
        return _refused(error, name, action, endpoint=endpoint, conditional=conditional)
    if isinstance(error, boto.PartialCredentialsError):
        return PublishError(f"{name}: the credentials are incomplete; {_CREDENTIALS}; set both parts")
    if isinstance(error, boto.NoCredentialsError):
        return PublishError(f"{name}: no credentials were found; {_CREDENTIALS}; set one of these up")
    if isinstance(error, boto.ProfileNotFound):
        return PublishError(f"{name}: the profile that AWS_PROFILE names does not exist; name one of ~/.aws/config")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return PublishError(f"{name}: the sign-in has expired or failed; sign in again, as with `aws sso login`")
    if isinstance(error, boto.SSLError):
        return PublishError(
            f"{name}: {endpoint or 'the server'} has no certificate that this machine trusts; check the address, or "
            "name the certificate by AWS_CA_BUNDLE"
        )
    if isinstance(error, boto.EndpointConnectionError | boto.ConnectTimeoutError | boto.ProxyConnectionError):
        cure = "is the address right, and is the server running?" if endpoint else "is this machine connected?"
        again = f"{_AGAIN[:1].upper()}{_AGAIN[1:]}"
        return Passing(f"{name}: {endpoint or 'S3'} cannot be reached; {cure} {again}")
    if isinstance(error, boto.HTTPClientError | boto.ResponseStreamingError | boto.IncompleteReadError):
        return Passing(f"{name}: the connection was lost again and again; {_AGAIN}")
    if isinstance(error, ResponseParserError):
        return no_store(name, endpoint)
    if isinstance(error, boto.BotoCoreError):
        return PublishError(f"{name}: {error}; check the target and the settings in ~/.aws")
    return error


def no_store(name: str, endpoint: str) -> PublishError:
    """What to raise when something answers that is no store."""
    return PublishError(f"{name}: {endpoint or 'the server'} does not answer as S3 does; is the address right?")


def _refused(error: boto.ClientError, name: str, action: str, *, endpoint: str, conditional: bool) -> Exception:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    bucket = name.removeprefix("s3://").partition("/")[0]
    if conditional and (code in _CONFLICT or status == 412 or (code in ("NoSuchKey", "404") and status == 404)):
        return Conflict(name)
    if code in _BUSY or status in (429, 500, 502, 503, 504):
        return Passing(f"{name}: the server {_BUSY.get(code, 'is not available')} again and again; {_AGAIN}")
    if code in ("NotImplemented", "501") and conditional:
        return NoConditions(f"{name}: the server knows no conditional writes")
    if code == "NoSuchBucket":
        return PublishError(f"{name}: there is no bucket {bucket!r}; create it, or correct the name")
    if code in _WRONG_KEY:
        return PublishError(f"{name}: the server does not know this access key; {_CREDENTIALS}; correct them")
    if code == "SignatureDoesNotMatch":
        return PublishError(f"{name}: the secret key does not belong to the access key; {_CREDENTIALS}; correct them")
    if code in _EXPIRED or code == "InvalidToken":
        return PublishError(
            f"{name}: the session token has expired or is not valid; sign in again, then publish again; "
            "what was uploaded is not uploaded twice"
        )
    if code in _DENIED:
        return PublishError(
            f"{name}: access denied; these credentials lack {action}; add the policy of docs/publishing.md to them"
        )
    if code in _REGION:
        region = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
        region = region or str(answer.get("Region", ""))
        cure = f"say --region {region}" if region else "say the right one with --region"
        return PublishError(f"{name}: the bucket is in another region; {cure}")
    if code == "RequestTimeTooSkewed":
        return PublishError(
            f"{name}: this machine's clock is wrong by more than 15 minutes; set it, then publish again"
        )
    if code in _FULL or status == 507:
        return PublishError(f"{name}: the store is full; make room there; {_AGAIN}")
    if code in ("404", "405"):  # a bare number: the body was none of S3's
        return no_store(name, endpoint)
    message = str(answer.get("Message", "")) or "no reason given"
    return PublishError(f"{name}: refused with {code or status} ({message}); check the target")
