"""Whatever happens at two EVSEs in whatever order: what the CSMS gets is complete, and in order."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.charger import Abilities
from hub.ocpp.station.external_limits import Outside
from tests.conformance.bench import Bench

EVERYTHING = Abilities(frozenset({"start", "pause", "set_limit", "unlock", "reset", "reset_evse"}))
POINTS = ["PowerPathClosed", "Authorized", "EVConnected", "EnergyTransfer", "EVConnected,Authorized"]
VERSIONS = ["1.6", "2.0.1", "2.1"]


def remote_start(bench: Bench, evse: int) -> None:
    where = {"connectorId" if bench.version == "1.6" else "evseId": evse}
    if bench.version == "1.6":
        bench.ask("RemoteStartTransaction", {"idTag": "APP", **(where if evse else {})})
        return
    token = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 1}
    bench.ask("RequestStartTransaction", {**token, **(where if evse else {})})


def reset(bench: Bench, kind: str) -> None:
    words = (
        {"now": "Hard", "idle": "Soft"} if bench.version == "1.6" else {"now": "Immediate", "idle": "OnIdle"}
    )
    bench.ask("Reset", {"type": words[kind]})


def in_2_1(does: Callable[[Bench], object]) -> Callable[[Bench], object]:
    """A step that only 2.1 has."""
    return lambda bench: does(bench) if bench.version == "2.1" else None


def setting(bench: Bench, name: str, value: str) -> None:
    bench.station.control.set_variable(name, value, bench.clock.now())
    bench.pump()


def limit(bench: Bench) -> None:
    """The CSMS's, with the answers to what comes next."""
    bench.answers["TransactionEvent"] = {"transactionLimit": {"maxEnergy": 700, "maxTime": 5000}}


def available(bench: Bench, good: bool) -> None:
    word = "Operative" if good else "Inoperative"
    if bench.version == "1.6":
        bench.ask("ChangeAvailability", {"connectorId": 0, "type": word})
    else:
        bench.ask("ChangeAvailability", {"operationalStatus": word})


def outside(bench: Bench, current: float | None) -> None:
    limit = None if current is None else Outside("ems", current, None)
    bench.station.outside_limit(1, limit, bench.clock.now())
    bench.pump()


def refuse(bench: Bench, answer: Any) -> None:
    for action in ("TransactionEvent", "StartTransaction", "StopTransaction"):
        bench.answers[action] = answer


STEPS: dict[str, Callable[[Bench], object]] = {
    "plug 1": lambda bench: bench.plug(1),
    "plug 2": lambda bench: bench.plug(2, wants=False),
    "unplug 1": lambda bench: bench.unplug(1),
    "unplug 2": lambda bench: bench.unplug(2),
    "full": lambda bench: bench.wants(False, 1),
    "hungry": lambda bench: bench.wants(True, 2),
    "card 1": lambda bench: bench.present("CARD1", 1),
    "card 2": lambda bench: bench.present("CARD2", 2),
    "card anywhere": lambda bench: bench.present("CARD3", 0),
    "fault": lambda bench: bench.fault("GroundFailure", 1),
    "repaired": lambda bench: bench.fault(None, 1),
    "start 2": lambda bench: remote_start(bench, 2),
    "start anywhere": lambda bench: remote_start(bench, 0),
    "reset": lambda bench: reset(bench, "now"),
    "reset when idle": lambda bench: reset(bench, "idle"),
    "reset and go on": in_2_1(lambda bench: bench.ask("Reset", {"type": "ImmediateAndResume"})),
    "reset 2 and go on": in_2_1(
        lambda bench: bench.ask("Reset", {"type": "ImmediateAndResume", "evseId": 2})
    ),
    "no energy by itself": in_2_1(lambda bench: setting(bench, "AllowEnergyTransferResumption", "false")),
    "a short memory": in_2_1(lambda bench: setting(bench, "ResumptionTimeout", "40")),
    "a limit of the CSMS": in_2_1(limit),
    "out of service": lambda bench: available(bench, False),
    "in service": lambda bench: available(bench, True),
    "little": lambda bench: outside(bench, 6.0),
    "nothing": lambda bench: outside(bench, 0.0),
    "all": lambda bench: outside(bench, None),
    "an end in a while": lambda bench: bench.station.transaction_limits.set(1, 500, 90, bench.clock.now()),
    "offline": lambda bench: bench.offline() if bench.reachable else None,
    "online": lambda bench: None if bench.reachable else bench.online(),
    "errors": lambda bench: refuse(bench, "InternalError"),
    "silence": lambda bench: refuse(bench, "Timeout"),
    "answers": lambda bench: bench.answers.clear(),
    "power cut": lambda bench: bench.power_loss() if bench.reachable else None,
    "a while": lambda bench: bench.advance(70),
    "an hour": lambda bench: bench.advance(3600),
}
DAY = st.lists(st.sampled_from(sorted(STEPS)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(DAY, st.sampled_from(POINTS), st.sampled_from(POINTS), st.sampled_from(VERSIONS))
def test_every_transaction_has_one_beginning_and_one_end(
    day: list[str], start: str, stop: str, version: str
) -> None:
    run(day, start, stop, version)


def run(day: list[str], start: str, stop: str, version: str) -> None:
    defaults = {
        "TxStartPoint": start,
        "TxStopPoint": stop,
        "MessageAttempts": "1000",
        "MessageAttemptInterval": "1",
    }
    bench = Bench(version, evses=2, abilities=EVERYTHING, defaults=defaults)
    for step in day:
        STEPS[step](bench)
    for step in ("answers", "online", "repaired", "in service", "all", "unplug 1", "unplug 2"):
        STEPS[step](bench)
    bench.advance(30_000)
    assert not bench.journal
    assert all(flow.transaction is None and flow.grant is None for flow in bench.station.evses.flows.values())
    assert not any(outlet.permitted for outlet in bench.outlets.values())
    (check_16 if version == "1.6" else check_201)(bench)


def check_201(bench: Bench) -> None:
    told: dict[str, list[tuple[int, str]]] = {}
    for said in bench.told("TransactionEvent"):
        event = (said["seqNo"], said["eventType"])
        events = told.setdefault(said["transactionInfo"]["transactionId"], [])
        if not events or events[-1] != event:  # else it is repeated
            events.append(event)
    for events in told.values():
        assert [number for number, _ in events] == list(range(len(events)))
        kinds = [kind for _, kind in events]
        assert (kinds[0], kinds[-1]) == ("Started", "Ended")
        assert set(kinds[1:-1]) <= {"Updated"}


def check_16(bench: Bench) -> None:
    """Repeats of an answered message there are none: the CSMS gives a number once."""
    stops = Counter(said["transactionId"] for said in bench.told("StopTransaction"))
    assert len(bench.station.csms_ids) == 0
    started = next(bench.transaction_ids) - 100
    assert set(stops) == set(range(100, 100 + started))


@pytest.mark.fuzz
@settings(max_examples=1000, deadline=None, derandomize=False)
@given(DAY, st.sampled_from(POINTS), st.sampled_from(POINTS), st.sampled_from(VERSIONS))
def test_for_long(day: list[str], start: str, stop: str, version: str) -> None:
    run(day, start, stop, version)
