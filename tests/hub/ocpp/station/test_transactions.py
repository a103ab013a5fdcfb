"""Transactions from plug to plug, in both versions, through every kind of loss."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Annotate, Happened, Measured, Permit
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]
CHARGES = ("Updated", "ChargingStateChanged", "Charging")


def charge(world: World) -> None:
    world.state(PLUGGED)
    assert world.swipe() in ("asking", "accepted")
    world.state(CHARGING)


def test_a_session_in_2_0_1_is_told_event_by_event() -> None:
    world = World()
    charge(world)
    assert world.last(Permit) == Permit(1, True)
    assert world.actions() == ["StatusNotification", "Authorize", "TransactionEvent", "TransactionEvent"]
    started = world.sent[2][1]
    assert started["idToken"] == {"idToken": "CARD1", "type": "Central"}
    assert started["evse"] == {"id": 1, "connectorId": 1}
    assert started["meterValue"][0]["sampledValue"][0]["value"] == 10000
    world.advance(60)
    world.state({**IDLE, "energy_total": 11.5})
    assert world.events() == [
        ("Started", "Authorized"),
        ("Updated", "ChargingStateChanged"),
        ("Updated", "MeterValuePeriodic"),
        ("Ended", "EVCommunicationLost"),
    ]
    events = [payload for action, payload in world.sent if action == "TransactionEvent"]
    assert [event["seqNo"] for event in events] == [0, 1, 2, 3]
    assert len({event["transactionInfo"]["transactionId"] for event in events}) == 1
    assert {event["offline"] for event in events} == {False}
    assert [event["evse"] for event in events] == [{"id": 1, "connectorId": 1}] * 4
    assert events[-1]["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert events[-1]["meterValue"][0]["sampledValue"][0]["value"] == 11500
    assert world.last(Permit) == Permit(1, False)
    assert not world.journal
    assert ("transaction", "1") not in world.memory


def test_a_session_in_1_6_is_start_values_and_stop() -> None:
    world = World("1.6")
    charge(world)
    world.advance(60)
    world.swipe()
    world.state({**IDLE, "energy_total": 11.5})
    assert world.actions() == [
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
        "MeterValues",
        "StopTransaction",
        "StatusNotification",
        "StatusNotification",
    ]
    payloads = dict(world.sent)
    assert payloads["StartTransaction"] == {
        "connectorId": 1,
        "idTag": "CARD1",
        "meterStart": 10000,
        "timestamp": "2026-01-01T00:00:00.000Z",
    }
    assert payloads["MeterValues"]["transactionId"] == 100
    assert payloads["StopTransaction"]["reason"] == "Local"
    assert payloads["StopTransaction"]["transactionId"] == 100
    statuses = [payload["status"] for action, payload in world.sent if action == "StatusNotification"]
    assert statuses == ["Preparing", "Charging", "Finishing", "Available"]
    assert not world.station.csms_ids


@pytest.mark.parametrize("version", VERSIONS)
def test_authorized_first_then_plugged(version: str) -> None:
    world = World(version)
    world.swipe()
    assert world.station.evses.flows[1].transaction is None
    world.state(PLUGGED)
    assert world.station.evses.flows[1].transaction is not None
    if version == "2.0.1":
        assert world.events() == [("Started", "CablePluggedIn")]


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_who_authorizes_must_plug_in_time(version: str) -> None:
    world = World(version)
    world.swipe()
    world.advance(59)
    assert world.station.evses.flows[1].grant
    world.advance(2)
    assert world.station.evses.flows[1].grant is None
    assert world.last(Permit) == Permit(1, False)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refused_token_starts_nothing(version: str) -> None:
    world = World(version)
    world.refuse_tokens()
    world.state(PLUGGED)
    world.swipe()
    assert world.station.evses.flows[1].transaction is None
    assert world.last(Happened) == Happened("rejected", {"evse": 1, "id_tag": "CARD1", "reason": "Invalid"})


@pytest.mark.parametrize("version", VERSIONS)
def test_another_token_does_not_stop_but_one_of_the_group_does(version: str) -> None:
    world = World(version, tokens={"A": "fleet", "B": "fleet", "C": None})
    world.state(PLUGGED)
    world.swipe("A")
    assert world.swipe("C") == "rejected"
    assert world.station.evses.flows[1].transaction
    assert world.swipe("B") == "stopped"
    assert world.station.evses.flows[1].transaction is None
    assert "Authorize" not in world.actions()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_free_charger_asks_nobody(version: str) -> None:
    world = World(version, free=True)
    world.state(CHARGING)
    world.state(IDLE)
    assert "Authorize" not in world.actions()
    assert not world.journal
    started = world.sent[1][1] if version == "2.0.1" else dict(world.sent)["StartTransaction"]
    if version == "2.0.1":
        assert world.sent[1][0] == "TransactionEvent"
        assert started["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    else:
        assert started["idTag"] == "NoAuthorization"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_free_charger_that_was_stopped_stays_stopped_until_the_cable_was_out(version: str) -> None:
    world = World(version, free=True)
    world.state(CHARGING)
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    assert world.station.control.remote_stop(transaction.id, world.clock.now())
    world.state({**PLUGGED, "status": "suspended_evse"})
    assert world.station.evses.flows[1].transaction is None
    assert world.last(Permit) == Permit(1, False)
    world.state(IDLE)
    world.state(PLUGGED)
    assert world.station.evses.flows[1].transaction


def test_the_answer_to_a_start_may_refuse_the_token() -> None:
    world = World(tokens={"A": None})
    world.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    world.state(PLUGGED)
    world.swipe("A")
    assert world.events() == [("Started", "Authorized"), ("Ended", "Deauthorized")]
    assert world.sent[-1][1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"


def test_without_stop_on_invalid_id_a_refused_token_only_stops_the_energy() -> None:
    world = World(tokens={"A": None}, defaults={"StopTxOnInvalidId": "false"})
    world.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    world.state(PLUGGED)
    world.swipe("A")
    assert world.station.evses.flows[1].transaction
    assert world.last(Permit) == Permit(1, False)


@pytest.mark.parametrize("version", VERSIONS)
def test_offline_a_whole_session_is_kept_and_told_later_in_order(version: str) -> None:
    world = World(version, tokens={"A": None})
    world.disconnect()
    world.state(PLUGGED)
    world.swipe("A")
    world.state(CHARGING)
    world.advance(120)
    world.state({**IDLE, "energy_total": 12.0})
    assert not world.sent
    assert len(world.journal) == (5 if version else 0)
    world.restart()
    world.connect()
    told = [
        payload
        for action, payload in world.sent
        if action in ("TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues")
    ]
    if version == "2.0.1":
        assert [event["seqNo"] for event in told] == list(range(5))
        assert all(event["offline"] for event in told)
        assert told[0]["timestamp"] < told[-1]["timestamp"]
    else:
        assert [payload.get("transactionId") for payload in told] == [None, 100, 100, 100]
    assert not world.journal


def test_offline_unknown_tokens_are_refused_unless_allowed() -> None:
    world = World()
    world.disconnect()
    world.state(PLUGGED)
    assert world.swipe("X") == "rejected"
    world.station.variables.set("OfflineTxForUnknownId", "true")
    assert world.swipe("X") == "accepted"


@pytest.mark.parametrize(("status", "said"), [("Unknown", "accepted"), ("Invalid", "rejected")])
def test_offline_a_token_that_the_csms_did_not_know_is_unknown(status: str, said: str) -> None:
    world = World(defaults={"OfflineTxForUnknownId": "true"})
    world.refuse_tokens(status)
    world.state(PLUGGED)
    world.swipe()
    world.disconnect()
    assert world.swipe() == said


def test_a_known_token_is_good_offline() -> None:
    world = World()
    charge(world)
    world.state(IDLE)
    world.disconnect()
    world.state(PLUGGED)
    assert world.swipe() == "accepted"


def test_a_question_without_answer_is_decided_as_if_offline() -> None:
    world = World()
    world.answers["Authorize"] = "Timeout"
    world.state(PLUGGED)
    world.swipe("X")
    assert world.last(Happened) == Happened("rejected", {"evse": 1, "id_tag": "X", "reason": "Unknown"})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_restart_while_the_car_charges_goes_on_with_the_transaction(version: str) -> None:
    world = World(version)
    charge(world)
    before = world.station.evses.flows[1].transaction
    assert before
    world.restart()
    world.connect()
    world.state({**CHARGING, "energy_total": 10.5})
    after = world.station.evses.flows[1].transaction
    assert after
    assert after.id == before.id
    assert world.last(Permit) == Permit(1, True)
    world.take()
    world.state({**IDLE, "energy_total": 11.0})
    (end,) = [payload for action, payload in world.sent if action in ("TransactionEvent", "StopTransaction")]
    assert end.get("seqNo", 2) == 2
    assert end.get("meterStop", 11000) == 11000


@pytest.mark.parametrize("version", VERSIONS)
def test_a_car_that_left_while_the_hub_was_dead_gets_exactly_one_end(version: str) -> None:
    world = World(version)
    charge(world)
    world.restart()
    world.connect()
    world.take()
    world.state({**IDLE, "energy_total": 13.0})
    world.state({**IDLE, "energy_total": 13.0})
    ends = [a for a, p in world.sent if a == "StopTransaction" or p.get("eventType") == "Ended"]
    assert len(ends) == 1
    assert not world.journal


def test_a_silent_charger_keeps_its_transaction_for_ten_minutes() -> None:
    world = World()
    charge(world)
    world.state({"status": "faulted", "plugged": None, "power": None, "error_code": "offline"})
    world.advance(599)
    assert world.station.evses.flows[1].transaction
    world.state(CHARGING)
    world.state({"status": "faulted", "plugged": None, "power": None})
    world.advance(601)
    assert world.station.evses.flows[1].transaction is None
    assert world.events()[-1] == ("Ended", "AbnormalCondition")


def test_energy_never_runs_backwards() -> None:
    world = World()
    charge(world)
    world.state({**CHARGING, "energy_total": 12.0})
    world.state({**CHARGING, "energy_total": 0.5})
    world.state({**IDLE, "energy_total": 1.0})
    ended = dict(world.sent)["TransactionEvent"]
    assert ended["meterValue"][-1]["sampledValue"][0]["value"] == 12500


def test_what_only_the_station_knows_is_annotated() -> None:
    world = World()
    charge(world)
    annotation = world.last(Annotate)
    assert annotation.values["status"] is None
    assert annotation.values["id_tag"] == "CARD1"
    assert annotation.values["transaction_id"]
    before = len([effect for effect in world.effects if isinstance(effect, Annotate)])
    world.state({**CHARGING, "status": "suspended_ev"})
    assert len([effect for effect in world.effects if isinstance(effect, Annotate)]) == before
    world.swipe()
    assert world.last(Annotate).values["status"] == "finishing"
    assert world.last(Annotate).values["transaction_id"] is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_that_is_refused_is_tried_again_and_buried_in_the_end(version: str) -> None:
    world = World(version, defaults={"MessageAttempts": "3", "MessageAttemptInterval": "10"})
    action = "TransactionEvent" if version == "2.0.1" else "StartTransaction"
    attempts = []

    def refuse(_action: str, _payload: Any) -> str:
        attempts.append(world.clock.now().mono)
        return "InternalError"

    world.answers[action] = refuse
    world.state(PLUGGED)
    world.swipe()
    world.advance(9)
    assert len(attempts) == 1
    world.advance(25)
    assert [round(b - a) for a, b in itertools.pairwise(attempts[:3])] == [10, 20]
    assert [buried.reason for buried in world.buried][:1] == ["InternalError"]
    world.answers.clear()
    world.state(IDLE)
    world.advance(100)
    assert not world.journal
    assert len(world.buried) == 1


def test_what_a_transaction_used_that_the_csms_gave_no_number_is_told_all_the_same() -> None:
    world = World("1.6", defaults={"MessageAttempts": "3", "TxUpdatedInterval": "20"})
    world.answers["StartTransaction"] = "NotImplemented"
    world.state(PLUGGED)
    world.swipe()
    world.state(CHARGING)
    world.advance(50)
    world.state(IDLE)
    world.advance(1)
    (stop,) = (payload for action, payload in world.sent if action == "StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (-1, "EVDisconnected")
    told = [payload for action, payload in world.sent if action == "MeterValues"]
    assert len(told) == 2
    assert not any("transactionId" in payload for payload in told)
    assert world.actions().count("StartTransaction") == 3


def test_a_lost_connection_costs_no_attempt() -> None:
    world = World(defaults={"MessageAttempts": "1"})
    world.answers["TransactionEvent"] = "hold"
    world.state(PLUGGED)
    world.swipe()
    for _ in range(5):
        world.disconnect()
        world.connect()
    assert not world.buried
    world.answers.clear()
    world.release()
    world.disconnect()
    world.connect()
    assert not world.journal
    assert [p["seqNo"] for a, p in world.sent if a == "TransactionEvent"][-1] == 0


def test_clock_aligned_values_come_on_the_grid() -> None:
    world = World(defaults={"AlignedInterval": "900", "TxUpdatedInterval": "0"})
    world.clock.advance(0.5)
    charge(world)
    world.advance(1800)
    aligned = [p for a, p in world.sent if p.get("triggerReason") == "MeterValueClock"]
    assert [p["meterValue"][0]["timestamp"][11:19] for p in aligned] == ["00:15:00", "00:30:00"]
    world.state(IDLE)
    world.take()
    world.advance(900)
    assert [a for a in world.actions() if a != "Heartbeat"] == ["MeterValues"]


def set_variable(world: World, component: str, name: str, text: str) -> str:
    asked = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": text}
    (result,) = world.ask("SetVariables", {"setVariableData": [asked]})["setVariableResult"]
    return str(result["attributeStatus"])


def test_values_that_are_switched_off_are_not_told() -> None:
    world = World(defaults={"AlignedInterval": "300", "TxUpdatedInterval": "60", "TxEndedInterval": "60"})
    charge(world)
    for component in ("SampledDataCtrlr", "AlignedDataCtrlr"):
        assert set_variable(world, component, "Enabled", "false") == "Accepted"
    world.take()
    world.advance(600)
    assert "TransactionEvent" not in world.actions()
    assert set_variable(world, "AlignedDataCtrlr", "Enabled", "true") == "Accepted"
    world.advance(300)
    assert world.events() == [("Updated", "MeterValueClock")]
    world.state(IDLE)
    assert "meterValue" not in next(p for a, p in reversed(world.sent) if a == "TransactionEvent")


def test_history_of_the_samples_comes_with_the_end() -> None:
    world = World("1.6", defaults={"TxEndedInterval": "60"})
    charge(world)
    world.advance(120)
    world.state(IDLE)
    stop = dict(world.sent)["StopTransaction"]
    contexts = [value["sampledValue"][0]["context"] for value in stop["transactionData"]]
    assert contexts == ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"]
    assert stop["transactionData"][0]["timestamp"] == dict(world.sent)["StartTransaction"]["timestamp"]


def test_heartbeats_keep_their_rhythm() -> None:
    world = World()
    world.advance(900)
    assert world.actions() == ["Heartbeat"] * 3


START_STOP = st.sets(
    st.sampled_from(["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"]), min_size=1
)
STEPS = st.lists(
    st.sampled_from(
        [
            "plug",
            "charge",
            "unplug",
            "swipe",
            "other",
            "connect",
            "disconnect",
            "kill",
            "wait",
            "fail",
            "good",
        ]
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, START_STOP, START_STOP, st.sampled_from(VERSIONS))
def test_nothing_is_lost_doubled_or_out_of_order(
    steps: list[str], start: set[str], stop: set[str], version: str
) -> None:
    defaults = {"TxStartPoint": ",".join(start), "TxStopPoint": ",".join(stop), "MessageAttempts": "1000"}
    world = World(version, tokens={"A": None, "B": None}, defaults=defaults)
    online = True
    energy = 10.0
    for step in [*steps, "unplug", "good", "disconnect", "connect", "wait"]:
        energy += 0.1
        if step in ("plug", "charge", "unplug"):
            base = {"plug": PLUGGED, "charge": CHARGING, "unplug": IDLE}[step]
            world.state({**base, "energy_total": energy})
        elif step in ("swipe", "other"):
            world.swipe("A" if step == "swipe" else "B")
        elif step in ("connect", "disconnect", "kill"):
            if step == "kill":
                world.restart()
                online = False
            elif (step == "connect") != online:
                getattr(world, step)()
                online = not online
        elif step == "wait":
            world.advance(70)
        else:
            world.answers = (
                dict.fromkeys(("TransactionEvent", "StartTransaction"), "InternalError")
                if step == "fail"
                else {}
            )
    world.advance(4000 * 30)
    _check(world)


def _check(world: World) -> None:
    accepted: dict[str, list[int]] = {}
    for action, payload in world.sent:
        if action == "TransactionEvent":
            accepted.setdefault(payload["transactionInfo"]["transactionId"], []).append(payload["seqNo"])
    for numbers in accepted.values():
        # Repeats are of the one message that was under way; else 0, 1, 2 ... without a gap.
        assert [number for number, _ in itertools.groupby(numbers)] == list(range(numbers[-1] + 1))
    running = world.station.evses.flows[1].transaction
    for transaction in accepted:
        last = [
            p
            for a, p in world.sent
            if a == "TransactionEvent" and p["transactionInfo"]["transactionId"] == transaction
        ][-1]
        assert last["eventType"] == "Ended" or (running and running.id == transaction)
    assert not world.buried
    assert not world.journal


def test_a_master_pass_stops_everything_and_starts_nothing() -> None:
    world = World(evses=2, tokens={"M": "masters"}, defaults={"MasterPassGroupId": "masters"})
    world.state(PLUGGED)
    assert world.swipe("M") == "rejected"
    world.swipe("A")
    world.state(PLUGGED, evse=2)
    world.swipe("B", evse=2)
    world.take()
    assert world.swipe("M", evse=1) == "stopped"
    assert world.events() == [("Ended", "StopAuthorized")] * 2
    reasons = [p["transactionInfo"]["stoppedReason"] for a, p in world.sent if a == "TransactionEvent"]
    assert reasons == ["MasterPass", "MasterPass"]


def test_energy_that_a_refused_token_may_still_have() -> None:
    world = World(tokens={"A": None}, defaults={"MaxEnergyOnInvalidId": "500"})
    world.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    world.state(PLUGGED)
    world.swipe("A")
    world.state({**CHARGING, "energy_total": 10.4})
    assert world.station.evses.flows[1].transaction
    world.restart()
    world.connect()
    world.state({**CHARGING, "energy_total": 10.6})
    assert world.station.evses.flows[1].transaction is None
    assert world.events()[-1] == ("Ended", "Deauthorized")


def test_a_token_may_be_good_for_some_evses_only() -> None:
    world = World(evses=2)
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    world.state(PLUGGED)
    world.swipe("A", evse=1)
    assert world.last(Happened).details["reason"] == "NotAllowedTypeEVSE"
    world.state(PLUGGED, evse=2)
    assert world.swipe("A", evse=2) == "accepted"


@pytest.mark.parametrize(
    ("point", "trigger", "reason"),
    [("EnergyTransfer", "ChargingStateChanged", "StoppedByEV"), ("PowerPathClosed", None, None)],
)
def test_energy_that_stops_ends_it_where_that_is_a_stop_point(
    point: str, trigger: str | None, reason: str | None
) -> None:
    world = World(defaults={"TxStopPoint": point})
    charge(world)
    world.take()
    world.state({**CHARGING, "status": "suspended_ev", "power": 0.0})
    ended = [p for a, p in world.sent if a == "TransactionEvent" and p["eventType"] == "Ended"]
    assert [(p["triggerReason"], p["transactionInfo"]["stoppedReason"]) for p in ended] == (
        [(trigger, reason)] if trigger else []
    )


def test_no_energy_without_a_transaction_where_the_cable_that_begins_one_is_in_already() -> None:
    world = World(defaults={"TxStartPoint": "EVConnected"})
    charge(world)
    running = world.station.evses.flows[1].transaction
    assert running
    world.ask("RequestStopTransaction", {"transactionId": running.id})
    world.take()
    world.swipe("CARD2")
    assert world.events() == [("Started", "Authorized")]
    assert world.last(Permit) == Permit(1, True)


def test_energy_that_flows_begins_it_where_that_is_the_start_point() -> None:
    world = World(defaults={"TxStartPoint": "EnergyTransfer"})
    world.state(PLUGGED)
    world.swipe()
    assert world.events() == []
    world.state(CHARGING)
    assert world.events() == [("Started", "ChargingStateChanged")]
    assert world.sent[-1][1]["transactionInfo"]["chargingState"] == "Charging"


@pytest.mark.parametrize(("version", "first"), [("1.6", ["Transaction.Begin"]), ("2.0.1", [])])
def test_the_last_message_carries_what_was_sampled(version: str, first: list[str]) -> None:
    world = World(version, defaults={"TxEndedInterval": "60", "TxUpdatedInterval": "0"})
    charge(world)
    world.advance(185)
    world.state(IDLE)
    last = dict(world.sent)["TransactionEvent" if version == "2.0.1" else "StopTransaction"]
    values = last.get("meterValue") or last["transactionData"]
    assert [value["sampledValue"][0]["context"] for value in values] == [
        *first,
        *["Sample.Periodic"] * 3,
        "Transaction.End",
    ]


def test_the_last_message_carries_the_begin_and_what_follows_although_the_hub_was_killed() -> None:
    world = World("1.6", defaults={"TxUpdatedInterval": "60"})
    charge(world)
    begun = world.clock.now().wall
    world.advance(130)
    world.restart()
    world.connect()
    world.state(CHARGING)
    world.advance(60)
    world.state(IDLE)
    values = dict(world.sent)["StopTransaction"]["transactionData"]
    contexts = [value["sampledValue"][0]["context"] for value in values]
    assert contexts == ["Transaction.Begin", "Sample.Periodic", "Transaction.End"]
    assert values[0]["timestamp"] == rfc3339(begun)


def test_of_too_many_values_every_second_goes() -> None:
    world = World(defaults={"TxEndedInterval": "1", "TxUpdatedInterval": "0"})
    charge(world)
    world.advance(400)
    transaction = world.station.evses.flows[1].transaction
    assert transaction
    assert 100 < len(transaction.history) <= 250
    assert transaction.history[0].at == "2026-01-01T00:00:01.000Z"


def test_the_cache_lives_from_its_last_use() -> None:
    world = World(defaults={"AuthCacheLifeTime": "100"})
    for _ in range(3):
        world.swipe()
        world.advance(61)
    assert world.actions().count("Authorize") == 1
    world.advance(101)
    world.swipe()
    assert world.actions().count("Authorize") == 2


def test_what_is_measured_is_told_to_the_hub_too() -> None:
    """Each value once, whatever else the last message carries."""
    world = World(defaults={"TxEndedInterval": "60", "TxUpdatedInterval": "60"})
    charge(world)
    world.advance(60)
    world.state({**IDLE, "energy_total": 11.0})
    taken = [effect for effect in world.effects if isinstance(effect, Measured)]
    assert [effect.value.samples[0].context for effect in taken] == [
        "Transaction.Begin",
        "Sample.Periodic",
        "Transaction.End",
    ]
    assert [effect.evse for effect in taken] == [1, 1, 1]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("point", ["PowerPathClosed", "Authorized"])
def test_a_card_at_the_shared_reader_follows_the_cable(version: str, point: str) -> None:
    world = World(version, evses=2, defaults={"TxStartPoint": point})
    world.state(IDLE, evse=2)
    world.take()
    world.swipe("CARD1", evse=0)
    world.state(PLUGGED, evse=2)
    world.state(CHARGING, evse=2)
    first, second = world.station.evses.flows.values()
    assert (first.grant, first.transaction) == (None, None)
    assert second.grant is not None
    assert [effect for effect in world.effects if isinstance(effect, Permit)][-1] == Permit(2, True)
    world.advance(61)
    assert second.transaction
    if version == "1.6" and point == "PowerPathClosed":
        assert dict(world.sent)["StartTransaction"]["connectorId"] == 2
    world.restart()
    assert world.station.evses.flows[2].transaction
    assert world.station.evses.flows[1].transaction is None


def test_a_refusal_finds_the_transaction_that_has_moved() -> None:
    world = World(evses=2, defaults={"TxStartPoint": "Authorized"})
    world.state(IDLE, evse=2)
    world.answers["TransactionEvent"] = "hold"
    world.swipe("CARD1", evse=0)
    world.state(PLUGGED, evse=2)
    world.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    world.release()
    assert world.events()[-1] == ("Ended", "Deauthorized")


def test_the_phases_in_use_are_told_when_they_are_new() -> None:
    world = World()
    world.state(PLUGGED)
    world.swipe()
    world.state({**CHARGING, "phases_active": 3})
    world.advance(61)
    world.state({**CHARGING, "phases_active": 1})
    world.advance(60)
    told = [p.get("numberOfPhasesUsed") for a, p in world.sent if a == "TransactionEvent"]
    assert told == [None, 3, None, 1]


def test_a_transaction_that_nobody_was_authorized_for_ends_with_the_cable() -> None:
    world = World(defaults={"TxStartPoint": "EVConnected", "TxStopPoint": "Authorized"})
    world.state(PLUGGED)
    world.state(IDLE)
    assert world.events() == [("Started", "CablePluggedIn"), ("Ended", "EVCommunicationLost")]


def test_the_wait_for_the_cable_goes_on_after_a_restart() -> None:
    world = World(defaults={"TxStartPoint": "Authorized"})
    world.swipe()
    world.restart()
    world.connect()
    world.state(IDLE)
    world.advance(61)
    assert (world.events()[0], world.events()[-1]) == (
        ("Started", "Authorized"),
        ("Ended", "EVConnectTimeout"),
    )


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ("PowerPathClosed", [("Started", "CablePluggedIn", "EVConnected"), CHARGES]),
        ("EnergyTransfer", [("Started", "ChargingStateChanged", "Charging")]),
        (
            "Authorized",
            [("Started", "Authorized", "Idle"), ("Updated", "CablePluggedIn", "EVConnected"), CHARGES],
        ),
    ],
)
def test_a_reading_with_cable_and_energy_is_told_in_the_order_of_things(
    point: str, told: list[tuple[str, str, str]]
) -> None:
    world = World(defaults={"TxStartPoint": point})
    world.swipe()
    world.state(CHARGING)
    events = [said for action, said in world.sent if action == "TransactionEvent"]
    assert [
        (said["eventType"], said["triggerReason"], said["transactionInfo"]["chargingState"])
        for said in events
    ] == told
