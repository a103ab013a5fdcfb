"""1.6, 4.9: each way from one status of a connector to another that a station here can go, by the specification's
letters and digits: A Available, B Preparing, C Charging, D SuspendedEV, E SuspendedEVSE, F Finishing, G Reserved,
H Unavailable, I Faulted; 1 to 9 likewise."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.bench import Bench

Event = Callable[[Bench], object]


def operative(bench: Bench, operative: bool) -> None:
    kind = "Operative" if operative else "Inoperative"
    bench.ask("ChangeAvailability", {"connectorId": 1, "type": kind})


def limit(bench: Bench, amperes: float) -> None:
    profile: dict[str, Any] = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
        },
    }
    bench.ask("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    bench.advance(5)


def reserve(bench: Bench) -> None:
    ends = "2026-01-01T01:00:00Z"
    bench.ask("ReserveNow", {"connectorId": 1, "expiryDate": ends, "idTag": "CARD1", "reservationId": 1})


def unreserve(bench: Bench) -> None:
    bench.ask("CancelReservation", {"reservationId": 1})


def card(bench: Bench) -> None:
    bench.present("CARD1")


def another(bench: Bench) -> None:
    bench.present("CARD2")


def stranger(bench: Bench) -> None:
    bench.answer_token("Authorize", "Invalid")
    bench.present("CARD3")
    bench.report()


def pause(bench: Bench) -> None:
    bench.wants(False)
    bench.advance(5)


def go_on(bench: Bench) -> None:
    bench.wants(True)


def app(bench: Bench) -> None:
    bench.ask("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})


def remote_stop(bench: Bench) -> None:
    bench.ask("RemoteStopTransaction", {"transactionId": 100})


def out(bench: Bench) -> None:
    operative(bench, False)


def back(bench: Bench) -> None:
    operative(bench, True)


def fault(bench: Bench) -> None:
    bench.fault()


def heal(bench: Bench) -> None:
    bench.fault(None)
    bench.advance(5)


def hour(bench: Bench) -> None:
    bench.advance(3601)


plug, unplug = Bench.plug, Bench.unplug
WAYS: dict[str, list[Event]] = {
    "Available": [],
    "Preparing": [plug],
    "Charging": [plug, card],
    "SuspendedEV": [plug, card, pause],
    "SuspendedEVSE": [plug, card, lambda bench: limit(bench, 0)],
    "Finishing": [plug, card, lambda bench: bench.advance(10), card],
    "Reserved": [reserve],
    "Unavailable": [out],
    "Faulted": [fault],
}
"""How a status comes about."""


@pytest.mark.parametrize(
    ("begin", "events", "said"),
    [
        pytest.param("Available", [plug], ["Preparing"], id="A2 a cable"),
        pytest.param("Available", [card], ["Preparing"], id="A2 a card"),
        pytest.param("Available", [app], ["Preparing"], id="A2 a remote start"),
        pytest.param("Available", [reserve], ["Reserved"], id="A7"),
        pytest.param("Available", [out], ["Unavailable"], id="A8"),
        pytest.param("Available", [fault], ["Faulted"], id="A9"),
        pytest.param("Preparing", [unplug], ["Available"], id="B1"),
        pytest.param("Preparing", [card], ["Charging"], id="B3"),
        pytest.param("Preparing", [lambda bench: bench.wants(False), card], ["SuspendedEV"], id="B4"),
        pytest.param(
            "Preparing",
            [lambda bench: limit(bench, 0), card, lambda bench: bench.advance(5)],
            ["SuspendedEVSE"],
            id="B5",
        ),
        pytest.param("Preparing", [out, unplug], ["Unavailable"], id="B8"),
        pytest.param("Preparing", [fault], ["Faulted"], id="B9"),
        pytest.param("Charging", [unplug], ["Available"], id="C1"),
        pytest.param("Charging", [pause], ["SuspendedEV"], id="C4"),
        pytest.param("Charging", [lambda bench: limit(bench, 0)], ["SuspendedEVSE"], id="C5"),
        pytest.param("Charging", [remote_stop], ["Finishing"], id="C6"),
        pytest.param("Charging", [out, unplug], ["Unavailable"], id="C8 the cable"),
        pytest.param("Charging", [out, card], ["Unavailable"], id="C8 the card"),
        pytest.param("Charging", [fault], ["Faulted"], id="C9"),
        pytest.param("SuspendedEV", [unplug], ["Available"], id="D1"),
        pytest.param("SuspendedEV", [go_on], ["Charging"], id="D3"),
        pytest.param("SuspendedEV", [lambda bench: limit(bench, 0)], ["SuspendedEVSE"], id="D5"),
        pytest.param("SuspendedEV", [card], ["Finishing"], id="D6"),
        pytest.param("SuspendedEV", [out, card], ["Unavailable"], id="D8"),
        pytest.param("SuspendedEV", [fault], ["Faulted"], id="D9"),
        pytest.param("SuspendedEVSE", [unplug], ["Available"], id="E1"),
        pytest.param("SuspendedEVSE", [lambda bench: limit(bench, 10)], ["Charging"], id="E3"),
        pytest.param(
            "SuspendedEVSE",
            [lambda bench: bench.wants(False), lambda bench: limit(bench, 10)],
            ["SuspendedEV"],
            id="E4",
        ),
        pytest.param("SuspendedEVSE", [card], ["Finishing"], id="E6"),
        pytest.param("SuspendedEVSE", [out, remote_stop], ["Unavailable"], id="E8"),
        pytest.param("SuspendedEVSE", [fault], ["Faulted"], id="E9"),
        pytest.param("Finishing", [unplug], ["Available"], id="F1"),
        pytest.param("Finishing", [app], ["Preparing", "Charging"], id="F2 a remote start"),
        pytest.param("Finishing", [another], ["Preparing", "Charging"], id="F2 another card"),
        pytest.param("Finishing", [stranger], [], id="no F2"),
        pytest.param("Finishing", [out], ["Unavailable"], id="F8"),
        pytest.param("Finishing", [fault], ["Faulted"], id="F9"),
        pytest.param("Reserved", [unreserve], ["Available"], id="G1 cancelled"),
        pytest.param("Reserved", [hour], ["Available"], id="G1 over"),
        pytest.param("Reserved", [card], ["Preparing"], id="G2"),
        pytest.param("Reserved", [plug, card], ["Preparing", "Charging"], id="G2 with a cable"),
        pytest.param("Reserved", [out, unreserve], ["Unavailable"], id="G8"),
        pytest.param("Reserved", [fault], ["Faulted"], id="G9"),
        pytest.param("Unavailable", [back], ["Available"], id="H1"),
        pytest.param("Unavailable", [plug, back], ["Preparing"], id="H2"),
        pytest.param("Unavailable", [fault], ["Faulted"], id="H9"),
        pytest.param("Faulted", [heal], ["Available"], id="I1"),
        pytest.param("Faulted", [plug, heal], ["Preparing"], id="I2"),
        pytest.param("Faulted", [out, heal], ["Unavailable"], id="I8"),
    ],
)
def test_a_connector_goes_from_one_status_to_the_next(
    booted: Bench, begin: str, events: list[Event], said: list[str]
) -> None:
    for event in WAYS[begin]:
        event(booted)
    assert (booted.statuses() or ["Available"])[-1] == begin
    booted.take()
    for event in events:
        event(booted)
    assert booted.statuses() == said


@pytest.mark.parametrize("before", [status for status in WAYS if status not in ("Faulted", "Reserved")])
def test_after_a_fault_a_connector_is_what_it_was_before(booted: Bench, before: str) -> None:
    for event in [*WAYS[before], fault, heal]:
        event(booted)
    assert booted.statuses()[-2:] == ["Faulted", before]


def test_a_reservation_ends_with_a_fault(booted: Bench) -> None:
    for event in (reserve, fault, heal):
        event(booted)
    assert booted.statuses() == ["Reserved", "Faulted", "Available"]


@pytest.mark.parametrize(
    ("event", "reason", "card_told"),
    [
        (card, "Local", "CARD1"),
        (remote_stop, "Remote", None),
        (unplug, "EVDisconnected", None),
        (lambda bench: bench.ask("UnlockConnector", {"connectorId": 1}), "UnlockCommand", None),
        (lambda bench: bench.ask("Reset", {"type": "Hard"}), "HardReset", None),
        (lambda bench: bench.ask("Reset", {"type": "Soft"}), "SoftReset", None),
        (lambda bench: bench.power_loss(), "PowerLoss", None),
    ],
)
def test_a_transaction_says_why_it_ended(
    charging: Bench, event: Event, reason: str, card_told: str | None
) -> None:
    charging.advance(30)
    event(charging)
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"], stop.get("idTag")) == (100, reason, card_told)
    assert isinstance(stop["meterStop"], int)
    assert stop["meterStop"] > 10_000


def test_a_transaction_that_the_central_system_refuses_ends_with_that(plugged: Bench) -> None:
    plugged.answer_token("StartTransaction", "Blocked")
    plugged.present("CARD1")
    (stop,) = plugged.told("StopTransaction")
    assert stop["reason"] == "DeAuthorized"


def test_where_nobody_needs_a_card_a_car_is_seen_to_come_before_it_charges() -> None:
    bench = Bench("1.6", free=True)
    bench.plug()
    assert bench.actions() == ["StatusNotification", "StartTransaction", "StatusNotification"]
    assert bench.statuses() == ["Preparing", "Charging"]
    bench.ask("RemoteStopTransaction", {"transactionId": 100})
    bench.unplug()
    bench.plug()
    assert bench.statuses()[2:] == ["Finishing", "Available", "Preparing", "Charging"]
