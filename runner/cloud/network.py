"""Who can reach a node: nobody, unless the user opens one port to one address.

All launches share a closed security group; a group with an open port belongs to its launch and is removed with it.
"""

from __future__ import annotations

import ipaddress

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.tags import CLOSED_GROUP, LAUNCH_TAG, to_aws_tags
from orbifolio.runner.errors import CloudError, InputError

PAGE_PORT = 1080  # the default of `orbifolio serve --port`
PORTS = {"ssh": 22, "port": PAGE_PORT}
_OWN_ADDRESS_URL = "https://checkip.amazonaws.com"


def one_address(text: str) -> str:
    """An address as a range of one.

    >>> one_address("203.0.113.7")
    '203.0.113.7/32'

    Raises:
        InputError: it is not an address, or is a wide range.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise InputError(f"--from {text}: is not an IP address; write it as in 203.0.113.7") from None
    widest = 24 if network.version == 4 else 56
    if network.prefixlen < widest:
        raise InputError(
            f"--from {text}: would admit {network.num_addresses:,} addresses; a machine is opened to your own only; "
            "write it as in 203.0.113.7"
        )
    return str(network)


def own_address() -> str:
    """This machine's address as AWS sees it, as a range of one.

    Raises:
        CloudError: the address cannot be determined.
    """
    import urllib.request

    try:
        with urllib.request.urlopen(_OWN_ADDRESS_URL, timeout=10) as answer:
            return one_address(answer.read(100).decode())
    except (OSError, ValueError, InputError) as error:
        raise CloudError(f"this machine's own address cannot be determined ({error}); give it with --from") from error


def security_group(account: Account, launch: str, reach: str, sender: str, subnet: str | None) -> str:
    """The security group of a launch, created if it does not exist.

    Args:
        account: in the region of the launch.
        launch: name of the launch.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may connect.
        subnet: of the machine; None for the default network.

    Returns:
        The identifier of the group.

    Raises:
        CloudError: the group cannot be created, or there is no network.
    """
    network = _network(account, subnet)
    port = PORTS.get(reach)
    name = CLOSED_GROUP if port is None else f"orbifolio-{launch}"
    group = _find(account, name, network)
    if group is None:
        tags = {LAUNCH_TAG: CLOSED_GROUP if port is None else launch, "Name": name}
        account.ask(
            "ec2",
            "create_security_group",
            "creating a security group",
            "InvalidGroup.Duplicate",
            GroupName=name,
            Description="Machines of orbifolio; closed but for the address that a launch names",
            VpcId=network,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": to_aws_tags(tags)}],
        )
        group = _find(account, name, network)
    if group is None:
        raise CloudError(f"the security group {name} was created but cannot be found yet; try again")
    if port is not None:
        ranges = {"IpRanges": [{"CidrIp": sender}]} if ":" not in sender else {"Ipv6Ranges": [{"CidrIpv6": sender}]}
        account.ask(
            "ec2",
            "authorize_security_group_ingress",
            "opening a port to this address",
            "InvalidPermission.Duplicate",
            GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges}],
        )
    return group


def _network(account: Account, subnet: str | None) -> str:
    if subnet is not None:
        answer = account.ask("ec2", "describe_subnets", f"looking up the subnet {subnet}", SubnetIds=[subnet])
        return str(answer["Subnets"][0]["VpcId"])
    wanted = [{"Name": "is-default", "Values": ["true"]}]
    answer = account.ask("ec2", "describe_vpcs", "looking up the default network", Filters=wanted)
    if not answer["Vpcs"]:
        raise CloudError(
            f"{account.region} has no default network, and a machine needs one; name a subnet with --subnet, or create "
            "one with `aws ec2 create-default-vpc`"
        )
    return str(answer["Vpcs"][0]["VpcId"])


def _find(account: Account, name: str, network: str) -> str | None:
    wanted = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [network]}]
    answer = account.ask("ec2", "describe_security_groups", "looking up security groups", Filters=wanted)
    return str(answer["SecurityGroups"][0]["GroupId"]) if answer["SecurityGroups"] else None
