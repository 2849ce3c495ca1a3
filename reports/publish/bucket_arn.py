"""A bucket's objects as policies name them: settings -> ARN, in which no character of the prefix is a wildcard.

`*`, `?` and `$` may stand in the keys of objects, but mean more in a policy; there they are written as variables, which
policies know since their version 2012-10-17.
"""

from __future__ import annotations

import re

from orbifolio.reports.publish.s3 import S3


def literal(key: str) -> str:
    """A key as a policy writes it.

    >>> literal("art*/${x}")
    'art${*}/${$}{x}'
    """
    return re.sub(r"[*?$]", lambda match: f"${{{match[0]}}}", key)


def bucket_arn(settings: S3, partition: str = "aws") -> str:
    """The bucket itself."""
    return f"arn:{partition}:s3:::{settings.bucket}"


def objects_arn(settings: S3, partition: str = "aws") -> str:
    """All objects below the prefix, and no others.

    >>> objects_arn(S3(bucket="pictures", prefix="art"))
    'arn:aws:s3:::pictures/art/*'
    """
    return f"{bucket_arn(settings, partition)}/{literal(settings.key_prefix)}*"
