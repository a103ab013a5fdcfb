"""The RPC layer: every call settled once, every frame answered as its version wants it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ocpp.errors import ErrorCode
from hub.ocpp.rpc import (
    MAX_OVERDUE,
    MAX_UNANSWERED,
    Answered,
    CallReceived,
    Event,
    Failed,
    Ignored,
    Late,
    Rpc,
    SendText,
)
from hub.ocpp.schemas import Schemas, Violation, schemas


def rpc(version: str = "2.0.1") -> Rpc:
    return Rpc(schemas(version))


def error_of(events: list[Event]) -> tuple[str, str]:
    (event,) = events
    assert isinstance(event, SendText)
    kind, message_id, code, description, details = json.loads(event.text)
    assert (kind, details) == (4, {})
    assert len(description) <= 255
    return message_id, code


def test_a_call_is_received_and_answered_once() -> None:
    link = rpc()
    (event,) = link.receive('[2,"19","Reset",{"type":"Immediate"}]', 0)
    assert event == CallReceived("19", "Reset", {"type": "Immediate"})
    assert link.reply("19", {"status": "Accepted"}) == '[3,"19",{"status":"Accepted"}]'
    assert link.reply("19", {"status": "Accepted"}) is None
    assert link.reply_error("19", ErrorCode.GENERIC) is None
    assert isinstance(link.receive('[2,"19","Reset",{"type":"Immediate"}]', 0)[0], Ignored)


def test_a_whole_number_is_an_integer_however_it_is_spelled() -> None:
    (event,) = rpc().receive('[2,"1","ClearDisplayMessage",{"id":7.0}]', 0)
    assert isinstance(event, CallReceived)
    assert str(event.payload["id"]) == "7"
    (event,) = rpc().receive('[2,"2","CostUpdated",{"totalCost":1e300,"transactionId":"x"}]', 0)
    assert isinstance(event, CallReceived)
    assert event.payload["totalCost"] == 1e300


def test_an_own_call_is_settled_by_its_answer_and_by_nothing_else() -> None:
    link = rpc()
    frame = json.loads(link.call("boot", "Heartbeat", {}, 0))
    assert frame[0] == 2
    assert len(frame[1]) <= 36
    assert not link.idle
    with pytest.raises(RuntimeError):
        link.call("second", "Heartbeat", {}, 0)
    assert isinstance(link.receive('[3,"other",{}]', 0)[0], Ignored)
    answer = {"currentTime": "2026-01-01T00:00:00Z"}
    assert link.receive(json.dumps([3, frame[1], answer]), 0) == [Answered("boot", answer)]
    assert link.idle
    assert isinstance(link.receive(json.dumps([3, frame[1], answer]), 0)[0], Ignored)
    assert link.ignored == 2


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ([4, "ID", "InternalError", "words", {}], Failed("r", "InternalError", "words")),
        ([4, "ID", "", None, None], Failed("r", "GenericError")),
        ([4, "ID"], Failed("r", "GenericError")),
        ([3, "ID", []], Failed("r", "FormatViolation", "expected [3, id, payload]")),
        ([3, "ID"], Failed("r", "FormatViolation", "expected [3, id, payload]")),
        ([3, "ID", {}], Failed("r", "FormatViolation", "required")),
    ],
)
def test_an_answer_that_is_none_fails_the_call(answer: list[object], failed: Failed) -> None:
    link = rpc()
    answer[1] = json.loads(link.call("r", "Heartbeat", {}, 0))[1]
    assert link.receive(json.dumps(answer), 0) == [failed]
    assert link.idle


@pytest.mark.parametrize(
    ("more", "info"),
    [
        ({"traceId": "x", "meta": {"a": [1]}}, {}),
        ({}, {"parentIdTag": None, "expiryDate": None}),
        ({}, {"name": "Somebody", "expiryDate": None}),
    ],
)
def test_what_a_csms_says_beyond_the_schema_costs_no_transaction(
    more: dict[str, Any], info: dict[str, Any]
) -> None:
    link = Rpc(schemas("1.6"))
    number = json.loads(link.call("r", "StartTransaction", {}, 0))[1]
    answer = {"transactionId": 7, "idTagInfo": {"status": "Accepted", **info}, **more}
    good = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    assert link.receive(json.dumps([3, number, answer]), 0) == [Answered("r", good)]


def test_silence_and_the_loss_of_the_link_fail_the_call() -> None:
    link = rpc()
    assert link.deadline() is None
    link.call("r", "Heartbeat", {}, 10)
    assert link.deadline() == 40
    assert link.expire(39) == []
    assert link.expire(40) == [Failed("r", "Timeout", "no answer to Heartbeat")]
    link.call("r", "SecurityEventNotification", {}, 40, patience_s=10)
    assert link.expire(50) == [Failed("r", "Timeout", "no answer to SecurityEventNotification")]
    assert link.lost() == []
    link.receive('[2,"1","Reset",{"type":"OnIdle"}]', 0)
    link.call("r", "Heartbeat", {}, 50)
    assert link.lost() == [Failed("r", "Disconnected")]
    assert link.reply("1", {}) is None


def test_an_answer_after_the_time_out_is_told_once_and_is_no_replay() -> None:
    link = rpc()
    message_id = json.loads(link.call("r", "Heartbeat", {}, 0.0))[1]
    assert link.expire(30)
    answer = json.dumps([3, message_id, {"currentTime": "2026-01-01T00:00:00Z"}])
    assert link.receive(answer, 31.0) == [Late("r")]
    assert link.receive(answer, 32.0) == [Ignored("an answer that nothing waits for", replay=True)]


def test_only_the_latest_time_outs_are_remembered() -> None:
    link = rpc()
    ids = []
    for now in range(MAX_OVERDUE + 1):
        ids.append(json.loads(link.call(now, "Heartbeat", {}, now))[1])
        assert link.expire(now + 30)
    assert [type(link.receive(json.dumps([3, one, {}]), 99.0)[0]) for one in ids[:2]] == [Ignored, Late]


@pytest.mark.parametrize(
    ("text", "version", "message_id", "code"),
    [
        ("nonsense", "2.0.1", "-1", "RpcFrameworkError"),
        ("nonsense", "1.6", "-1", "GenericError"),
        (b"[2]", "2.0.1", "-1", "RpcFrameworkError"),
        ("{}", "2.0.1", "-1", "RpcFrameworkError"),
        ("[]", "2.0.1", "-1", "RpcFrameworkError"),
        ('["2"]', "2.0.1", "-1", "RpcFrameworkError"),
        ("[true]", "2.0.1", "-1", "RpcFrameworkError"),
        ("[2]", "2.0.1", "-1", "RpcFrameworkError"),
        ('[2,"","Reset",{}]', "2.0.1", "-1", "RpcFrameworkError"),
        ('[2,7,"Reset",{}]', "2.0.1", "-1", "RpcFrameworkError"),
        (json.dumps([2, "x" * 37, "Reset", {}]), "2.0.1", "-1", "RpcFrameworkError"),
        ('[7,"1","Reset",{}]', "2.0.1", "1", "MessageTypeNotSupported"),
        ("[7]", "2.0.1", "-1", "MessageTypeNotSupported"),
        ('[2,"1","Reset"]', "2.0.1", "1", "FormatViolation"),
        ('[2,"1","Reset",[]]', "2.0.1", "1", "FormatViolation"),
        ('[2,"1","Reset",[]]', "1.6", "1", "FormationViolation"),
        ('[2,"1","Fly",{}]', "2.0.1", "1", "NotImplemented"),
        ('[2,"1","Reset",{"type":5}]', "2.0.1", "1", "TypeConstraintViolation"),
        ('[2,"1","Reset",{"type":null}]', "2.0.1", "1", "TypeConstraintViolation"),
        ('[2,"1","Reset",{}]', "2.0.1", "1", "OccurrenceConstraintViolation"),
        ('[2,"1","Reset",{}]', "1.6", "1", "OccurenceConstraintViolation"),
        ('[2,"1","Reset",{"type":"Gentle"}]', "2.0.1", "1", "PropertyConstraintViolation"),
        ('[2,"1","Reset",{"type":"Soft","more":1}]', "1.6", "1", "FormationViolation"),
        ('[2,"1","GetVariables",{"getVariableData":[]}]', "2.0.1", "1", "OccurrenceConstraintViolation"),
        (
            json.dumps([2, "1", "DataTransfer", {"vendorId": "v", "data": "x" * 1_100_000}]),
            "1.6",
            "-1",
            "GenericError",
        ),
        ("[2," + "[" * 70 + "]" * 70 + "]", "2.0.1", "-1", "RpcFrameworkError"),
    ],
)
def test_bad_frames_get_the_exact_error(text: str | bytes, version: str, message_id: str, code: str) -> None:
    assert error_of(rpc(version).receive(text, 0)) == (message_id, code)


@pytest.mark.parametrize(
    ("version", "action", "payload", "meant"),
    [
        ("1.6", "GetConfiguration", {"key": None}, {}),
        ("1.6", "TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": None}, None),
        ("2.0.1", "Reset", {"type": "OnIdle", "evseId": None, "customData": None}, None),
        (
            "2.1",
            "GetChargingProfiles",
            {"requestId": 1, "evseId": None, "chargingProfile": {"stackLevel": None}},
            {"requestId": 1, "chargingProfile": {}},
        ),
    ],
)
def test_an_optional_member_that_is_null_is_not_there(
    version: str, action: str, payload: dict[str, object], meant: dict[str, object] | None
) -> None:
    (event,) = rpc(version).receive(json.dumps([2, "1", action, payload]), 0)
    assert isinstance(event, CallReceived)
    given = {name: value for name, value in payload.items() if value is not None}
    assert event.payload == (given if meant is None else meant)


def test_a_null_that_is_allowed_stays() -> None:
    payload = {"type": "OnIdle", "customData": {"vendorId": "acme", "note": None}}
    (event,) = rpc("2.0.1").receive(json.dumps([2, "1", "Reset", payload]), 0)
    assert isinstance(event, CallReceived)
    assert event.payload == payload


def test_brackets_in_texts_are_no_depth() -> None:
    payload = {"vendorId": "v", "data": '[{"\\' * 50}
    (event,) = rpc("1.6").receive(json.dumps([2, "1", "DataTransfer", payload]), 0)
    assert isinstance(event, CallReceived)


def test_a_flood_of_calls_is_bounded() -> None:
    link = rpc()
    for number in range(MAX_UNANSWERED):
        link.receive(f'[2,"{number}","ClearCache",{{}}]', 0)
    assert error_of(link.receive('[2,"x","ClearCache",{}]', 0)) == ("x", "GenericError")
    assert link.reply_error("0", ErrorCode.NOT_SUPPORTED, "no") == '[4,"0","NotSupported","no",{}]'


def test_profiles_with_a_decimal_limit_are_valid() -> None:
    period = {"startPeriod": 0, "limit": 21.4}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    schemas("1.6").validate(
        "SetChargingProfile", "request", {"connectorId": 1, "csChargingProfiles": profile}
    )


def test_unknown_answers_have_no_schema() -> None:
    with pytest.raises(KeyError):
        Schemas("1.6").validate("Fly", "response", {})
    with pytest.raises(Violation, match="evse/id"):
        schemas("2.0.1").validate(
            "ChangeAvailability", "request", {"operationalStatus": "Operative", "evse": {"id": "x"}}
        )


FRAME = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Reset", "type"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300)
@given(
    st.one_of(st.text(max_size=60), st.binary(max_size=60), FRAME.map(json.dumps)),
    st.sampled_from(["1.6", "2.0.1"]),
)
def test_nothing_raises_and_the_outstanding_call_survives_nonsense(text: str | bytes, version: str) -> None:
    link = rpc(version)
    link.call("r", "Heartbeat", {}, 0)
    for event in link.receive(text, 0):
        assert not isinstance(event, Answered | Failed)
        if isinstance(event, SendText):
            assert json.loads(event.text)[0] == 4
    assert link.lost() == [Failed("r", "Disconnected")]


def test_what_is_sent_without_an_answer_is_no_call_and_waits_for_none() -> None:
    link = rpc("2.1")
    link.call("mine", "Heartbeat", {}, 0)
    kind, number, action, payload = json.loads(link.send("NotifyPeriodicEventStream", {"id": 1}))
    assert (kind, action, payload) == (6, "NotifyPeriodicEventStream", {"id": 1})
    assert not link.idle
    (ignored,) = link.receive(json.dumps([3, number, {}]), 1)
    assert isinstance(ignored, Ignored)


@pytest.mark.parametrize(
    "frame", ['[5,"1","FormatViolation","",{}]', '[6,"1","NotifyPeriodicEventStream",{}]', "[6]", '[6,"1",7]']
)
def test_2_1_has_messages_that_nobody_answers(frame: str) -> None:
    (event,) = rpc("2.1").receive(frame, 0)
    assert isinstance(event, Ignored)
    (answered,) = rpc("2.0.1").receive(frame, 0)
    assert isinstance(answered, SendText)


@pytest.mark.parametrize(
    ("payload", "code"),
    [('{"status":"Accepted"}', "OccurrenceConstraintViolation"), ("7", "FormatViolation")],
)
def test_in_2_1_a_csms_is_told_that_its_answer_was_none(payload: str, code: str) -> None:
    link = rpc("2.1")
    asked = json.loads(link.call("ref", "BootNotification", {}, 0))[1]
    told, failed = link.receive(f'[3,"{asked}",{payload}]', 1)
    assert isinstance(told, SendText)
    assert json.loads(told.text)[:3] == [5, asked, code]
    assert isinstance(failed, Failed)
    assert (failed.ref, failed.code) == ("ref", "FormatViolation")
    assert link.idle
