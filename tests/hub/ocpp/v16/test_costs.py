"""1.6: what things cost, told by DataTransfer."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ocpp.station.effects import Happened
from hub.ocpp.v16.costs import MESSAGES, VENDOR
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

PRICE = {
    "idToken": "CARD1",
    "priceText": "0.12/kWh",
    "priceTextExtra": [{"format": "UTF8", "language": "de", "content": "0,12/kWh"}],
}


def transfer(world: World, message: str, body: Any) -> str:
    data = body if isinstance(body, str) else orjson.dumps(body).decode()
    asked = {"vendorId": VENDOR, "messageId": message, "data": data}
    return str(world.ask("DataTransfer", asked)["status"])


def happened(world: World, event: str) -> list[dict[str, Any]]:
    found = [effect for effect in world.effects if isinstance(effect, Happened) and effect.event == event]
    return [dict(effect.details) for effect in found]


@pytest.fixture
def charging() -> World:
    """Transaction 100 runs, with a register of 10 kWh."""
    world = World("1.6", defaults={"TxUpdatedInterval": "0"})
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.take()
    return world


def running(world: World, number: int = 100, **trigger: Any) -> str:
    body: dict[str, Any] = {"transactionId": number, "cost": 1.5, "state": "Charging"}
    return transfer(world, "RunningCost", body | ({"triggerMeterValue": trigger} if trigger else {}))


def told(world: World) -> list[str]:
    """The contexts of the meter values that the CSMS got."""
    values = [payload for action, payload in world.sent if action == "MeterValues"]
    return [value["meterValue"][0]["sampledValue"][0]["context"] for value in values]


def test_a_price_is_shown_when_its_driver_comes() -> None:
    world = World("1.6")
    assert transfer(world, "SetUserPrice", PRICE) == "Accepted"
    assert happened(world, "tariff") == []
    world.swipe()
    (said,) = happened(world, "tariff")
    assert (said["text"], said["translations"][0]["language"]) == ("0.12/kWh", "de")


def test_a_price_is_shown_where_its_driver_charges(charging: World) -> None:
    assert transfer(charging, "SetUserPrice", {**PRICE, "priceText": "0.20/kWh"}) == "Accepted"
    assert happened(charging, "tariff")[-1]["text"] == "0.20/kWh"


def test_what_it_costs_so_far_is_shown(charging: World) -> None:
    assert running(charging) == "Accepted"
    (said,) = happened(charging, "cost")
    assert (said["total_cost"], said["final"]) == (1.5, False)


def test_what_it_cost_may_come_after_the_end(charging: World) -> None:
    charging.state(IDLE)
    final = {
        "transactionId": 100,
        "cost": 3.31,
        "priceText": "3.31 in all",
        "qrCodeText": "https://cpo.example/1",
    }
    assert transfer(charging, "FinalCost", final) == "Accepted"
    (said,) = happened(charging, "cost")
    assert (said["total_cost"], said["final"], said["qr_code"]) == (3.31, True, "https://cpo.example/1")
    assert said["texts"][0]["text"] == "3.31 in all"


@pytest.mark.parametrize("message", ["RunningCost", "FinalCost"])
def test_the_cost_of_no_transaction_here_is_rejected(charging: World, message: str) -> None:
    assert transfer(charging, message, {"transactionId": 42, "cost": 1.0}) == "Rejected"
    assert transfer(World("1.6"), message, {"transactionId": 100, "cost": 1.0}) == "Rejected"
    assert happened(charging, "cost") == []


def test_what_is_not_as_described_is_rejected() -> None:
    world = World("1.6", defaults={"CostEnabled": "false"})
    assert transfer(world, "SetUserPrice", {"priceText": "for whom?"}) == "Rejected"
    assert transfer(world, "SetUserPrice", "no JSON") == "Rejected"
    assert transfer(world, "SetPrice", PRICE) == "UnknownMessageId"
    assert running(world) == "Rejected"


def test_meter_values_come_at_the_time_that_the_price_changes(charging: World) -> None:
    assert running(charging, atTime="2026-01-01T00:00:30Z") == "Accepted"
    charging.advance(29)
    assert told(charging) == []
    charging.advance(60)
    assert told(charging) == ["Other"]


def test_meter_values_come_at_a_register_once(charging: World) -> None:
    assert running(charging, atEnergykWh=11.0) == "Accepted"
    for energy in (10.9, 11.0, 11.1):
        charging.state({**CHARGING, "energy_total": energy})
    assert told(charging) == ["Other"]


def test_meter_values_come_each_time_the_power_crosses_its_mark(charging: World) -> None:
    assert running(charging, atPowerkW=8.0) == "Accepted"
    for power in (7990.0, 7200.0, 7990.0, 8100.0):
        charging.state({**CHARGING, "power": power})
    assert told(charging) == ["Other", "Other"]


def test_meter_values_come_with_a_status(charging: World) -> None:
    assert running(charging, atCPStatus=["Finishing", "SuspendedEV"]) == "Accepted"
    charging.swipe()
    assert told(charging) == ["Other"]
    charging.state(IDLE)
    assert told(charging) == ["Other"]


def test_a_new_transaction_has_no_old_marks(charging: World) -> None:
    assert running(charging, atEnergykWh=11.0) == "Accepted"
    charging.state(IDLE)
    charging.state(PLUGGED)
    charging.swipe()
    charging.state({**CHARGING, "energy_total": 12.0})
    assert told(charging) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*PRICE, "transactionId", "cost", "triggerMeterValue", "atTime", "atCPStatus"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(message=st.sampled_from(sorted(MESSAGES)), body=JSON)
def test_nothing_that_is_sent_as_a_price_does_harm(message: str, body: Any) -> None:
    world = World("1.6")
    world.state(PLUGGED)
    world.swipe()
    data = orjson.dumps({"transactionId": 100, "cost": 1, **body} if isinstance(body, dict) else body)
    assert transfer(world, message, data.decode()) in ("Accepted", "Rejected")
    world.state(CHARGING)
    world.advance(5)
