"""What the first and the last event of a 2.0.1 transaction say of why it began and ended."""

from typing import Any

import pytest

from tests.conformance.bench import Bench

POINTS = ["EVConnected", "PowerPathClosed"]


def remote_start(bench: Bench, **more: Any) -> dict[str, Any]:
    asked = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 7, "evseId": 1, **more}
    return dict(bench.ask("RequestStartTransaction", asked))


def remote_stop(bench: Bench) -> None:
    assert bench.ask("RequestStopTransaction", {"transactionId": bench.transaction}) == {"status": "Accepted"}


def told(bench: Bench) -> list[tuple[str, str, str, str | None]]:
    events = bench.told("TransactionEvent")
    return [
        (
            said["eventType"],
            said["triggerReason"],
            said["transactionInfo"]["chargingState"],
            said["transactionInfo"].get("stoppedReason"),
        )
        for said in events
    ]


def charging(stop: str, **defaults: str) -> Bench:
    bench = Bench("2.0.1", defaults={"TxStopPoint": stop, **defaults})
    bench.plug()
    bench.present("CARD1")
    bench.take()
    return bench


@pytest.mark.parametrize("point", POINTS)
def test_a_cable_after_a_remote_start_is_told_as_the_remote_start(point: str) -> None:
    """F02.FR.21: that the cable is in is told by the chargingState."""
    bench = Bench("2.0.1", defaults={"TxStartPoint": point})
    remote_start(bench)
    bench.plug()
    assert told(bench) == [
        ("Started", "RemoteStart", "EVConnected", None),
        ("Updated", "ChargingStateChanged", "Charging", None),
    ]
    first = bench.told("TransactionEvent")[0]
    assert (first["transactionInfo"]["remoteStartId"], first["idToken"]["idToken"]) == (7, "APP")


def test_energy_after_a_remote_start_is_told_as_both() -> None:
    bench = Bench("2.0.1", defaults={"TxStartPoint": "EnergyTransfer"})
    remote_start(bench)
    bench.plug(wants=False)
    assert told(bench) == []
    bench.wants(True)
    assert told(bench) == [
        ("Started", "RemoteStart", "EVConnected", None),
        ("Updated", "ChargingStateChanged", "Charging", None),
    ]


def test_a_cable_after_a_card_is_told_as_the_cable() -> None:
    bench = Bench("2.0.1", defaults={"TxStartPoint": "EVConnected"})
    bench.present("CARD1")
    bench.plug()
    assert told(bench)[0] == ("Started", "CablePluggedIn", "EVConnected", None)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (remote_stop, "Remote"),
        (lambda bench: bench.present("CARD1"), "Local"),
        (lambda _bench: None, "EVDisconnected"),
    ],
)
def test_a_cable_that_is_pulled_after_a_stop_says_what_stopped_it(stop: Any, reason: str) -> None:
    """F04.FR.03, E07.FR.05; also when the hub was started anew in between."""
    bench = charging("EVConnected")
    stop(bench)
    bench.restart()
    bench.power_up()
    bench.unplug()
    assert told(bench)[-1] == ("Ended", "EVCommunicationLost", "Idle", reason)


def test_somebody_who_begins_again_is_not_told_as_stopped_before() -> None:
    bench = charging("EVConnected")
    bench.present("CARD1")
    bench.advance(10)
    bench.present("CARD1")
    bench.unplug()
    assert told(bench)[-1] == ("Ended", "EVCommunicationLost", "Idle", "EVDisconnected")


@pytest.mark.parametrize(
    ("stop", "last"),
    [
        ("EVConnected", ("Updated", "RemoteStop", "EVConnected", None)),
        ("EVConnected,Authorized", ("Ended", "RemoteStop", "EVConnected", "Remote")),
        ("PowerPathClosed", ("Ended", "RemoteStop", "EVConnected", "Remote")),
    ],
)
def test_a_remote_stop_where_nobody_is_authorized(stop: str, last: tuple[str, str, str, str | None]) -> None:
    """F03.FR.02/03: the stop points decide, here as well."""
    bench = Bench("2.0.1", defaults={"TxStartPoint": "EVConnected", "TxStopPoint": stop})
    bench.plug()
    remote_stop(bench)
    assert told(bench)[1:] == [last]
    bench.unplug()
    assert [row[0] for row in told(bench)].count("Ended") == 1
    assert told(bench)[-1][3] == "Remote"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("GroundFailure", "GroundFault"),
        ("OverCurrentFailure", "OvercurrentFault"),
        ("UnderVoltage", "PowerQuality"),
        ("InternalError", "Other"),
    ],
)
def test_a_fault_that_ends_the_energy_and_so_the_transaction(error: str, reason: str) -> None:
    """E06.FR.16"""
    bench = charging("EnergyTransfer")
    bench.fault(error)
    assert told(bench) == [("Ended", "AbnormalCondition", "EVConnected", reason)]


def test_energy_of_a_charger_that_is_not_heard_goes_on() -> None:
    bench = charging("EnergyTransfer")
    silent = {"status": "faulted", "error_code": "OtherError", "plugged": None, "power": None}
    bench.state(silent)
    bench.state(bench.outlets[1].state())
    assert not [row for row in told(bench) if row[0] == "Ended"]
    bench.wants(False)
    assert told(bench)[-1] == ("Ended", "ChargingStateChanged", "EVConnected", "StoppedByEV")


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_what_has_ended_charges_no_more_whatever_the_device_still_shows(stop: str) -> None:
    bench = charging(stop)
    bench.present("CARD1")
    assert told(bench) == [("Ended", "StopAuthorized", "EVConnected", "Local")]


@pytest.mark.parametrize("wants", [True, False])
def test_a_refused_token_ends_it_where_energy_is_the_stop_point_whether_any_flows(wants: bool) -> None:
    """E05.FR.10"""
    bench = Bench("2.0.1", defaults={"TxStopPoint": "EnergyTransfer"})
    bench.plug(wants=wants)
    bench.answers["TransactionEvent"] = "hold"
    bench.present("CARD1")
    bench.answer_token("TransactionEvent", "Blocked")
    bench.release()
    assert told(bench)[-1] == ("Ended", "Deauthorized", "EVConnected", "DeAuthorized")


def test_a_card_ends_it_where_energy_is_the_stop_point_and_none_has_flowed() -> None:
    bench = Bench("2.0.1", defaults={"TxStopPoint": "EnergyTransfer"})
    bench.plug(wants=False)
    bench.present("CARD1")
    bench.advance(10)
    bench.present("CARD1")
    assert told(bench)[-1] == ("Ended", "StopAuthorized", "EVConnected", "Local")


def test_energy_that_is_withheld_from_a_refused_token_ends_it_where_that_is_the_stop_point() -> None:
    """E05.FR.02, its remark."""
    bench = Bench("2.0.1", defaults={"TxStopPoint": "EnergyTransfer", "StopTxOnInvalidId": "false"})
    bench.plug()
    bench.answers["TransactionEvent"] = "hold"
    bench.present("CARD1")
    bench.answer_token("TransactionEvent", "Blocked")
    bench.release()
    assert told(bench)[-1] == ("Ended", "ChargingStateChanged", "EVConnected", "DeAuthorized")
