"""Prices and machines: what is chosen, how long it may live, and that the highest price is never too low."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orbifolio.runner.cloud.account import _dollars
from orbifolio.runner.cloud.cost import SETUP_SECONDS, Cost, Workload, check_budget, time_limit, workload_of
from orbifolio.runner.cloud.launch_spec import LaunchSpec
from orbifolio.runner.cloud.machines import BY_NAME, MACHINES, choose
from orbifolio.runner.cloud.network import one_address
from orbifolio.runner.cloud.policy import fingerprint, node_policy, user_policy
from orbifolio.runner.cloud.prepare import list_cost, priced
from orbifolio.runner.commands.publishing import target_settings
from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import load

GB = 1e9


def test_the_machine_has_room_for_the_run() -> None:
    for need in (2, 12, 19, 40):
        for machine in choose({"bf16": need * GB, "fp32": need * GB}, gpu=True):
            assert machine.gpu_bytes >= 1.15 * need * GB
    assert choose({"bf16": GB, "fp32": GB}, gpu=True)[0].name == "g4dn.xlarge"
    assert all(not machine.gpu for machine in choose({"bf16": GB, "fp32": GB}, gpu=False))
    # a machine without bf16 needs the memory of fp32
    assert choose({"bf16": 8 * GB, "fp32": 20 * GB}, gpu=True)[0].bf16


def test_too_large_is_told() -> None:
    with pytest.raises(InputError, match="the run needs about 500 GB, more than any machine of the list has; make"):
        choose({"bf16": 500 * GB, "fp32": 900 * GB}, gpu=True)


@given(
    hours=some.floats(0.25, 168),
    seconds=some.floats(0, 1e6),
    price=some.floats(0.05, 50),
    spot=some.one_of(some.none(), some.floats(0.01, 50)),
)
def test_the_highest_price_is_the_highest(hours: float, seconds: float, price: float, spot: float | None) -> None:
    cost = Cost(hours=hours, seconds=seconds, price=price, spot=None if spot is None else min(spot, price))
    assert cost.expected <= cost.highest
    assert cost.highest > price * hours


@given(seconds=some.floats(0, 12 * 3600 / 3.1))
def test_a_limit_leaves_room_for_what_is_expected(seconds: float) -> None:
    hours = time_limit(seconds, None)
    assert 1.0 <= hours <= 12.25
    assert hours * 3600 >= 3 * seconds
    assert hours * 4 == int(hours * 4)  # quarters


def test_long_runs_are_not_begun_unasked() -> None:
    with pytest.raises(InputError, match="take 5.0 hours; set a limit over 12 hours yourself, with --hours"):
        time_limit(5 * 3600.0, None)
    assert time_limit(5 * 3600.0, 20.0) == 20.0


@pytest.mark.parametrize("hours", [0.0, -1.0, 1000.0, float("nan"), float("inf")])
def test_limits_that_are_none(hours: float) -> None:
    with pytest.raises(InputError, match="--hours"):
        time_limit(60.0, hours)


def test_a_budget_holds() -> None:
    cost = Cost(hours=10, seconds=60, price=1.0)
    check_budget(cost, 11.0)
    with pytest.raises(InputError, match=r"--budget 11"):
        check_budget(cost, 10.0)


def order(**more: Any) -> LaunchSpec:
    values = {"machines": ("g4dn.xlarge", "g6.xlarge"), "region": "us-east-1", "hours": 1.0, **more}
    return LaunchSpec(launch="x", recipe="x", title="x", work="s3://b/l/x", gallery="s3://b/g", **values)


WORK = Workload(memory={"bf16": GB, "fp32": GB}, pixels=1e9, gpu=True, picture="")


def test_prices_of_aws_count_where_there_are_some() -> None:
    cost = priced(order(), WORK, {"g4dn.xlarge": 0.6, "g6.xlarge": None}, {"g4dn.xlarge": 0.2, "g6.xlarge": 0.3})
    assert cost.price == BY_NAME["g6.xlarge"].price  # by the list, since AWS did not tell
    assert not cost.current
    assert cost.spot == 0.3
    cost = priced(order(market="on-demand"), WORK, {"g4dn.xlarge": 0.6, "g6.xlarge": 0.9}, {"g4dn.xlarge": 0.2})
    assert (cost.price, cost.current, cost.spot) == (0.9, True, None)


def test_elsewhere_the_list_is_an_upper_bound() -> None:
    here, there = list_cost(order(), WORK), list_cost(order(region="sa-east-1"), WORK)
    assert there.price == pytest.approx(1.75 * here.price)


def test_the_price_in_amazons_answer_is_found() -> None:
    def product(price: str) -> str:
        return json.dumps({"terms": {"OnDemand": {"a": {"priceDimensions": {"b": {"pricePerUnit": {"USD": price}}}}}}})

    assert _dollars([product("0.0"), product("1.5")]) == 1.5  # reserved capacity costs nothing by the hour
    assert _dollars([]) is None


def test_the_work_of_a_recipe(recipe: Path) -> None:
    assert not workload_of(load(recipe)).gpu  # no network: nothing that a GPU would be rented for
    look = "{kind: style, images: ['skimage:coffee'], layers: [conv1_1]}"
    recipe.write_text(recipe.read_text().replace("range, smoothness", look))
    small = workload_of(load(recipe))
    large = workload_of(load(recipe, ["renderer.phases.0.size=512"]))
    assert small.pixels == 4 * 16 * 16
    assert small.gpu
    assert large.memory["fp32"] > large.memory["bf16"] > small.memory["bf16"]
    slow, fast = BY_NAME["g4dn.xlarge"], BY_NAME["p5.4xlarge"]
    assert large.seconds(slow) > large.seconds(fast) > 0
    assert SETUP_SECONDS > 0


def test_every_machine_has_a_price_and_a_speed() -> None:
    assert all(machine.price > 0 and machine.speed > 0 and machine.memory_bytes > 0 for machine in MACHINES)
    assert len(BY_NAME) == len(MACHINES)


@given(some.ip_addresses(v=4))
def test_one_address_is_one_address(address: Any) -> None:
    assert one_address(str(address)) == f"{address}/32"


def test_equal_needs_share_a_role() -> None:
    places = [target_settings("s3://pictures/launches"), target_settings("s3://pictures/gallery")]
    one, again = node_policy(*places), node_policy(*places, pictures=())  # type: ignore[arg-type]
    assert fingerprint(one) == fingerprint(again)
    assert fingerprint(one) != fingerprint(node_policy(*places, sender="a@b.c"))  # type: ignore[arg-type]
    assert fingerprint(one) != fingerprint(one, "sessions")


def test_policies_name_our_things_only() -> None:
    places = [target_settings("s3://pictures/launches"), target_settings("s3://pictures/gallery")]
    text = json.dumps([node_policy(*places), user_policy(*places)])  # type: ignore[arg-type]
    assert '"s3:*"' not in text
    assert '"*:*"' not in text
    assert len(json.dumps(user_policy(*places)).replace(" ", "")) < 6144  # type: ignore[arg-type]  # IAM's limit
