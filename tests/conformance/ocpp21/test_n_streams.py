"""2.1, N11 to N15: periodic event streams (TC_N_105 to 109)."""

from typing import Any

from tests.conformance.bench import Bench

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def set_monitor(bench: Bench, answer: str = "Accepted") -> int:
    bench.answers["OpenPeriodicEventStream"] = {"status": answer}
    stream = {"interval": 10, "values": 30}
    monitor = {"type": "Periodic", "value": 1, "severity": 5, "periodicEventStream": stream, **POWER}
    (result,) = bench.ask("SetVariableMonitoring", {"setMonitoringData": [monitor]})["setMonitoringResult"]
    assert result["status"] == "Accepted"
    return int(result["id"])


def streamed(bench: Bench) -> list[dict[str, Any]]:
    return [dict(said) for said in bench.told("NotifyPeriodicEventStream")]


def test_a_stream_is_opened_and_sent(charging: Bench) -> None:
    """TC_N_105: N11.FR.01/02, N15.FR.06 to 09."""
    number = set_monitor(charging)
    (asked,) = charging.told("OpenPeriodicEventStream")
    stream = asked["constantStreamData"]
    assert (stream["variableMonitoringId"], stream["params"]) == (number, {"interval": 10, "values": 30})
    charging.advance(31)
    assert [said["id"] for said in streamed(charging)] == [stream["id"]] * 3
    for said in streamed(charging):
        assert said["data"][0]["t"] == 0
        assert 9 <= len(said["data"]) <= 11
    assert charging.told("NotifyEvent") == []


def test_a_csms_that_refuses_it_gets_events(charging: Bench) -> None:
    """TC_N_106: N11.FR.07."""
    set_monitor(charging, "Rejected")
    charging.advance(3.5)
    assert (len(charging.told("NotifyEvent")), streamed(charging)) == (3, [])


def test_what_is_open_is_told(charging: Bench) -> None:
    """TC_N_107: N12.FR.01."""
    assert charging.ask("GetPeriodicEventStream", {}) == {}
    number = set_monitor(charging)
    (stream,) = charging.ask("GetPeriodicEventStream", {})["constantStreamData"]
    assert stream["variableMonitoringId"] == number


def test_a_cleared_monitor_closes_its_stream(charging: Bench) -> None:
    """TC_N_108: N13.FR.01/03/05."""
    number = set_monitor(charging)
    charging.advance(3.5)
    charging.take()
    charging.ask("ClearVariableMonitoring", {"id": [number]})
    order = [action for action in charging.actions() if "Periodic" in action]
    assert order == ["NotifyPeriodicEventStream", "ClosePeriodicEventStream"]


def test_a_stream_is_adjusted(charging: Bench) -> None:
    """TC_N_109: N14.FR.03."""
    set_monitor(charging)
    (stream,) = charging.ask("GetPeriodicEventStream", {})["constantStreamData"]
    adjusted = {"id": stream["id"], "params": {"interval": 0, "values": 2}}
    assert charging.ask("AdjustPeriodicEventStream", adjusted) == {"status": "Accepted"}
    charging.take()
    charging.advance(8.5)
    assert {len(said["data"]) for said in streamed(charging)} == {2}
