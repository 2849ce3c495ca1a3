"""A launch, in order: what travels -> role -> network -> machine -> guard; each step may be done twice.

A connection may be lost at any point. Whoever then launches the same name again finds what is there already:
requests carry tokens and names of their own, and a machine that lives is never doubled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orbifolio.reports.publish.store import ObjectHeaders
from orbifolio.runner.cloud import ledger
from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.faults import NO_CAPACITY, QUOTA, code_of
from orbifolio.runner.cloud.guard import set_guard
from orbifolio.runner.cloud.machines import DISK_BYTES, Machine
from orbifolio.runner.cloud.network import group
from orbifolio.runner.cloud.order import MARKETS, Attempt, Order, address, from_json, tags_of
from orbifolio.runner.cloud.policy import Policy, node_policy
from orbifolio.runner.cloud.roles import make_profile
from orbifolio.runner.cloud.script import Orders, user_data
from orbifolio.runner.cloud.tags import ATTEMPT, LAUNCH, listed, mapped
from orbifolio.runner.errors import CloudError, InputError

ALIVE = ("pending", "running")
RECORD = "launch.json"
BUNDLE = "bundle.tar.gz"
UNANSWERED = 900.0
"""Seconds for which a request without an answer is made again as it was, instead of a new one."""
_PRIVATE = ObjectHeaders(cache="no-store")
Say = Callable[[str], None]


def policy_of(order: Order, partition: str = "aws") -> Policy:
    """What the node of an order may do; the same for all orders to the same places, so that they share a role."""
    shelf = order.place.prefix.rpartition("/")[0]
    return node_policy(
        order.place.model_copy(update={"prefix": shelf}),
        address(order.gallery),
        pictures=order.pictures,
        sender=order.mail_from,
        password=order.password,
        partition=partition,
    )


def script_of(order: Order) -> str:
    """The node's script."""
    return user_data(
        Orders(
            launch=order.launch,
            work=order.work,
            region=order.region,
            minutes=round(order.hours * 60),
            wheel=order.wheel,
            arguments=order.arguments,
            mode=order.mode,
            paints=order.paints,
            sender=order.mail_from,
            recipient=order.mail_to,
        )
    )


class Launch:
    """One launch in an account.

    Args:
        order: what is asked for.
        account: of the order's region.
        say: is told each step.
        sleep: waits; a test's does not.
    """

    def __init__(
        self, order: Order, account: Account, say: Say, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.order = order
        self.account = account
        self._say = say
        self._sleep = sleep
        self._store = order.place.model_copy(update={"region": order.region}).build(None)  # type: ignore[arg-type]

    def start(self, files: Mapping[str, bytes]) -> Attempt:
        """Rent the machine, or find the one that lives already.

        Args:
            files: what travels, by name.

        Returns:
            The machine.

        Raises:
            CloudError: none is to be had, or something is not permitted.
            PublishError: the bucket cannot be used.
        """
        order = self.order
        script_of(order)  # refuse what is too long before anything is made
        ledger.remember(ledger.Line(order.launch, order.work, order.region, order.title, order.created))
        for name, content in files.items():
            self._store.put(name, content, _PRIVATE)
        self._say(f"uploaded to {order.work}: {sum(map(len, files.values())) / 1e6:.1f} MB")
        self._store.delete("stop")  # a wish of the machine before
        attempt = self._living() or self._rent()
        note = set_guard(
            self.account, order.launch, attempt.number, attempt.instance, attempt.moment, sleep=self._sleep
        )
        if note:
            self._say(f"note: no guard outside the machine ({note}); its own time limit of {order.hours:g} h holds")
        else:
            self._say(f"a guard of AWS ends it at {attempt.moment:%H:%M} UTC, should it not end itself")
        return attempt

    def _save(self) -> None:
        self._store.put(RECORD, self.order.to_json().encode(), _PRIVATE)

    def _living(self) -> Attempt | None:
        """The machine of this launch that lives, if there is one."""
        for item in instances(self.account, self.order.launch):
            if item["State"]["Name"] in ALIVE:
                number = int(mapped(item.get("Tags")).get(ATTEMPT, "1"))
                known = {attempt.number: attempt for attempt in self.order.attempts}
                until = known[number].until if number in known else time.time() + 3600 * self.order.hours
                found = Attempt(number, until, str(item["InstanceId"]), str(item["InstanceType"]), _market(item))
                self.order = self.order.with_attempt(found)
                self._save()
                self._say(f"the machine {found.instance} of this launch lives already; nothing more is rented")
                return found
        return None

    def _rent(self) -> Attempt:
        """Rent one: the candidates on the first market, then on the second."""
        order = self.order
        attempt = self._next()
        self.order = order.with_attempt(attempt)
        self._save()
        image = order.image or self.account.newest_image()
        partition = str(self.account.client("ec2").meta.partition)
        profile = make_profile(self.account, policy_of(order, partition), sessions=order.reach == "ssm")
        groups = group(self.account, order.launch, order.reach, order.sender, order.subnet or None)
        request = self._request(image, profile, groups, attempt)
        trouble: CloudError | None = None
        for market in MARKETS[order.market]:
            for machine in order.candidates:
                try:
                    found = self._run(request, machine, market, attempt)
                except CloudError as error:
                    if code_of(error.__cause__) not in NO_CAPACITY | QUOTA:
                        raise
                    trouble = trouble or error
                    self._say(f"{machine.name}, {market}: not to be had ({code_of(error.__cause__)})")
                    continue
                attempt = replace(attempt, instance=found, machine=machine.name, market=market)
                self.order = self.order.with_attempt(attempt)
                self._save()
                self._say(f"rented {machine.name} ({machine.gpu or 'no GPU'}), {market}: {found}")
                return attempt
        assert trouble is not None
        raise trouble

    def _next(self) -> Attempt:
        """The attempt to make: the last one again if its answer never came, since AWS knows a request by its token."""
        last = max(self.order.attempts, key=lambda attempt: attempt.number, default=Attempt(0, 0.0))
        asked = last.until - 3600 * self.order.hours
        if last.number and not last.instance and time.time() - asked < UNANSWERED:
            return last
        return Attempt(last.number + 1, time.time() + 3600 * self.order.hours)

    def _request(self, image: str, profile: str, groups: str, attempt: Attempt) -> dict[str, Any]:
        """What is the same for all candidates."""
        order = self.order
        tags = listed(tags_of(order, attempt))
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
            "UserData": script_of(order),
            "InstanceInitiatedShutdownBehavior": "terminate",
            "IamInstanceProfile": {"Arn": profile},
            "SecurityGroupIds": [groups],
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": self.account.root_device(image), "Ebs": disk}],
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
            **({"KeyName": order.key} if order.key else {}),
            **({"SubnetId": order.subnet} if order.subnet else {}),
        }

    def _run(self, request: dict[str, Any], machine: Machine, market: str, attempt: Attempt) -> str:
        """Ask for one machine; a role that was just made needs some seconds to be known."""
        options = dict(request, InstanceType=machine.name)
        options["ClientToken"] = f"{self.order.launch}-{attempt.number}-{market[:2]}-{machine.name}"[:64]
        if market == "spot":
            spot = {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}
            options["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": spot}
        for number in range(12):
            try:
                answer = self.account.ask("ec2", "run_instances", f"renting {machine.name}", **options)
                return str(answer["Instances"][0]["InstanceId"])
            except CloudError as error:
                unknown = code_of(error.__cause__) == "InvalidParameterValue" and "rofile" in str(error.__cause__)
                if not unknown or number == 11:
                    raise
                self._sleep(5)
        raise CloudError("no machine")  # not reached


def instances(account: Account, launch: str | None = None) -> list[dict[str, Any]]:
    """Machines of a launch, or of all, those that are gone included as long as AWS remembers them."""
    name = {"Name": f"tag:{LAUNCH}", "Values": [launch]} if launch else {"Name": "tag-key", "Values": [LAUNCH]}
    pages = account.pages("ec2", "describe_instances", "listing machines", "Reservations", Filters=[name])
    return [item for page in pages for item in page["Instances"]]


def _market(item: Mapping[str, Any]) -> str:
    return str(item.get("InstanceLifecycle", "on-demand"))


def read_order(work: str, region: str) -> Order:
    """The order of a launch, from where its things lie.

    Raises:
        InputError: there is none.
        PublishError: the bucket cannot be read.
    """
    store = address(work).model_copy(update={"region": region}).build(None)  # type: ignore[arg-type]
    found = store.get(RECORD)
    if found is None:
        raise InputError(
            f"{work}: holds no launch; its name or its place is wrong; `orbifolio ps` shows those there are"
        )
    return from_json(found[0])
