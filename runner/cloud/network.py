"""Who can reach a node: nobody, unless it was asked for, and then one address on one port.

A closed group is shared by all launches; one with an open port belongs to its launch and goes with it.
"""

from __future__ import annotations

import ipaddress

from orbifolio.runner.cloud.account import Account
from orbifolio.runner.cloud.tags import CLOSED, LAUNCH, listed
from orbifolio.runner.errors import CloudError, InputError

PAGE = 1080
PORTS = {"ssh": 22, "port": PAGE}
WHERE_AM_I = "https://checkip.amazonaws.com"


def one_address(text: str) -> str:
    """An address as a range of one.

    >>> one_address("203.0.113.7")
    '203.0.113.7/32'

    Raises:
        InputError: it is none, or a wide range.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise InputError(f"--from {text}: no address; write it as in 203.0.113.7") from None
    widest = 24 if network.version == 4 else 56
    if network.prefixlen < widest:
        raise InputError(
            f"--from {text}: would let {network.num_addresses:,} addresses in; a machine is opened to one's own only; "
            "write it as in 203.0.113.7"
        )
    return str(network)


def own_address() -> str:
    """This machine's address as AWS sees it, as a range of one.

    Raises:
        CloudError: it cannot be found out.
    """
    import urllib.request

    try:
        with urllib.request.urlopen(WHERE_AM_I, timeout=10) as answer:
            return one_address(answer.read(100).decode())
    except (OSError, ValueError, InputError) as error:
        raise CloudError(f"this machine's own address cannot be found out ({error}); say it with --from") from error


def group(account: Account, launch: str, reach: str, sender: str, subnet: str | None) -> str:
    """The security group of a launch, made if it is not there.

    Args:
        account: where.
        launch: the launch's name.
        reach: `none`, `ssm`, `ssh` or `port`.
        sender: range of addresses that may come in.
        subnet: the machine's, or None for the default one.

    Returns:
        Its identifier.

    Raises:
        CloudError: it cannot be made, or there is no network.
    """
    network = _network(account, subnet)
    port = PORTS.get(reach)
    name = CLOSED if port is None else f"orbifolio-{launch}"
    found = _find(account, name, network)
    if found is None:
        tags = {LAUNCH: CLOSED if port is None else launch, "Name": name}
        account.ask(
            "ec2",
            "create_security_group",
            "making a security group",
            "InvalidGroup.Duplicate",
            GroupName=name,
            Description="Machines of orbifolio; nobody comes in but whom a launch names",
            VpcId=network,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": listed(tags)}],
        )
        found = _find(account, name, network)
    if found is None:
        raise CloudError(f"the security group {name} is not to be found though it was made; try again")
    if port is not None:
        ranges = {"IpRanges": [{"CidrIp": sender}]} if ":" not in sender else {"Ipv6Ranges": [{"CidrIpv6": sender}]}
        account.ask(
            "ec2",
            "authorize_security_group_ingress",
            "opening a port to this address",
            "InvalidPermission.Duplicate",
            GroupId=found,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges}],
        )
    return found


def _network(account: Account, subnet: str | None) -> str:
    if subnet is not None:
        answer = account.ask("ec2", "describe_subnets", f"looking up the subnet {subnet}", SubnetIds=[subnet])
        return str(answer["Subnets"][0]["VpcId"])
    wanted = [{"Name": "is-default", "Values": ["true"]}]
    answer = account.ask("ec2", "describe_vpcs", "looking up the default network", Filters=wanted)
    if not answer["Vpcs"]:
        raise CloudError(
            f"{account.region} has no default network; a machine stands in one; name a subnet with --subnet, or make "
            "one with `aws ec2 create-default-vpc`"
        )
    return str(answer["Vpcs"][0]["VpcId"])


def _find(account: Account, name: str, network: str) -> str | None:
    wanted = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [network]}]
    answer = account.ask("ec2", "describe_security_groups", "looking up security groups", Filters=wanted)
    return str(answer["SecurityGroups"][0]["GroupId"]) if answer["SecurityGroups"] else None
