"""A launch, in order: upload -> role -> network -> deadline schedule -> machine; each step may be repeated.

The connection may be lost at any point. Launching the same name again then finds what is there already: requests carry
tokens and names of their own, and no second machine is rented while one is alive. A machine is rented only when its end
is set twice, inside (the script's first line) and outside (the schedule), so that none lives without either.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orbifolio.reports.publish.store import ObjectHeaders
from orbifolio.runner.aws import error_code, is_busy
from orbifolio.runner.cloud.account import CAPACITY_CODES, QUOTA_CODES, Account
from orbifolio.runner.cloud.deadline_schedule import delete_deadline_schedule, set_deadline
from orbifolio.runner.cloud.launch_records import LaunchRecord, save_record
from orbifolio.runner.cloud.launch_spec import (
    MARKETS,
    Attempt,
    LaunchSpec,
    instance_tags,
    parse_spec,
    s3_of,
    schedule_name,
    store_of,
)
from orbifolio.runner.cloud.machines import DISK_BYTES, Machine
from orbifolio.runner.cloud.network import security_group
from orbifolio.runner.cloud.node_script import NodeWork, user_data
from orbifolio.runner.cloud.policy import Policy, node_policy
from orbifolio.runner.cloud.roles import make_profile, retry_new_role
from orbifolio.runner.cloud.tags import ATTEMPT_TAG, LAUNCH_TAG, UNTIL_TAG, from_aws_tags, parse_moment, to_aws_tags
from orbifolio.runner.errors import CloudError, InputError

ALIVE = ("pending", "running")
RECORD = "launch.json"
BUNDLE = "bundle.tar.gz"
UNANSWERED_SECONDS = 900.0
"""For this long, a request without an answer is repeated with its token, which AWS remembers, instead of a new one."""
_PRIVATE = ObjectHeaders(cache="no-store")
Say = Callable[[str], None]


def policy_of(spec: LaunchSpec, partition: str = "aws") -> Policy:
    """What the node may do, with the files of its own launch only."""
    return node_policy(
        spec.location,
        s3_of(spec.gallery),
        pictures=spec.pictures,
        sender=spec.mail_from,
        password=spec.password,
        partition=partition,
    )


def script_of(spec: LaunchSpec) -> str:
    """The script that the node runs."""
    return user_data(
        NodeWork(
            launch=spec.launch,
            work=spec.work,
            region=spec.region,
            minutes=round(spec.hours * 60),
            wheel=spec.wheel,
            arguments=spec.arguments,
            mode=spec.mode,
            paints=spec.paints,
            sender=spec.mail_from,
            recipient=spec.mail_to,
        )
    )


class Launch:
    """One launch in an account.

    Args:
        account: in the region of the launch.
        sleep: waits a number of seconds.
    """

    def __init__(
        self, spec: LaunchSpec, account: Account, say: Say, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.spec = spec
        self.account = account
        self._say = say
        self._sleep = sleep
        self._store = store_of(spec.work, spec.region)

    def start(self, files: Mapping[str, bytes]) -> Attempt:
        """Rent a machine, or find the one that is alive already.

        Args:
            files: to upload, by name.

        Returns:
            The machine.

        Raises:
            CloudError: none is available, or something is not permitted.
            PublishError: the bucket cannot be used.
        """
        spec = self.spec
        script_of(spec)  # refuses what is too long before anything is created
        save_record(LaunchRecord(spec.launch, spec.work, spec.region, spec.title, spec.created))
        for name, content in files.items():
            self._store.put(name, content, _PRIVATE)
        self._say(f"uploaded to {spec.work}: {sum(map(len, files.values())) / 1e6:.1f} MB")
        self._store.delete("stop")  # meant the machine before this one
        attempt = self._find_alive() or self._rent()
        self._say(f"AWS will end it after {attempt.deadline:%H:%M} UTC, should it not end itself")
        return attempt

    def _guard(self, attempt: Attempt) -> None:
        """Set the machine's end from outside, whether it is rented already or not."""
        set_deadline(
            self.account, self.spec.launch, attempt.number, attempt.deadline, attempt.instance, sleep=self._sleep
        )

    def _save(self) -> None:
        self._store.put(RECORD, self.spec.to_json().encode(), _PRIVATE)

    def _find_alive(self) -> Attempt | None:
        """The machine of this launch that is alive, if there is one."""
        for item in instances(self.account, self.spec.launch):
            if item["State"]["Name"] in ALIVE:
                tags = from_aws_tags(item.get("Tags"))
                number = int(tags.get(ATTEMPT_TAG, "1"))
                moment = parse_moment(tags.get(UNTIL_TAG, "")) or datetime.now(UTC)  # without a deadline it is overdue
                until = moment.timestamp()
                attempt = Attempt(number, until, str(item["InstanceId"]), str(item["InstanceType"]), _market(item))
                self.spec = self.spec.with_attempt(attempt)
                self._save()
                self._say(f"machine {attempt.instance} of this launch is alive already; no other is rented")
                self._guard(attempt)
                return attempt
        return None

    def _rent(self) -> Attempt:
        """Rent a machine: try the candidates on the first market, then on the second.

        Its end from outside is set before, and removed again only if AWS has said that there is no machine.
        """
        spec = self.spec
        attempt = self._next()
        self.spec = spec.with_attempt(attempt)
        self._save()
        image = spec.image or self.account.newest_image()
        partition = str(self.account.client("ec2").meta.partition)
        profile = make_profile(self.account, spec.launch, policy_of(spec, partition), sessions=spec.reach == "ssm")
        group = security_group(self.account, spec.launch, spec.reach, spec.sender, spec.subnet or None)
        request = self._request(image, profile, group, attempt)
        self._guard(replace(attempt, instance=""))
        try:
            attempt = self._first_available(request, attempt)
        except CloudError as error:
            if error_code(error.__cause__) and not is_busy(error.__cause__):
                with contextlib.suppress(CloudError):  # it would only find nothing to end
                    delete_deadline_schedule(self.account, schedule_name(spec.launch, attempt.number))
            raise
        try:
            self._guard(attempt)
        except CloudError as error:
            self._say(f"note: its end stays scheduled by its tag, as it could not be named ({error})")
        return attempt

    def _first_available(self, request: dict[str, Any], attempt: Attempt) -> Attempt:
        """The first machine that AWS has; what is asked for is written down before, as the answer may never come."""
        choices = [(market, machine) for market in MARKETS[self.spec.market] for machine in self.spec.candidates]
        choices.sort(key=lambda choice: (choice[0], choice[1].name) != (attempt.market, attempt.machine))
        first_error: CloudError | None = None
        for market, machine in choices:
            attempt = replace(attempt, machine=machine.name, market=market)
            self.spec = self.spec.with_attempt(attempt)
            self._save()
            try:
                instance = self._run(request, machine, market, attempt)
            except CloudError as error:
                if error_code(error.__cause__) not in CAPACITY_CODES | QUOTA_CODES:
                    raise
                first_error = first_error or error
                self._say(f"{machine.name}, {market}: not available ({error_code(error.__cause__)})")
                continue
            attempt = replace(attempt, instance=instance)
            self.spec = self.spec.with_attempt(attempt)
            self._save()
            self._say(f"rented {machine.name} ({machine.gpu or 'no GPU'}), {market}: {instance}")
            return attempt
        assert first_error is not None
        raise first_error

    def _next(self) -> Attempt:
        """The attempt to make: the last one again if its answer never came, since its token makes that safe."""
        last = max(self.spec.attempts, key=lambda attempt: attempt.number, default=Attempt(0, 0.0))
        requested_at = last.until - 3600 * self.spec.hours
        if last.number and not last.instance and time.time() - requested_at < UNANSWERED_SECONDS:
            return last
        return Attempt(last.number + 1, time.time() + 3600 * self.spec.hours)

    def _request(self, image: str, profile: str, group: str, attempt: Attempt) -> dict[str, Any]:
        """The parameters that are the same for all candidates."""
        spec = self.spec
        tags = to_aws_tags(instance_tags(spec, attempt))
        disk = {
            "VolumeSize": round(DISK_BYTES / 1e9),
            "VolumeType": "gp3",
            "Encrypted": True,
            "DeleteOnTermination": True,
        }
        return {
            "ImageId": image,
            "MinCount": 1,
            "MaxCount": 1,
            "UserData": script_of(spec),
            "InstanceInitiatedShutdownBehavior": "terminate",
            "IamInstanceProfile": {"Arn": profile},
            "SecurityGroupIds": [group],
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": self.account.root_device(image), "Ebs": disk}],
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
            **({"KeyName": spec.key} if spec.key else {}),
            **({"SubnetId": spec.subnet} if spec.subnet else {}),
        }

    def _run(self, request: dict[str, Any], machine: Machine, market: str, attempt: Attempt) -> str:
        """Rent one machine.

        Returns:
            The identifier of the instance.
        """
        options = dict(request, InstanceType=machine.name)
        options["ClientToken"] = f"{self.spec.launch}-{attempt.number}-{market[:2]}-{machine.name}"[:64]
        if market == "spot":
            spot = {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}
            options["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": spot}

        def may_pass(error: CloudError) -> bool:
            cause = error.__cause__
            return is_busy(cause) or error_code(cause) == "InvalidParameterValue" and "rofile" in str(cause)

        answer = retry_new_role(
            lambda: self.account.ask("ec2", "run_instances", f"renting {machine.name}", **options),
            may_pass,
            self._sleep,
        )
        return str(answer["Instances"][0]["InstanceId"])


def instances(account: Account, launch: str | None = None) -> list[dict[str, Any]]:
    """EC2's descriptions of the machines of a launch, or of all launches; of ended ones for about an hour."""
    name = {"Name": f"tag:{LAUNCH_TAG}", "Values": [launch]} if launch else {"Name": "tag-key", "Values": [LAUNCH_TAG]}
    pages = account.pages("ec2", "describe_instances", "listing machines", "Reservations", Filters=[name])
    return [item for page in pages for item in page["Instances"]]


def _market(item: Mapping[str, Any]) -> str:
    return str(item.get("InstanceLifecycle", "on-demand"))


def read_spec(work: str, region: str) -> LaunchSpec:
    """What was launched, by its `launch.json` in the bucket.

    Raises:
        InputError: there is none, or it is damaged.
        PublishError: the bucket cannot be read.
    """
    stored = store_of(work, region).get(RECORD)
    if stored is None:
        raise InputError(f"{work}: holds no launch; `orbifolio ps` shows the launches; correct its name")
    return parse_spec(stored[0])
