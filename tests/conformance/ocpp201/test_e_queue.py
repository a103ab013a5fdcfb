"""2.0.1 E: transactions' messages that can't be told at once."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

FAMILY = {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}


def retrying(bench: Bench, attempts: int = 3, interval: int = 10) -> None:
    for variable, value in (("MessageAttempts", attempts), ("MessageAttemptInterval", interval)):
        asked = {
            "component": {"name": "OCPPCommCtrlr"},
            "variable": {"name": variable, "instance": "TransactionEvent"},
            "attributeValue": str(value),
        }
        (result,) = bench.ask("SetVariables", {"setVariableData": [asked]})["setVariableResult"]
        assert result["attributeStatus"] == "Accepted"


def refusing(bench: Bench, error: str, times: int) -> list[float]:
    """The CSMS fails the next transaction events; when each came."""
    came: list[float] = []

    def answer(_action: str, _payload: Mapping[str, Any]) -> Any:
        came.append(bench.clock.now().mono)
        return error if len(came) <= times else {}

    bench.answers["TransactionEvent"] = answer
    return came


@pytest.mark.parametrize(
    ("error", "times", "gaps"),
    [
        pytest.param(
            "Timeout",
            9,
            [10, 20],
            marks=case(
                "TC_E_41_CS",
                "E13.FR.01",
                "E13.FR.02",
                "E13.FR.03",
                "E13.FR.04",
                says="no answer: as often as allowed, then given up",
            ),
        ),
        pytest.param(
            "Timeout",
            2,
            [10, 20],
            marks=case(
                "TC_E_42_CS",
                "E13.FR.01",
                "E13.FR.02",
                "E13.FR.03",
                says="no answer: repeated until one comes",
            ),
        ),
        pytest.param(
            "InternalError",
            9,
            [10, 20],
            marks=case(
                "TC_E_50_CS",
                "E13.FR.01",
                "E13.FR.02",
                "E13.FR.03",
                "E13.FR.04",
                says="an error as answer: as often as allowed, then given up",
            ),
        ),
        pytest.param(
            "InternalError",
            1,
            [10],
            marks=case(
                "TC_E_51_CS",
                "E13.FR.01",
                "E13.FR.02",
                "E13.FR.03",
                says="an error as answer: repeated until good",
            ),
        ),
    ],
)
def test_an_event_that_fails_is_repeated(plugged: Bench, error: str, times: int, gaps: list[int]) -> None:
    retrying(plugged)
    plugged.outlets[1].wants = False
    came = refusing(plugged, error, times)
    plugged.present("CARD1")
    plugged.advance(100 if times < 9 else 35)
    waited = [round(later - earlier) for earlier, later in pairwise(came)]
    assert waited[: len(gaps)] == gaps
    first = [said for said in plugged.told("TransactionEvent") if said["seqNo"] == 0]
    assert len(first) == min(times + 1, 3)
    assert len(plugged.buried) == (1 if times == 9 else 0)


@case("TC_E_40_CS", "E11.FR.01", "E11.FR.02", "E11.FR.06")
def test_what_happens_while_the_connection_is_gone_is_told_afterwards(charging: Bench) -> None:
    charging.offline()
    charging.advance(125)
    charging.wants(False)
    charging.online()
    told = charging.told("TransactionEvent")
    assert [said["triggerReason"] for said in told] == [
        "MeterValuePeriodic",
        "MeterValuePeriodic",
        "ChargingStateChanged",
    ]
    assert all(said["offline"] for said in told)
    numbers = [said["seqNo"] for said in told]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


@case("TC_E_43_CS", "E12.FR.01", "E12.FR.02", "E12.FR.06")
def test_a_whole_transaction_offline_is_told_afterwards(cached: Bench) -> None:
    cached.offline()
    cached.plug()
    cached.present("CARD1")
    cached.advance(65)
    cached.present("CARD1")
    cached.unplug()
    cached.online()
    told = cached.told("TransactionEvent")
    assert [said["eventType"] for said in told] == ["Started", "Updated", "Updated", "Ended"]
    assert [said["seqNo"] for said in told] == [0, 1, 2, 3]
    assert all(said["offline"] for said in told)


@case("TC_E_44_CS", "E08.FR.01", "E08.FR.04", "E08.FR.05", "E08.FR.06", "E08.FR.07", "E08.FR.08")
def test_stopped_offline_by_the_same_card(charging: Bench) -> None:
    charging.offline()
    assert charging.present("CARD1") == "stopped"
    charging.online()
    (said,) = charging.told("TransactionEvent")
    assert (said["eventType"], said["triggerReason"], said["offline"]) == ("Ended", "StopAuthorized", True)
    assert said["transactionInfo"]["stoppedReason"] == "Local"
    assert said["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.End"


@case("TC_E_45_CS", "E08.FR.02", "E08.FR.04", "E08.FR.05", "E08.FR.06", "E08.FR.07", "E08.FR.08")
def test_stopped_offline_by_a_card_of_the_same_group(booted: Bench) -> None:
    rows = [
        {"idToken": {"idToken": card, "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted", **FAMILY}}
        for card in ("CARD1", "CARD2")
    ]
    booted.ask("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": rows})
    booted.plug()
    booted.present("CARD1")
    booted.offline()
    booted.take()
    assert booted.present("CARD2") == "stopped"
    booted.online()
    (said,) = booted.told("TransactionEvent")
    assert said["idToken"]["idToken"] == "CARD2"
    assert (said["triggerReason"], said["offline"]) == ("StopAuthorized", True)
    assert (said["eventType"], said["transactionInfo"]["stoppedReason"]) == ("Ended", "Local")


# GetTransactionStatus


def status(bench: Bench, transaction: str | None = None) -> dict[str, Any]:
    return dict(bench.ask("GetTransactionStatus", {"transactionId": transaction} if transaction else {}))


@case("TC_E_28_CS", "E14.FR.01")
def test_a_transaction_that_nobody_knows_is_not_ongoing(booted: Bench) -> None:
    assert status(booted, "nobody") == {"ongoingIndicator": False, "messagesInQueue": False}


@pytest.mark.parametrize(
    ("ended", "queued"),
    [
        pytest.param(False, True, marks=case("TC_E_29_CS", "E14.FR.02", "E14.FR.04", says="ongoing, queued")),
        pytest.param(
            False, False, marks=case("TC_E_30_CS", "E14.FR.02", "E14.FR.05", says="ongoing, all told")
        ),
        pytest.param(True, True, marks=case("TC_E_31_CS", "E14.FR.03", "E14.FR.04", says="ended, queued")),
        pytest.param(True, False, marks=case("TC_E_32_CS", "E14.FR.03", "E14.FR.05", says="ended, all told")),
    ],
)
def test_the_status_of_a_transaction(charging: Bench, ended: bool, queued: bool) -> None:
    number = charging.transaction
    charging.answers["TransactionEvent"] = "hold" if queued else {}
    if ended:
        charging.present("CARD1")
    else:
        charging.wants(False)
    assert status(charging, number) == {"ongoingIndicator": not ended, "messagesInQueue": queued}


@pytest.mark.parametrize(
    "queued",
    [
        pytest.param(
            True, marks=case("TC_E_33_CS", "E14.FR.06", "E14.FR.07", says="of none in particular, queued")
        ),
        pytest.param(
            False, marks=case("TC_E_34_CS", "E14.FR.06", "E14.FR.08", says="of none in particular, all told")
        ),
    ],
)
def test_the_status_of_all_messages(charging: Bench, queued: bool) -> None:
    charging.answers["TransactionEvent"] = "hold" if queued else {}
    charging.wants(False)
    assert status(charging) == {"messagesInQueue": queued}
