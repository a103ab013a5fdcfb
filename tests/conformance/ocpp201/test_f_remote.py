"""2.0.1 F: what the CSMS starts, stops, unlocks and wants to hear; P: data of vendors."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

CONNECTOR = {"evseId": 1, "connectorId": 1}


def start(bench: Bench, kind: str = "ISO14443", **more: Any) -> dict[str, Any]:
    asked = {"idToken": {"idToken": "APP1", "type": kind}, "remoteStartId": 9, "evseId": 1, **more}
    return dict(bench.ask("RequestStartTransaction", asked))


def ask(bench: Bench, action: str, payload: Mapping[str, Any]) -> str:
    return str(bench.ask(action, payload)["status"])


@case("TC_F_01_CS", "F01.FR.03", "F01.FR.04", "F01.FR.05", "F01.FR.13", "F01.FR.19", "F02.FR.01")
def test_a_remote_start_at_a_plugged_car(booted: Bench) -> None:
    booted.set("TxCtrlr.TxStartPoint", "EVConnected")
    booted.plug()
    running = booted.transaction
    booted.take()
    assert start(booted) == {"status": "Accepted", "transactionId": running}
    first, *_ = booted.told("TransactionEvent")
    assert (first["eventType"], first["triggerReason"]) == ("Updated", "RemoteStart")
    assert (first["transactionInfo"]["remoteStartId"], first["idToken"]["idToken"]) == (9, "APP1")
    assert booted.outlets[1].charging


@pytest.mark.parametrize(
    ("asks", "first"),
    [
        pytest.param(
            "true", ["Authorize"], marks=case("TC_F_02_CS", "F01.FR.01", "F02.FR.01", says="remote, asked")
        ),
        pytest.param(
            "false", [], marks=case("TC_F_03_CS", "F01.FR.02", "F02.FR.01", says="remote, not asked")
        ),
    ],
)
def test_a_remote_start_before_the_plug(booted: Bench, asks: str, first: list[str]) -> None:
    assert booted.set("AuthCtrlr.AuthorizeRemoteStart", asks) == "Accepted"
    assert start(booted)["status"] == "Accepted"
    assert booted.actions() == first
    booted.plug()
    assert booted.told("TransactionEvent")[0]["transactionInfo"]["remoteStartId"] == 9
    assert booted.outlets[1].charging


@case("TC_F_04_CS", "F02.FR.01", "E03.FR.01", "E03.FR.05")
def test_a_remote_start_without_a_plug_in_time_ends() -> None:
    bench = Bench("2.0.1", defaults={"TxStartPoint": "Authorized", "EVConnectionTimeOut": "30"})
    start(bench)
    bench.advance(31)
    assert bench.events() == [("Started", "RemoteStart"), ("Ended", "EVConnectTimeout")]
    assert bench.told("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "Timeout"


@case("TC_F_08_CS", "F03.FR.02", "F03.FR.03", "F03.FR.07", "F03.FR.09")
@pytest.mark.parametrize("point", ["Authorized", "EVConnected"])
def test_a_remote_stop_ends_the_energy_and_perhaps_the_transaction(charging: Bench, point: str) -> None:
    charging.set("TxCtrlr.TxStopPoint", point)
    assert ask(charging, "RequestStopTransaction", {"transactionId": charging.transaction}) == "Accepted"
    assert not charging.outlets[1].permitted
    ended = ("Ended", "RemoteStop") in charging.events()
    assert ended is (point == "Authorized")
    assert ended or ("Updated", "RemoteStop") in charging.events()


@case("TC_F_09_CS", "F03.FR.08")
def test_a_transaction_that_is_none_is_not_stopped(charging: Bench) -> None:
    assert ask(charging, "RequestStopTransaction", {"transactionId": "none"}) == "Rejected"
    assert charging.outlets[1].charging


@case("TC_F_05_CS", "F05.FR.01", "F05.FR.02")
def test_nothing_is_unlocked_while_an_authorized_transaction_runs(charging: Bench) -> None:
    assert ask(charging, "UnlockConnector", CONNECTOR) == "OngoingAuthorizedTransaction"
    assert charging.unlocks() == 0
    assert charging.outlets[1].charging


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(
            "plugged", marks=case("TC_F_06_CS", "F05.FR.01", "F05.FR.04", says="a plugged cable: unlocked")
        ),
        pytest.param(
            "booted", marks=case("TC_F_07_CS", "F05.FR.01", "F05.FR.06", says="no cable: tried all the same")
        ),
    ],
)
def test_a_connector_is_unlocked(request: pytest.FixtureRequest, state: str) -> None:
    bench: Bench = request.getfixturevalue(state)
    assert ask(bench, "UnlockConnector", CONNECTOR) == "Unlocked"
    assert bench.unlocks() == 1
    bench.outlets[1].jammed = True
    assert ask(bench, "UnlockConnector", CONNECTOR) == "UnlockFailed"


@case("TC_F_10_CS", "F05.FR.03")
def test_a_connector_that_is_none_is_unknown(booted: Bench) -> None:
    assert ask(booted, "UnlockConnector", {"evseId": 1, "connectorId": 7}) == "UnknownConnector"
    assert ask(booted, "UnlockConnector", {"evseId": 7, "connectorId": 1}) == "UnknownConnector"


# TriggerMessage


def trigger(bench: Bench, wanted: str, evse: Mapping[str, int] | None = None) -> str:
    return ask(bench, "TriggerMessage", {"requestedMessage": wanted, **({"evse": evse} if evse else {})})


@pytest.fixture
def both(two: Bench) -> Bench:
    """Two EVSEs that charge."""
    for evse in (1, 2):
        two.plug(evse)
        two.present(f"CARD{evse}", evse)
    two.take()
    return two


@pytest.mark.parametrize(
    ("wanted", "evse", "times"),
    [
        pytest.param(
            "MeterValues",
            {"id": 1},
            1,
            marks=case("TC_F_11_CS", "F06.FR.02", "F06.FR.04", "F06.FR.06", says="meter values of one EVSE"),
        ),
        pytest.param(
            "MeterValues",
            None,
            2,
            marks=case(
                "TC_F_12_CS", "F06.FR.04", "F06.FR.06", "F06.FR.11", says="meter values of every EVSE"
            ),
        ),
        pytest.param(
            "TransactionEvent",
            {"id": 2},
            1,
            marks=case(
                "TC_F_13_CS", "F06.FR.02", "F06.FR.04", "F06.FR.07", says="the transaction of one EVSE"
            ),
        ),
        pytest.param(
            "TransactionEvent",
            None,
            2,
            marks=case(
                "TC_F_14_CS", "F06.FR.04", "F06.FR.07", "F06.FR.11", says="the transactions of every EVSE"
            ),
        ),
        pytest.param(
            "Heartbeat",
            None,
            1,
            marks=case("TC_F_20_CS", "F06.FR.04", "F06.FR.05", "F06.FR.10", says="a heartbeat"),
        ),
    ],
)
def test_a_message_on_demand(both: Bench, wanted: str, evse: Mapping[str, int] | None, times: int) -> None:
    assert both.set("AlignedDataCtrlr.Measurands", "Voltage") == "Accepted"
    assert trigger(both, wanted, evse) == "Accepted"
    assert both.actions() == [wanted] * times
    for said in both.told("TransactionEvent"):
        assert said["triggerReason"] == "Trigger"
        assert said["transactionInfo"]["chargingState"] == "Charging"
    values = [value for said in both.sent for value in said[1].get("meterValue", ())]
    assert len(values) == (0 if wanted == "Heartbeat" else times)
    samples = [sample for value in values for sample in value["sampledValue"]]
    assert {sample["context"] for sample in samples} <= {"Trigger"}
    assert wanted != "MeterValues" or {sample["measurand"] for sample in samples} == {"Voltage"}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        pytest.param(
            "booted", "Available", marks=case("TC_F_23_CS", "F06.FR.02", "F06.FR.04", says="of a free one")
        ),
        pytest.param(
            "plugged", "Occupied", marks=case("TC_F_24_CS", "F06.FR.02", "F06.FR.04", says="of a taken one")
        ),
    ],
)
def test_a_status_on_demand(request: pytest.FixtureRequest, state: str, status: str) -> None:
    bench: Bench = request.getfixturevalue(state)
    assert trigger(bench, "StatusNotification", {"id": 1, "connectorId": 1}) == "Accepted"
    assert bench.statuses() == [status]


@case("TC_F_26_CS", "F06.FR.04", "F06.FR.05", "F06.FR.17")
def test_an_accepted_station_does_not_register_again(booted: Bench) -> None:
    assert trigger(booted, "BootNotification") == "Rejected"
    assert booted.actions() == []


@case("TC_F_27_CS", "F06.FR.08")
def test_a_message_that_does_not_exist_here_is_not_implemented(booted: Bench) -> None:
    assert trigger(booted, "SignCombinedCertificate") == "NotImplemented"


# P: data of vendors


@case("TC_P_01_CS", "P01.FR.05", "P01.FR.06")
def test_data_for_nobody_here_is_refused(booted: Bench) -> None:
    asked = {"vendorId": "org.example.none", "messageId": "hello", "data": {"a": [1]}}
    assert ask(booted, "DataTransfer", asked) == "UnknownVendorId"
    heard = Bench("2.0.1", vendors={"org.example": frozenset({"hello"})})
    assert ask(heard, "DataTransfer", {"vendorId": "org.example", "messageId": "x"}) == "UnknownMessageId"


@case("TC_P_03_CS")
def test_custom_data_in_a_message_does_no_harm(booted: Bench) -> None:
    custom = {"customData": {"vendorId": "org.example", "anything": {"goes": True}}}
    booted.answers["Heartbeat"] = {"currentTime": "2026-01-01T00:00:00Z", **custom}
    assert ask(booted, "TriggerMessage", {"requestedMessage": "Heartbeat", **custom}) == "Accepted"
    assert booted.actions() == ["Heartbeat"]
