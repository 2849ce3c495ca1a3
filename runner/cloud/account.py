"""An AWS account as a launch needs it: (service, operation) -> answer, or one clear line of what is wrong.

botocore tries again by itself what may pass; each request that makes something carries a token or a name of its
own, so that doing it twice makes one thing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from orbifolio.runner.cloud.faults import code_of, translated
from orbifolio.runner.cloud.machines import Machine
from orbifolio.runner.errors import CloudError

IMAGE = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
"""Parameter in which AWS keeps the newest image with drivers and a Python new enough; AWS documents its form under
"find the DLAMI ID". An image's own number would be out of date within months."""


class Account:
    """Requests in one region.

    Args:
        region: of machines and buckets; None for the configured one.
        session: boto3's, to share what it has read; None for a new one.
    """

    def __init__(self, region: str | None = None, session: Any = None) -> None:
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            self._session = session or boto3.Session()
            self.region: str = region or self._session.region_name or "us-east-1"
        except BotoCoreError as error:
            raise translated(error, "AWS", "") from error
        self._clients: dict[str, Any] = {}

    def in_region(self, region: str) -> Account:
        """The same account elsewhere."""
        return Account(region, self._session)

    def client(self, service: str, region: str | None = None) -> Any:
        """boto3's client of a service, made when it is first needed.

        Raises:
            CloudError: the settings of this machine are wrong.
        """
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        key = f"{service} {region or self.region}"
        if key not in self._clients:
            config = Config(retries={"total_max_attempts": 5, "mode": "standard"}, connect_timeout=10, read_timeout=60)
            try:
                self._clients[key] = self._session.client(service, region_name=region or self.region, config=config)
            except (BotoCoreError, ValueError) as error:
                raise CloudError(f"{service}: {error}; check --region and the settings in ~/.aws") from error
        return self._clients[key]

    def ask(
        self,
        service: str,
        operation: str,
        what: str,
        *nothing: str,
        action: str = "",
        region: str | None = None,
        **options: Any,
    ) -> Any:
        """One request.

        Args:
            service: as boto3 names it.
            operation: botocore's name of it.
            what: what is being done, for a message.
            nothing: codes of errors that mean that there is nothing (or nothing to do): the answer is None.
            action: the permission that it needs, made from service and operation if empty.
            region: another one than the account's.
            options: its parameters.

        Raises:
            CloudError: it was refused.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client(service, region)
        try:
            return getattr(client, operation)(**options)
        except (BotoCoreError, ClientError) as error:
            if code_of(error) in nothing:
                return None
            camel = "".join(word.capitalize() for word in operation.split("_"))
            raise translated(error, what, action or f"{service}:{camel}") from error

    def pages(self, service: str, operation: str, what: str, key: str, **options: Any) -> Iterator[Any]:
        """All items of a list that comes in pages, one by one."""
        while True:
            answer = self.ask(service, operation, what, **options)
            yield from answer.get(key, ())
            token = answer.get("NextToken")
            if not token:
                return
            options["NextToken"] = token

    def newest_image(self) -> str:
        """The image that AWS recommends at present."""
        answer = self.ask("ssm", "get_parameter", "looking up the newest machine image", Name=IMAGE)
        return str(answer["Parameter"]["Value"])

    def root_device(self, image: str) -> str:
        """What an image calls its disk."""
        answer = self.ask("ec2", "describe_images", f"looking up the machine image {image}", ImageIds=[image])
        found = answer.get("Images") or [{}]
        return str(found[0].get("RootDeviceName", "/dev/sda1"))

    def regions(self) -> list[str]:
        """All that this account may use."""
        answer = self.ask("ec2", "describe_regions", "listing regions")
        return sorted(str(item["RegionName"]) for item in answer["Regions"])

    def price(self, machine: Machine) -> float | None:
        """Dollars an hour on demand, asked of AWS; None if that is not permitted or not told."""
        wanted = {
            "instanceType": machine.name,
            "regionCode": self.region,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
        }
        filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
        try:
            answer = self.ask(
                "pricing",
                "get_products",
                "asking for prices",
                region="us-east-1",
                ServiceCode="AmazonEC2",
                Filters=filters,
            )
            return _dollars(answer["PriceList"])
        except (CloudError, ValueError, KeyError, TypeError):
            return None

    def spot_price(self, machine: Machine) -> float | None:
        """Dollars an hour on the spot market at present, in its dearest zone; None if that is not told."""
        try:
            answer = self.ask(
                "ec2",
                "describe_spot_price_history",
                "asking for spot prices",
                InstanceTypes=[machine.name],
                ProductDescriptions=["Linux/UNIX"],
                StartTime=datetime.now(UTC) - timedelta(minutes=1),
            )
            return max((float(item["SpotPrice"]) for item in answer["SpotPriceHistory"]), default=None)
        except (CloudError, ValueError, KeyError, TypeError):
            return None


def _dollars(products: list[Any]) -> float | None:
    """The price of the first product that has one.

    >>> _dollars(['{"terms": {"OnDemand": {"a": {"priceDimensions": {"b": {"pricePerUnit": {"USD": "0.8"}}}}}}}'])
    0.8
    """
    for product in products:
        item = json.loads(product) if isinstance(product, str) else product
        for term in item["terms"]["OnDemand"].values():
            for dimension in term["priceDimensions"].values():
                price = float(dimension["pricePerUnit"]["USD"])
                if price > 0:
                    return price
    return None
