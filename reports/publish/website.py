"""A bucket as a website: settings -> website configuration, bucket policy, and how to let the public in.

New buckets are private: access lists are off, and "Block Public Access" refuses policies that would open them. So a
public gallery needs a policy that lets everybody read below the prefix, and the two of the four blocks that concern
policies switched off. The two that concern access lists stay on.

A bucket has one policy for all its galleries, and often other people's statements. Ours are known by their `Sid`, which
AWS allows letters and digits only, so it holds a hash of the prefix. A second statement keeps launches private, also
where the gallery is the whole bucket, or where somebody else's statement opens it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from orbifolio.reports.publish.bucket_arn import objects_arn
from orbifolio.reports.publish.index_pages import NOT_FOUND_PAGE
from orbifolio.reports.publish.s3 import S3, S3Store
from orbifolio.runner.errors import InputError, PublishError

LAUNCHES = "launches"
"""The prefix of launches in a bucket, unless `orbifolio launch --work` names another: recipes, pictures, tokens."""
_READ_SID = "OrbifolioPublicRead"
_PRIVATE_SID = "OrbifolioPrivateLaunches"
_VARIABLES_SINCE = "2012-10-17"
"""The version of policies that knows variables; AWS takes a policy that names none for the one before."""

PUBLIC_ACCESS_BLOCKS = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


def website_configuration(settings: S3) -> dict[str, Any]:
    """The page that is served for a folder, and the one for an address that leads nowhere."""
    return {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": f"{settings.key_prefix}{NOT_FOUND_PAGE}"},
    }


def public_read_statement(settings: S3, partition: str = "aws") -> dict[str, Any]:
    """The policy statement that lets everybody read the gallery, and nothing else."""
    return {
        "Sid": f"{_READ_SID}{hashlib.sha256(settings.prefix.encode()).hexdigest()[:32]}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": objects_arn(settings, partition),
    }


def private_launches_statement(settings: S3, partition: str = "aws") -> dict[str, Any]:
    """The policy statement that lets nobody outside the bucket's account read launches, whatever others allow."""
    return {
        "Sid": _PRIVATE_SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": objects_arn(settings.model_copy(update={"prefix": LAUNCHES}), partition),
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},  # strangers have none
    }


def bucket_policy(settings: S3, before: Mapping[str, Any] | None = None, partition: str = "aws") -> dict[str, Any]:
    """A bucket policy with our statements, and all others of the policy before.

    Raises:
        InputError: the gallery lies among the launches, which stay private.
        PublishError: others' statements would mean something else in the version of policies that ours need.
    """
    if settings.key_prefix.startswith(f"{LAUNCHES}/"):
        raise InputError(
            f"{settings.target}: lies among the launches, which hold tokens and private pictures and stay private; "
            f"publish to another prefix, as in s3://{settings.bucket}/gallery"
        )
    ours = [public_read_statement(settings, partition), private_launches_statement(settings, partition)]
    found = (before or {}).get("Statement", [])
    others = [item for item in (found if isinstance(found, list) else [found]) if not _replaced(item, ours)]
    version = (before or {}).get("Version")
    if others and version != _VARIABLES_SINCE and "${" in json.dumps(others):
        raise PublishError(
            f"{settings.target}: the bucket policy is of version {version or '2008-10-17'}, in which ${{...}} is plain "
            f"text; in version {_VARIABLES_SINCE}, which the website's statements need, it is a variable; nothing was "
            "changed; reword those statements by hand"
        )
    return {**(before or {}), "Version": _VARIABLES_SINCE, "Statement": [*others, *ours]}


def _replaced(statement: Mapping[str, Any], ours: list[dict[str, Any]]) -> bool:
    """Whether a statement is one of ours, as it is now or with the `Sid` of earlier versions."""
    sid = str(statement.get("Sid", ""))
    return any(sid == item["Sid"] or sid.startswith(_READ_SID) and statement == {**item, "Sid": sid} for item in ours)


_DASHED_REGIONS = {  # opened before AWS changed the spelling of website addresses
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
    "us-gov-west-1",
}


def website_address(settings: S3, region: str) -> str:
    """Where AWS serves the bucket as a website."""
    between = "-" if region in _DASHED_REGIONS else "."
    return f"http://{settings.bucket}.s3-website{between}{region}.amazonaws.com/{settings.key_prefix}"


def website_instructions(settings: S3, region: str, partition: str = "aws") -> str:
    """What a public website needs, in words and as JSON.

    Raises:
        InputError: the gallery lies among the launches.
    """

    def shown(value: object) -> str:
        return json.dumps(value, indent=2)

    return "\n".join(
        (
            f"To show {settings.target} to everybody:",
            "",
            "1. Block Public Access. New buckets refuse every policy that lets the public in. Two of its four",
            "   switches must be off; the two about access lists can stay on, as none are used. If your account",
            "   has them on, turn them off there too, under S3, Block Public Access settings for this account.",
            "",
            shown(PUBLIC_ACCESS_BLOCKS),
            "",
            "2. The bucket policy. Everybody may read the gallery's files; nobody may list or write them. Launches",
            "   stay private. Add both statements to those that the bucket already has.",
            "",
            shown(bucket_policy(settings, partition=partition)),
            "",
            "3. The website configuration: the page for a folder, and the one for an address that leads nowhere.",
            "",
            shown(website_configuration(settings)),
            "",
            f"The gallery is then at {website_address(settings, region)}",
            "Websites on S3 speak http only; for https, put CloudFront in front (docs/publishing.md).",
            "To set all this now, add --apply",
        )
    )


def configure_website(store: S3Store, say: Callable[[str], None]) -> str:
    """Set a bucket up as a public website; a second time changes nothing.

    Args:
        store: of the gallery, on AWS.

    Returns:
        The website's address.

    Raises:
        InputError: the store is not on AWS, or the gallery lies among the launches.
        PublishError: the bucket is already a website with other settings, or may not be changed.
    """
    settings = store.settings
    if settings.endpoint_url:
        raise InputError(
            "--apply: sets up websites on AWS only; other stores have their own ways (some mistake this request for "
            "another); see the store's manual, or leave out --endpoint-url"
        )
    _check_website(store)
    before = store.ask("get_bucket_policy", "s3:GetBucketPolicy", "NoSuchBucketPolicy")
    current = json.loads(before["Policy"]) if before else None
    wanted = bucket_policy(settings, current, store.client.meta.partition)  # refuses before anything is opened
    store.ask("put_public_access_block", "s3:PutBucketPublicAccessBlock", PublicAccessBlockConfiguration=_blocks(store))
    say("Block Public Access: policies may open the bucket, access lists may not")
    if wanted != current:
        store.ask("put_bucket_policy", "s3:PutBucketPolicy", Policy=json.dumps(wanted))
    say(f"bucket policy: everybody may read {settings.target}, but no launches")
    store.ask("put_bucket_website", "s3:PutBucketWebsite", WebsiteConfiguration=website_configuration(settings))
    say("website configuration: index.html for folders")
    return website_address(settings, store.client.meta.region_name)


def _blocks(store: S3Store) -> dict[str, bool]:
    """The two blocks about access lists as they are, the two about policies off."""
    answer = store.ask(
        "get_public_access_block", "s3:GetBucketPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"
    )
    before = answer["PublicAccessBlockConfiguration"] if answer else {}
    return {name: bool(wanted) and bool(before.get(name, True)) for name, wanted in PUBLIC_ACCESS_BLOCKS.items()}


def _check_website(store: S3Store) -> None:
    """Refuse a bucket that is already a website with other settings.

    Raises:
        PublishError: the bucket has such settings; nothing was changed.
    """
    answer = store.ask("get_bucket_website", "s3:GetBucketWebsite", "NoSuchWebsiteConfiguration")
    if answer is None:
        return
    names = ("IndexDocument", "ErrorDocument", "RoutingRules", "RedirectAllRequestsTo")  # not the response's metadata
    before = {name: answer[name] for name in names if name in answer}
    if before != website_configuration(store.settings):
        raise PublishError(
            f"{store.name}: the bucket is already a website with other settings ({json.dumps(before)}); nothing was "
            "changed; change it by hand, or choose another bucket"
        )
