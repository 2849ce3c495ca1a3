"""What AWS answers when it refuses: botocore's exception -> one clear line with a cure.

No credential is ever part of a message; a server's own text is repeated only where its code is unknown.
"""

from __future__ import annotations

from botocore import exceptions as boto

from orbifolio.runner.errors import CloudError

_CREDENTIALS = "they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws or `aws sso login`"
_WRONG_KEY = {"InvalidClientTokenId", "AuthFailure", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
DENIED = {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "UnauthorizedAccess"}
NO_CAPACITY = {
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientCapacity",
    "SpotMaxPriceTooLow",
    "MaxSpotInstanceCountExceeded",
    "Unsupported",
    "UnfulfillableCapacity",
}
"""Codes after which another machine or another market may do."""
QUOTA = {"VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded"}


def code_of(error: BaseException | None) -> str:
    """AWS's code of an error, or "".

    >>> code_of(ValueError())
    ''
    """
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def translated(error: Exception, what: str, action: str) -> CloudError:
    """What to raise instead of an exception of botocore.

    Args:
        error: as botocore raised it.
        what: what was being done, for a reader.
        action: the permission that it needs, e.g. `ec2:RunInstances`.
    """
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return CloudError(f"{what}: no AWS credentials were found; {_CREDENTIALS}; set one of these up")
    if isinstance(error, boto.NoRegionError):
        return CloudError(f"{what}: no region is chosen; machines stand in one; say --region, as in eu-central-1")
    if isinstance(error, boto.ProfileNotFound):
        return CloudError(f"{what}: the profile that AWS_PROFILE names does not exist; name one of ~/.aws/config")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return CloudError(f"{what}: the sign-in has expired or failed; sign in again, as with `aws sso login`")
    if isinstance(error, boto.ClientError):
        return _refused(error, what, action)
    if isinstance(error, boto.HTTPClientError):
        return CloudError(
            f"{what}: AWS cannot be reached; is this machine connected? `orbifolio ps` shows what runs; try again"
        )
    return CloudError(f"{what}: {error}; check the settings in ~/.aws")


def _refused(error: boto.ClientError, what: str, action: str) -> CloudError:
    code = code_of(error)
    if code in _WRONG_KEY:
        return CloudError(f"{what}: AWS does not know these credentials; {_CREDENTIALS}; correct them")
    if code in _EXPIRED:
        return CloudError(f"{what}: the credentials have expired; they last some hours; sign in again")
    if code in DENIED:
        return CloudError(
            f"{what}: access denied; these credentials lack {action}; `orbifolio launch --dry-run` prints the policy "
            "that they need"
        )
    if code in QUOTA:
        return CloudError(
            f"{what}: this account may not rent so many processors ({code}); new accounts may rent no GPU at all; ask "
            "for more under Service Quotas, Amazon EC2: L-DB2E81BA (G machines, on demand) and L-3819A6DF (G machines, "
            "spot), or name a machine without a GPU, as in --instance c7i.4xlarge"
        )
    if code in NO_CAPACITY:
        return CloudError(
            f"{what}: AWS has no such machine to spare at present ({code}); try another --instance or --region, "
            "or later"
        )
    message = str(error.response.get("Error", {}).get("Message", "")) or "no reason given"
    return CloudError(f"{what}: refused with {code} ({message}); correct that, then try again")
