"""2.1, K28 and K29: profiles whose limit is said anew at any time."""

from typing import Any

import pytest

from hub.ocpp.station.external_limits import Outside
from tests.conformance.bench import Bench


def dynamic(bench: Bench, limit: float, *, mode: str = "ChargingOnly", **more: Any) -> Any:
    period = {"startPeriod": 0, "limit": limit, "operationMode": mode}
    body = {
        "id": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Dynamic",
        "transactionId": bench.transaction,
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
        **more,
    }
    return bench.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": body})["status"]


def test_the_csms_says_another_limit(charging: Bench) -> None:
    """K28.FR.06."""
    assert dynamic(charging, 8.0) == "Accepted"
    assert charging.outlets[1].current_a == pytest.approx(8.0, abs=0.6)
    update = {"chargingProfileId": 7, "scheduleUpdate": {"limit": 12}}
    assert charging.ask("UpdateDynamicSchedule", update) == {"status": "Accepted"}
    assert charging.outlets[1].current_a == pytest.approx(12.0, abs=0.6)


def test_the_station_asks_for_another_limit(charging: Bench) -> None:
    """K28.FR.08/10."""
    charging.answers["PullDynamicScheduleUpdate"] = {"status": "Accepted", "scheduleUpdate": {"limit": 12}}
    assert dynamic(charging, 8.0, dynUpdateInterval=60) == "Accepted"
    charging.advance(61)
    assert charging.told("PullDynamicScheduleUpdate") == [{"chargingProfileId": 7}]
    assert charging.outlets[1].current_a == pytest.approx(12.0, abs=0.6)


def test_an_energy_management_system_says_another_limit(charging: Bench) -> None:
    """K29.FR.03, K01.FR.110."""
    assert dynamic(charging, 8.0, mode="ExternalLimits") == "Accepted"
    triggers = [said["triggerReason"] for said in charging.told("TransactionEvent")]
    assert "OperationModeChanged" in triggers
    charging.station.outside_limit(1, Outside("ems", 12.0, None), charging.clock.now())
    charging.pump()
    assert charging.outlets[1].current_a == pytest.approx(12.0, abs=0.6)
