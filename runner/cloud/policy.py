"""Who may do what: IAM policies that permit what a launch needs and nothing more.

`node_policy` is the machine's, `deadline_policy` that of the schedule which ends it, `user_policy` that of the person
who launches. All are plain dictionaries in a fixed order, so that equal needs give equal text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from orbifolio.reports.publish.bucket_arn import bucket_arn, literal, objects_arn
from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.cloud.tags import IAM_PATH, LAUNCH_TAG

Policy = dict[str, Any]


AUTOMATION = "AWS-TerminateEC2Instance"
"""AWS's own runbook of Systems Manager, which ends machines that have a tag."""
GUARD_ROLES = "orbifolio-guard-"
"""How the names of roles begin that end machines."""


def trust(*services: str) -> Policy:
    """The trust policy that lets services of AWS, e.g. `ec2`, assume a role."""
    names = [f"{service}.amazonaws.com" for service in services]
    who = {"Service": names if len(names) > 1 else names[0]}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}]}


def _listing(location: S3, partition: str) -> Policy:
    statement: Policy = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket_arn(location, partition),
    }
    if location.prefix:
        statement["Condition"] = {"StringLike": {"s3:prefix": f"{literal(location.prefix)}/*"}}
    return statement


def node_policy(
    work: S3,
    gallery: S3,
    *,
    pictures: Iterable[str] = (),
    sender: str = "",
    password: str = "",
    partition: str = "aws",
) -> Policy:
    """What the machine may do: read and write its two prefixes in S3, and send mail from one address.

    Args:
        work: where recipe, program, log and state of its own launch are kept.
        gallery: where reports are published.
        pictures: `s3://bucket/key` of input pictures.
        sender: address that SES sends mail from, "" for none.
        password: name of the AWS parameter with a mail server's password, "" for none.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
    """
    statements: list[Policy] = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": objects_arn(work, partition)},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": objects_arn(gallery, partition),
        },
        _listing(work, partition),
        _listing(gallery, partition),
    ]
    read = sorted({f"arn:{partition}:s3:::{literal(picture.removeprefix('s3://'))}" for picture in pictures})
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


def deadline_policy(partition: str = "aws") -> Policy:
    """What the deadline schedule may do: end machines that have our tag, also those that it must find by their tag."""
    ssm = f"arn:{partition}:ssm:*:*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ec2:TerminateInstances",
                "Resource": f"arn:{partition}:ec2:*:*:instance/*",
                "Condition": {"StringLike": {f"ec2:ResourceTag/{LAUNCH_TAG}": "*"}},
            },
            {
                "Effect": "Allow",
                "Action": "ssm:StartAutomationExecution",
                "Resource": [
                    f"{ssm}:document/{AUTOMATION}",
                    f"{ssm}:automation-definition/{AUTOMATION}:*",
                    f"{ssm}:automation-execution/*",
                ],
            },
            {
                "Effect": "Allow",
                "Action": [
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceStatus",
                    "resource-groups:ListGroupResources",
                    "ssm:DescribeAutomationExecutions",
                    "ssm:GetAutomationExecution",
                    "tag:GetResources",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": f"arn:{partition}:iam::*:role{IAM_PATH}{GUARD_ROLES}*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            },
        ],
    }


def user_policy(work: S3, gallery: S3, partition: str = "aws") -> Policy:
    """What the person who launches needs, for the account's administrator."""
    roles = [f"arn:{partition}:iam::*:role{IAM_PATH}*", f"arn:{partition}:iam::*:instance-profile{IAM_PATH}*"]
    objects = sorted({objects_arn(work, partition), objects_arn(gallery, partition)})
    ours = {"StringLike": {f"ec2:ResourceTag/{LAUNCH_TAG}": "*"}}
    statements: list[Policy] = [
        {"Effect": "Allow", "Action": _READ_ACTIONS, "Resource": "*"},
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
        {"Effect": "Allow", "Action": _ROLE_ACTIONS, "Resource": roles},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles[0],
            "Condition": {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "scheduler.amazonaws.com"]}},
        },
        {
            "Effect": "Allow",
            "Action": _SCHEDULE_ACTIONS,
            "Resource": f"arn:{partition}:scheduler:*:*:schedule/default/orbifolio-*",
        },
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": objects},
        _listing(work, partition),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


_READ_ACTIONS = [
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
_ROLE_ACTIONS = [
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
    "iam:TagRole",
]
_SCHEDULE_ACTIONS = [
    "scheduler:CreateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
    "scheduler:UpdateSchedule",
]


def policy_text(policy: Mapping[str, Any]) -> str:
    """A policy as indented JSON."""
    return json.dumps(policy, indent=2)


def fingerprint(policy: Mapping[str, Any], *more: str) -> str:
    """Eight hexadecimal digits that stand for a policy: equal policies share a role.

    >>> fingerprint({}) == fingerprint({}), len(fingerprint({}, "ssm"))
    (True, 8)
    """
    text = json.dumps([policy, *more], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
