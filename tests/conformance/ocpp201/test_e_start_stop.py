"""2.0.1 E: when a transaction begins and ends."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case


def last(bench: Bench) -> dict[str, Any]:
    return dict(bench.told("TransactionEvent")[-1])


def with_points(start: str | None = None, stop: str | None = None, **variables: str) -> Bench:
    bench = Bench("2.0.1")
    for name, value in (("TxStartPoint", start), ("TxStopPoint", stop), *variables.items()):
        if value is not None:
            assert bench.set(f"TxCtrlr.{name}", value) == "Accepted"
    bench.take()
    return bench


def remote_start(bench: Bench, card: str = "APP1") -> dict[str, Any]:
    asked = {"idToken": {"idToken": card, "type": "ISO14443"}, "remoteStartId": 9, "evseId": 1}
    return dict(bench.ask("RequestStartTransaction", asked))


def remote_stop(bench: Bench) -> str:
    return str(bench.ask("RequestStopTransaction", {"transactionId": bench.transaction})["status"])


# Start points


@case("TC_E_03_CS", "E02.FR.01", "E02.FR.05", "E02.FR.07", "E02.FR.13", "E01.FR.16", "C01.FR.02")
def test_cable_first_then_card(booted: Bench) -> None:
    booted.plug()
    assert booted.statuses() == ["Occupied"]
    booted.present("CARD1")
    assert booted.actions()[:2] == ["StatusNotification", "Authorize"]
    first, *more = booted.told("TransactionEvent")
    assert (first["eventType"], first["triggerReason"], first["seqNo"]) == ("Started", "Authorized", 0)
    assert first["evse"] == {"id": 1, "connectorId": 1}
    assert first["idToken"]["idToken"] == "CARD1"
    assert [said["transactionInfo"]["chargingState"] for said in more] == ["Charging"]


@case("TC_E_04_CS", "E03.FR.01", "E03.FR.06", "E03.FR.12", "E01.FR.16", "C01.FR.02")
def test_card_first_then_cable(booted: Bench) -> None:
    booted.present("CARD1")
    assert booted.actions() == ["Authorize"]
    booted.plug()
    assert booted.statuses() == ["Occupied"]
    assert booted.events()[0] == ("Started", "CablePluggedIn")
    assert last(booted)["transactionInfo"]["chargingState"] == "Charging"


@case("TC_E_05_CS", "E03.FR.01", "E03.FR.05", "E03.FR.06")
def test_card_first_and_no_cable_in_time_ends_the_authorization() -> None:
    bench = with_points(start="Authorized", EVConnectionTimeOut="30")
    bench.present("CARD1")
    assert bench.events() == [("Started", "Authorized")]
    bench.advance(31)
    assert bench.events()[-1] == ("Ended", "EVConnectTimeout")
    assert last(bench)["transactionInfo"]["stoppedReason"] == "Timeout"


@case("TC_E_52_CS", "C01.FR.02", "C01.FR.05")
def test_a_known_card_is_not_asked_about_when_that_is_switched_off(cached: Bench) -> None:
    assert cached.set("AuthCtrlr.DisableRemoteAuthorization", "true") == "Accepted"
    assert cached.present("CARD1") == "accepted"
    assert cached.present("OTHER") == "rejected"
    assert "Authorize" not in cached.actions()


@case("TC_E_38_CS", "E02.FR.13")
def test_a_car_that_is_not_ready_is_told_so(booted: Bench) -> None:
    booted.plug(wants=False)
    booted.present("CARD1")
    assert last(booted)["transactionInfo"]["chargingState"] == "SuspendedEV"
    booted.wants(True)
    assert last(booted)["transactionInfo"]["chargingState"] == "Charging"


@case("TC_E_09_CS", "E01.FR.02", "E01.FR.07", "E01.FR.15", "E01.FR.16")
def test_begun_by_the_cable() -> None:
    bench = with_points(start="EVConnected")
    bench.plug()
    assert bench.events() == [("Started", "CablePluggedIn")]
    assert last(bench)["transactionInfo"]["chargingState"] == "EVConnected"
    bench.present("CARD1")
    assert ("Updated", "Authorized") in bench.events()


@case("TC_E_10_CS", "E01.FR.03", "E01.FR.07", "E01.FR.15", "E01.FR.16")
def test_begun_by_the_card() -> None:
    bench = with_points(start="Authorized")
    bench.present("CARD1")
    assert bench.events() == [("Started", "Authorized")]
    bench.plug()
    assert ("Updated", "CablePluggedIn") in bench.events()
    assert bench.told("TransactionEvent")[1]["evse"] == {"id": 1, "connectorId": 1}


@case("TC_E_13_CS", "E01.FR.03", "F01.FR.03", "F01.FR.19", "F02.FR.01")
def test_begun_by_a_remote_start() -> None:
    bench = with_points(start="Authorized")
    assert remote_start(bench)["status"] == "Accepted"
    assert bench.events() == [("Started", "RemoteStart")]
    assert last(bench)["transactionInfo"]["remoteStartId"] == 9


@case("TC_E_01_CS", "E01.FR.05", "E01.FR.07", "E01.FR.15", "E01.FR.16")
def test_begun_when_both_cable_and_card_are_there() -> None:
    bench = with_points(start="PowerPathClosed")
    bench.plug()
    assert bench.events() == []
    bench.present("CARD1")
    assert bench.events()[0] == ("Started", "Authorized")


@case("TC_E_02_CS", "E01.FR.06", "E01.FR.07", "E01.FR.15", "E01.FR.16")
def test_begun_when_energy_flows() -> None:
    bench = with_points(start="EnergyTransfer")
    bench.plug(wants=False)
    bench.present("CARD1")
    assert bench.events() == []
    bench.wants(True)
    assert bench.events() == [("Started", "ChargingStateChanged")]
    assert last(bench)["transactionInfo"]["chargingState"] == "Charging"
    assert last(bench)["idToken"]["idToken"] == "CARD1"


# Stop points


def begun(stop: str, **variables: str) -> Bench:
    bench = with_points(stop=stop, **variables)
    bench.plug()
    bench.present("CARD1")
    bench.take()
    return bench


def ended(bench: Bench, trigger: str, reason: str) -> None:
    said = [row for row in bench.told("TransactionEvent") if row["eventType"] == "Ended"]
    assert [(row["triggerReason"], row["transactionInfo"]["stoppedReason"]) for row in said] == [
        (trigger, reason)
    ]
    assert not bench.outlets[1].permitted


def by_card(bench: Bench) -> None:
    bench.present("CARD1")


def by_csms(bench: Bench) -> None:
    assert remote_stop(bench) == "Accepted"


def by_cable(bench: Bench) -> None:
    bench.unplug()


def by_car(bench: Bench) -> None:
    bench.wants(False)


@pytest.mark.parametrize(
    ("stop", "act", "trigger", "reason"),
    [
        pytest.param(
            "Authorized",
            by_card,
            "StopAuthorized",
            "Local",
            marks=case("TC_E_06_CS", "E07.FR.04", "E06.FR.15", "C01.FR.03", says="stopped by the same card"),
        ),
        pytest.param(
            "EVConnected",
            by_cable,
            "EVCommunicationLost",
            "EVDisconnected",
            marks=case(
                "TC_E_14_CS", "E06.FR.02", "E06.FR.15", says="stop point EVConnected: pulled at the station"
            ),
        ),
        pytest.param(
            "EVConnected",
            by_cable,
            "EVCommunicationLost",
            "EVDisconnected",
            marks=case(
                "TC_E_20_CS", "E06.FR.02", "E06.FR.15", says="stop point EVConnected: pulled at the car"
            ),
        ),
        pytest.param(
            "Authorized",
            by_card,
            "StopAuthorized",
            "Local",
            marks=case(
                "TC_E_15_CS", "E06.FR.03", "E06.FR.15", says="stop point Authorized: stopped by the card"
            ),
        ),
        pytest.param(
            "Authorized",
            by_csms,
            "RemoteStop",
            "Remote",
            marks=case(
                "TC_E_21_CS", "E06.FR.03", "E06.FR.15", "F03.FR.09", says="stop point Authorized: remotely"
            ),
        ),
        pytest.param(
            "Authorized",
            by_cable,
            "EVCommunicationLost",
            "EVDisconnected",
            marks=case(
                "TC_E_17_CS", "E06.FR.04", "E06.FR.15", says="stop point Authorized: the cable is pulled"
            ),
        ),
        pytest.param(
            "PowerPathClosed",
            by_card,
            "StopAuthorized",
            "Local",
            marks=case(
                "TC_E_07_CS", "E06.FR.06", "E06.FR.15", says="stop point PowerPathClosed: by the card"
            ),
        ),
        pytest.param(
            "PowerPathClosed",
            by_csms,
            "RemoteStop",
            "Remote",
            marks=case("TC_E_35_CS", "E06.FR.06", "E06.FR.15", says="stop point PowerPathClosed: remotely"),
        ),
        pytest.param(
            "PowerPathClosed",
            by_cable,
            "EVCommunicationLost",
            "EVDisconnected",
            marks=case(
                "TC_E_37_CS", "E06.FR.06", "E06.FR.15", says="stop point PowerPathClosed: the cable is pulled"
            ),
        ),
        pytest.param(
            "EnergyTransfer",
            by_card,
            "StopAuthorized",
            "Local",
            marks=case("TC_E_08_CS", "E06.FR.07", "E06.FR.15", says="stop point EnergyTransfer: by the card"),
        ),
        pytest.param(
            "EnergyTransfer",
            by_car,
            "ChargingStateChanged",
            "StoppedByEV",
            marks=case(
                "TC_E_22_CS", "E06.FR.07", "E06.FR.15", says="stop point EnergyTransfer: the car is full"
            ),
        ),
    ],
)
def test_a_transaction_ends_at_its_stop_point(stop: str, act: Any, trigger: str, reason: str) -> None:
    bench = begun(stop)
    act(bench)
    ended(bench, trigger, reason)


@case("TC_E_16_CS", "E06.FR.04", "E06.FR.15", "C15.FR.04")
def test_a_card_that_the_csms_refuses_afterwards_ends_it() -> None:
    bench = with_points(stop="Authorized", StopTxOnInvalidId="true")
    bench.answer_token("TransactionEvent", "Invalid")
    bench.plug()
    bench.present("CARD1")
    ended(bench, "Deauthorized", "DeAuthorized")


@case("TC_E_39_CS", "E06.FR.04", "E06.FR.15")
def test_without_a_cable_in_time_it_ends() -> None:
    bench = with_points(start="Authorized", stop="Authorized", EVConnectionTimeOut="20")
    bench.present("CARD1")
    bench.advance(21)
    ended(bench, "EVConnectTimeout", "Timeout")


# The cable is pulled at the car


@pytest.mark.parametrize(
    ("unlocks", "times"),
    [
        pytest.param(
            "true",
            1,
            marks=case("TC_E_24_CS", "E09.FR.01", "E09.FR.02", "E09.FR.04", says="pulled: ends, unlocks"),
        ),
        pytest.param(
            "false",
            0,
            marks=case("TC_E_25_CS", "E09.FR.01", "E09.FR.03", "E09.FR.04", says="pulled: ends, locked"),
        ),
    ],
)
def test_pulled_at_the_car_the_authorization_ends(charging: Bench, unlocks: str, times: int) -> None:
    assert charging.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", unlocks) == "Accepted"
    charging.unplug()
    ended(charging, "EVCommunicationLost", "EVDisconnected")
    assert charging.unlocks() == times
    assert charging.statuses()[-1] == "Available"


@case("TC_E_26_CS", "E10.FR.01", "E10.FR.03")
def test_pulled_at_the_car_it_may_wait_for_the_car() -> None:
    bench = begun("Authorized", StopTxOnEVSideDisconnect="false")
    bench.unplug()
    assert bench.events() == [("Updated", "EVCommunicationLost")]
    assert last(bench)["transactionInfo"]["chargingState"] == "Idle"
    bench.plug()
    assert ("Updated", "CablePluggedIn") in bench.events()
    assert last(bench)["transactionInfo"]["chargingState"] == "Charging"


@case("TC_E_27_CS", "E10.FR.02", "E10.FR.03")
def test_pulled_at_the_car_it_does_not_wait_for_ever() -> None:
    bench = begun("Authorized", StopTxOnEVSideDisconnect="false", EVConnectionTimeOut="30")
    bench.unplug()
    bench.advance(31)
    ended(bench, "EVConnectTimeout", "Timeout")
