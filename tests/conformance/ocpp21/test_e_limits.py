"""2.1, E16: transactions with a limit on energy, time and cost (TC_E_104 to 108)."""

from typing import Any

import pytest

from tests.conformance.bench import Bench


def allow(bench: Bench, **limits: float) -> None:
    bench.answers["TransactionEvent"] = {"transactionLimit": limits}
    bench.advance(60)
    bench.answers["TransactionEvent"] = {}


def limits(bench: Bench) -> list[Any]:
    infos = [said["transactionInfo"] for said in bench.told("TransactionEvent")]
    return [info["transactionLimit"] for info in infos if "transactionLimit" in info]


def reached(bench: Bench) -> list[tuple[str, str]]:
    said = bench.told("TransactionEvent")
    return [
        (event["triggerReason"], event["transactionInfo"]["chargingState"])
        for event in said
        if event["triggerReason"].endswith("LimitReached")
    ]


@pytest.mark.parametrize(
    ("limit", "trigger"),
    [({"maxEnergy": 2000}, "EnergyLimitReached"), ({"maxTime": 900}, "TimeLimitReached")],
)
def test_the_csms_limits_a_transaction(charging: Bench, limit: dict[str, int], trigger: str) -> None:
    """TC_E_105, TC_E_106: E16.FR.03/05/09."""
    allow(charging, **limit)
    assert limits(charging) == [limit]
    charging.advance(1200)
    assert reached(charging) == [(trigger, "SuspendedEVSE")]
    assert not charging.outlets[1].charging
    allow(charging, **{name: 4 * most for name, most in limit.items()})
    charging.advance(30)
    assert charging.outlets[1].charging  # E16.FR.14
    charging.unplug()
    assert charging.told("TransactionEvent")[-1]["eventType"] == "Ended"


def test_the_csms_counts_the_cost(charging: Bench) -> None:
    """TC_E_104: E16.FR.15."""
    allow(charging, maxCost=5)
    asked = {"totalCost": 5.2, "transactionId": charging.transaction}
    charging.ask("CostUpdated", asked)
    assert reached(charging) == [("CostLimitReached", "SuspendedEVSE")]


def test_what_can_be_limited_is_in_the_model(booted: Bench) -> None:
    variable = {"component": {"name": "TxCtrlr"}, "variable": {"name": "SupportedLimits"}}
    (result,) = booted.ask("GetVariables", {"getVariableData": [variable]})["getVariableResult"]
    assert set(result["attributeValue"].split(",")) >= {"maxCost", "maxEnergy", "maxTime"}
