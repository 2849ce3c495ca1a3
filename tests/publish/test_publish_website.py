"""Bucket policies of websites, judged by an evaluator of their own: who may read what before and after."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_evaluator import allowed
from pydantic import ValidationError

from orbifolio.reports.publish.s3 import S3
from orbifolio.reports.publish.website import bucket_policy
from orbifolio.runner.errors import InputError, PublishError

OWNER, FRIEND = "111122223333", "444455556666"
ARN = "arn:aws:s3:::pictures"


def gallery(prefix: str) -> S3 | None:
    try:
        return S3(bucket="pictures", prefix=prefix)
    except ValidationError:
        return None


def reads(policy: Any, key: str, account: str | None = None, action: str = "s3:GetObject") -> bool:
    return allowed([policy], action, f"{ARN}/{key}", account=account, context={"aws:ResourceAccount": OWNER})


parts = st.text(alphabet="aAbB-_.*?${} é", min_size=1, max_size=4)
galleries = st.one_of(
    st.sampled_from(["", "a-b", "a/b", "A/B", "ab", "a", "art", "art*", "launch", "launches-2", "Launches"]),
    st.lists(parts, min_size=1, max_size=3).map("/".join),
)
galleries = galleries.map(gallery).filter(lambda found: found is not None)
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.sampled_from(["*", {"AWS": f"arn:aws:iam::{FRIEND}:root"}]),
        "Action": st.sampled_from(["s3:GetObject", "s3:*", ["s3:PutObject", "s3:GetObject"]]),
        "Resource": st.sampled_from([f"{ARN}/*", f"{ARN}/a/*", f"{ARN}/A/B/*", [f"{ARN}/launches/*", f"{ARN}/b*"]]),
    },
    optional={"Sid": st.sampled_from(["Theirs", "OrbifolioPublicReadAB", "OrbifolioPublicRead"])},
)
policies = st.one_of(
    st.none(),
    statements.map(lambda one: {"Version": "2012-10-17", "Statement": one}),  # legal: one, not in a list
    st.lists(statements, min_size=1, max_size=3).map(
        lambda many: {"Version": "2008-10-17", "Id": "x", "Statement": many}
    ),
)
keys = st.one_of(
    st.sampled_from(["a-b/x", "a/b/x", "A/B/x", "ab/x", "a/x", "artist/x", "launches/n/token", "Launches/x", "x", ""]),
    st.lists(parts, min_size=1, max_size=4).map("/".join),
)


@given(policies, galleries, galleries, keys)
@settings(max_examples=80, deadline=None)
def test_a_website_opens_its_gallery_and_changes_nothing_else(before: Any, first: S3, second: S3, key: str) -> None:
    none = {"Version": "2012-10-17", "Statement": []}
    policy = bucket_policy(first, before)
    assert bucket_policy(first, json.loads(json.dumps(policy))) == policy  # a second time changes nothing
    both = bucket_policy(second, policy)
    assert len(
        {item["Sid"] for item in both["Statement"] if item.get("Sid", "").startswith("OrbifolioPublicRead")}
    ) >= (2 if first.prefix != second.prefix else 1)
    private = key.startswith("launches/")
    for account in (None, FRIEND):
        earlier = reads(before or none, key, account)
        denied = not reads({"Version": "2012-10-17", **(before or none), "Statement": _allow_all(before)}, key, account)
        for made, shown in ((policy, [first]), (both, [first, second])):
            inside = any(key.startswith(site.key_prefix) for site in shown)
            assert reads(made, key, account) == (not private and (earlier or inside and not denied)), (made, key)
            for action in ("s3:PutObject", "s3:ListBucket", "s3:DeleteObject"):
                assert reads(made, key, account, action) == reads(before or none, key, account, action)
    if private:  # the owner's own rights come from IAM; nothing here takes them away
        ours = [item for item in policy["Statement"] if item.get("Sid") == "OrbifolioPrivateLaunches"]
        everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        opened = {"Version": "2012-10-17", "Statement": [everything, *ours]}
        assert reads(opened, key, OWNER)
        assert not reads(opened, key, FRIEND)
        assert not reads(opened, key, None, "s3:GetObjectVersion")


def _allow_all(policy: Any) -> list[Any]:
    """The statements, and one that allows all: only a denial still says no."""
    found = policy["Statement"] if policy else []
    own = [found] if isinstance(found, dict) else found
    return [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}, *own]


def test_the_statement_of_an_earlier_version_is_replaced_and_a_neighbours_is_not() -> None:
    old = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    mine = {"Sid": "OrbifolioPublicReadAB", **old, "Resource": f"{ARN}/a-b/*"}
    theirs = {"Sid": "OrbifolioPublicReadAB", **old, "Resource": f"{ARN}/a/b/*"}
    made = bucket_policy(S3(bucket="pictures", prefix="a-b"), {"Version": "2012-10-17", "Statement": [mine]})
    assert mine not in made["Statement"]
    assert len(made["Statement"]) == 2
    made = bucket_policy(S3(bucket="pictures", prefix="a-b"), {"Version": "2012-10-17", "Statement": theirs})
    assert theirs in made["Statement"]


@pytest.mark.parametrize("prefix", ["launches", "launches/tiny-1"])
def test_launches_are_never_a_website(prefix: str) -> None:
    with pytest.raises(InputError, match=r"lies among the launches, .* publish to another prefix"):
        bucket_policy(S3(bucket="pictures", prefix=prefix))


def test_statements_that_a_newer_version_reads_differently_are_left_alone() -> None:
    plain = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/${{aws:username}}/*"}
    with pytest.raises(
        PublishError, match=r"the bucket policy is of version 2008-10-17, in which \$\{\.\.\.\} is plain"
    ):
        bucket_policy(S3(bucket="pictures", prefix="art"), {"Statement": [plain]})
    newer = {"Version": "2012-10-17", "Statement": [plain]}
    assert plain in bucket_policy(S3(bucket="pictures", prefix="art"), newer)["Statement"]
