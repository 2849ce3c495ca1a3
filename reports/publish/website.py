"""A bucket as a website: settings -> website configuration, bucket policy, and how to let the public in.

New buckets let nobody in: access lists are off and "Block Public Access" refuses policies that would. So a
public gallery needs a policy that lets everybody read below the prefix, and the two of the four blocks that
speak of policies switched off. The two that speak of access lists stay on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from orbifolio.reports.publish.above import MISSING_PAGE
from orbifolio.reports.publish.s3 import S3, Bucket
from orbifolio.runner.errors import InputError, PublishError

BLOCKS = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}


def _below(settings: S3) -> str:
    return f"{settings.prefix}/" if settings.prefix else ""


def configuration(settings: S3) -> dict[str, Any]:
    """Which page stands for a folder, and which for an address that leads nowhere."""
    return {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": f"{_below(settings)}{MISSING_PAGE}"},
    }


def statement(settings: S3, partition: str = "aws") -> dict[str, Any]:
    """The policy's sentence that lets everybody read the gallery, and nothing else."""
    words = "".join(part.capitalize() for part in settings.prefix.replace("/", "-").split("-") if part.isalnum())
    return {
        "Sid": f"OrbifolioPublicRead{words}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:{partition}:s3:::{settings.bucket}/{_below(settings)}*",
    }


def policy(settings: S3, before: Mapping[str, Any] | None = None, partition: str = "aws") -> dict[str, Any]:
    """A bucket policy with our sentence; those of others are kept."""
    ours = statement(settings, partition)
    kept = list((before or {}).get("Statement", []))
    others = [item for item in kept if item.get("Sid") != ours["Sid"]]
    return {**(before or {"Version": "2012-10-17"}), "Statement": [*others, ours]}


def address(settings: S3, region: str) -> str:
    """Where AWS serves the bucket as a website."""
    between = "-" if region in _DASHED else "."
    return f"http://{settings.bucket}.s3-website{between}{region}.amazonaws.com/{_below(settings)}"


_DASHED = {  # regions that were opened before the spelling changed
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


def explained(settings: S3, region: str) -> str:
    """What has to be set for a public website, in words and as JSON."""

    def shown(value: object) -> str:
        return json.dumps(value, indent=2)

    return "\n".join(
        (
            f"To show {settings.target} to everybody:",
            "",
            "1. Block Public Access. New buckets refuse every policy that lets the public in. Two of its four",
            "   switches must be off; the two about access lists can stay on, as none are used. If your account",
            "   has them on as well, they must be off there too, under S3, Block Public Access settings for this",
            "   account.",
            "",
            shown(BLOCKS),
            "",
            "2. The bucket policy. Everybody may read what lies in the gallery; nobody may list or write it. Add the",
            "   statement to those that the bucket may have already.",
            "",
            shown(policy(settings)),
            "",
            "3. The website configuration: what stands for a folder, and for an address that leads nowhere.",
            "",
            shown(configuration(settings)),
            "",
            f"The gallery is then at {address(settings, region)}",
            "Websites on S3 speak http only; for https put CloudFront before it (docs/publishing.md).",
            "To set all this now: add --apply",
        )
    )


def apply(store: Bucket, say: Callable[[str], None]) -> str:
    """Set a bucket up as a public website; a second time changes nothing.

    Args:
        store: the bucket.
        say: is told each step.

    Returns:
        The website's address.

    Raises:
        InputError: the store is not AWS.
        PublishError: the bucket is a different website already, or may not be changed.
    """
    settings = store.settings
    if settings.endpoint_url:
        raise InputError(
            "--apply: websites and public access are AWS's; other stores have their own ways (some take this "
            "request for another); read its manual, or leave out --endpoint-url"
        )
    _check_website(store)
    store.ask("put_public_access_block", "s3:PutBucketPublicAccessBlock", PublicAccessBlockConfiguration=_blocks(store))
    say("Block Public Access: policies may let the public in, access lists may not")
    before = store.ask_optional("get_bucket_policy", "s3:GetBucketPolicy", "NoSuchBucketPolicy")
    known = json.loads(before["Policy"]) if before else None
    wanted = policy(settings, known, store.client.meta.partition)
    if wanted != known:
        store.ask("put_bucket_policy", "s3:PutBucketPolicy", Policy=json.dumps(wanted))
    say(f"bucket policy: everybody may read {settings.target}")
    store.ask("put_bucket_website", "s3:PutBucketWebsite", WebsiteConfiguration=configuration(settings))
    say("website configuration: index.html for folders")
    return address(settings, store.client.meta.region_name)


def _blocks(store: Bucket) -> dict[str, bool]:
    """The two blocks about access lists as they are, the two about policies off."""
    answer = store.ask_optional(
        "get_public_access_block", "s3:GetBucketPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"
    )
    before = answer["PublicAccessBlockConfiguration"] if answer else {}
    return {name: bool(wanted) and bool(before.get(name, True)) for name, wanted in BLOCKS.items()}


def _check_website(store: Bucket) -> None:
    """Complain about a bucket that is another website already."""
    answer = store.ask_optional("get_bucket_website", "s3:GetBucketWebsite", "NoSuchWebsiteConfiguration")
    if answer is None:
        return
    before = {name: answer[name] for name in ("IndexDocument", "ErrorDocument", "RoutingRules") if name in answer}
    before.update(
        {"RedirectAllRequestsTo": answer["RedirectAllRequestsTo"]} if "RedirectAllRequestsTo" in answer else {}
    )
    if before != configuration(store.settings):
        raise PublishError(
            f"{store.name}: the bucket is a website already, with other settings ({json.dumps(before)}); nothing was "
            "changed; set it by hand, or take another bucket"
        )
