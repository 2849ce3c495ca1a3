"""An AWS account as a launch needs it: (service, operation) -> answer, or one clear line about what is wrong.

botocore retries what may pass. Each request that creates something carries a token or a name of its own, so that making
it twice creates one thing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from orbifolio.runner.aws import AwsErrors, configured_region, error_code, make_client
from orbifolio.runner.cloud.machines import Machine
from orbifolio.runner.errors import CloudError

QUOTA_CODES = {"VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded"}
CAPACITY_CODES = {
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientCapacity",
    "SpotMaxPriceTooLow",
    "MaxSpotInstanceCountExceeded",
    "Unsupported",
    "UnfulfillableCapacity",
}
"""Codes after which another machine, or the other market, may be available."""
CLOUD_ERRORS = AwsErrors(
    raises=CloudError,
    service="AWS",
    permissions="`orbifolio launch --dry-run` prints the policy that they need",
    later="`orbifolio ps` shows what is running; try again",
    codes={
        **dict.fromkeys(
            CAPACITY_CODES, "AWS has no such machine available ({code}); try another --instance or --region, or later"
        ),
        **dict.fromkeys(
            QUOTA_CODES,
            "the account's quota does not cover this machine ({code}); new accounts often have a GPU quota of zero; "
            "request more under Service Quotas, Amazon EC2: L-DB2E81BA (G machines, on demand) and L-3819A6DF (G "
            "machines, spot), or choose a machine without a GPU, as in --instance c7i.4xlarge",
        ),
    },
)
IMAGE = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
"""AWS's parameter for the newest image that has GPU drivers and a recent Python (documented under "find the DLAMI ID");
the number of one image would be out of date within months."""


class Account:
    """Requests in one region.

    Args:
        region: of machines and buckets; the configured one if None.
        session: boto3's, to share the descriptions of services that it has read; a new one if None.
    """

    def __init__(self, region: str | None = None, session: Any = None) -> None:
        import boto3

        with CLOUD_ERRORS.translated("AWS"):
            self._session = session or boto3.Session()
            self.region = region or configured_region(self._session)
        self._clients: dict[str, Any] = {}

    def in_region(self, region: str) -> Account:
        """The same account in another region."""
        return Account(region, self._session)

    def client(self, service: str, region: str | None = None) -> Any:
        """boto3's client of a service, made when it is first needed.

        Raises:
            CloudError: the user's AWS configuration is wrong.
        """
        key = f"{service} {region or self.region}"
        if key not in self._clients:
            try:
                with CLOUD_ERRORS.translated(service):
                    self._clients[key] = make_client(service, region or self.region, session=self._session)
            except ValueError as error:
                raise CloudError(f"{service}: {error}; check --region and the settings in ~/.aws") from error
        return self._clients[key]

    def ask(
        self,
        service: str,
        operation: str,
        what: str,
        *absent: str,
        action: str = "",
        region: str | None = None,
        **options: Any,
    ) -> Any:
        """One request.

        Args:
            service: as boto3 names it.
            operation: botocore's name of it.
            what: what is being done, for messages.
            absent: error codes that mean that there is nothing there, or nothing to do; the answer is then None.
            action: the permission that the request needs; by default made from service and operation.
            region: instead of the account's.

        Raises:
            CloudError: the request was refused, or did not get through; its cause is botocore's exception.
        """
        from botocore.exceptions import ClientError

        camel = "".join(word.capitalize() for word in operation.split("_"))
        with CLOUD_ERRORS.translated(what, action or f"{service}:{camel}"):
            try:
                return getattr(self.client(service, region), operation)(**options)
            except ClientError as error:
                if error_code(error) in absent:
                    return None
                raise

    def pages(self, service: str, operation: str, what: str, key: str, **options: Any) -> Iterator[Any]:
        """The items of a list that AWS sends in pages."""
        while True:
            answer = self.ask(service, operation, what, **options)
            yield from answer.get(key, ())
            token = answer.get("NextToken")
            if not token:
                return
            options["NextToken"] = token

    def newest_image(self) -> str:
        """The identifier of the machine image that AWS currently recommends."""
        answer = self.ask("ssm", "get_parameter", "looking up the newest machine image", Name=IMAGE)
        return str(answer["Parameter"]["Value"])

    def root_device(self, image: str) -> str:
        """The device name of an image's disk."""
        answer = self.ask("ec2", "describe_images", f"looking up the machine image {image}", ImageIds=[image])
        images = answer.get("Images") or [{}]
        return str(images[0].get("RootDeviceName", "/dev/sda1"))

    def regions(self) -> list[str]:
        """Names of the regions that this account may use."""
        answer = self.ask("ec2", "describe_regions", "listing regions")
        return sorted(str(item["RegionName"]) for item in answer["Regions"])

    def price(self, machine: Machine) -> float | None:
        """US dollars per hour on demand, as AWS says now; None if it does not say, or may not be asked."""
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
        """US dollars per hour on the spot market now, in the most expensive zone; None if unknown."""
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
