"""What may be done by whom: policies of IAM, made from what a launch needs and nothing more.

`node_policy` is the machine's, `guard_policy` that of the schedule which ends it, `caller_policy` what the
person who launches needs. All are plain dictionaries with a stable order, so that equal needs give equal text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.tags import LAUNCH, PATH

Policy = dict[str, Any]


def trust(service: str) -> Policy:
    """Who may take a role on: a service of AWS, e.g. `ec2`."""
    allow = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allow]}


def _below(place: S3) -> str:
    return f"{place.prefix}/" if place.prefix else ""


def _objects(place: S3, partition: str) -> str:
    return f"arn:{partition}:s3:::{place.bucket}/{_below(place)}*"


def _listing(place: S3, partition: str) -> Policy:
    found: Policy = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:{partition}:s3:::{place.bucket}",
    }
    if place.prefix:
        found["Condition"] = {"StringLike": {"s3:prefix": f"{place.prefix}/*"}}
    return found


def node_policy(
    work: S3,
    gallery: S3,
    *,
    pictures: Iterable[str] = (),
    sender: str = "",
    password: str = "",
    partition: str = "aws",
) -> Policy:
    """What the machine may do: read and write its two places, and send mail by one address.

    Args:
        work: where recipe, program, log and state of launches lie.
        gallery: where reports are published.
        pictures: `s3://bucket/key` of input pictures.
        sender: address that mails are sent from by SES, "" for none.
        password: name of the parameter that holds a mail server's password, "" for none.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
    """
    statements: list[Policy] = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": _objects(work, partition)},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": _objects(gallery, partition),
        },
        _listing(work, partition),
        _listing(gallery, partition),
    ]
    read = sorted({f"arn:{partition}:s3:::{picture.removeprefix('s3://')}" for picture in pictures})
    if read:
        statements.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": read})
    if sender:
        statements.append(
            {
                "Effect": "Allow",
                "Action": ["ses:SendEmail", "ses:SendRawEmail"],
                "Resource": "*",
                "Condition": {"StringEquals": {"ses:FromAddress": sender}},
            }
        )
    if password:
        name = password.lstrip("/")
        statements.append(
            {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": f"arn:{partition}:ssm:*:*:parameter/{name}"}
        )
    return {"Version": "2012-10-17", "Statement": statements}


def guard_policy(partition: str = "aws") -> Policy:
    """What the schedule may do: end machines of ours, by their tag."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ec2:TerminateInstances",
                "Resource": f"arn:{partition}:ec2:*:*:instance/*",
                "Condition": {"StringLike": {f"ec2:ResourceTag/{LAUNCH}": "*"}},
            }
        ],
    }


def caller_policy(work: S3, gallery: S3, partition: str = "aws") -> Policy:
    """What the person who launches needs, for whoever keeps the account."""
    roles = [f"arn:{partition}:iam::*:role{PATH}*", f"arn:{partition}:iam::*:instance-profile{PATH}*"]
    places = sorted({_objects(work, partition), _objects(gallery, partition)})
    ours = {"StringLike": {f"ec2:ResourceTag/{LAUNCH}": "*"}}
    statements: list[Policy] = [
        {"Effect": "Allow", "Action": _LOOKING, "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["ec2:RunInstances", "ec2:CreateTags", "ec2:CreateSecurityGroup"],
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": ["ec2:TerminateInstances", "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup"],
            "Resource": "*",
            "Condition": ours,
        },
        {"Effect": "Allow", "Action": _ROLES, "Resource": roles},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles[0],
            "Condition": {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "scheduler.amazonaws.com"]}},
        },
        {
            "Effect": "Allow",
            "Action": _SCHEDULES,
            "Resource": f"arn:{partition}:scheduler:*:*:schedule/default/orbifolio-*",
        },
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": places},
        _listing(work, partition),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


_LOOKING = [
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:GetConsoleOutput",
    "iam:ListRoles",
    "pricing:GetProducts",
    "scheduler:ListSchedules",
    "ssm:GetParameter",
]
_ROLES = [
    "iam:AddRoleToInstanceProfile",
    "iam:AttachRolePolicy",
    "iam:CreateInstanceProfile",
    "iam:CreateRole",
    "iam:DeleteInstanceProfile",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
]
_SCHEDULES = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule"]


def shown(policy: Mapping[str, Any]) -> str:
    """As text."""
    return json.dumps(policy, indent=2)


def fingerprint(policy: Mapping[str, Any], *more: str) -> str:
    """Eight letters that stand for a policy: equal ones share a role.

    >>> fingerprint({}) == fingerprint({}), len(fingerprint({}, "ssm"))
    (True, 8)
    """
    text = json.dumps([policy, *more], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
