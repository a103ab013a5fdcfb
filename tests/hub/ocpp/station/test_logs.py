"""N01 and 1.6's GetLog and GetDiagnostics."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Abandon, Begin, Done, Upload
from tests.hub.ocpp.world import PLUGGED, World

URL = "https://files.example/logs/"


def get_log(made: World, kind: str = "DiagnosticsLog", number: int = 1, **more: Any) -> dict[str, Any]:
    retries = {name: more.pop(name) for name in ("retries", "retryInterval") if name in more}
    log = {"remoteLocation": URL, **more}
    return dict(made.ask("GetLog", {"logType": kind, "requestId": number, "log": log, **retries}))


def finish(made: World, done: Done) -> None:
    made.station.job_done(made.last(Begin).ref, done, made.clock.now())
    made.pump()


def said(made: World) -> list[tuple[str, int | None]]:
    return [(p["status"], p.get("requestId")) for a, p in made.sent if a == "LogStatusNotification"]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_diagnostics_are_uploaded_and_tell_the_station_without_its_secrets(version: str) -> None:
    made = World(version, defaults={"Password": "very-secret-password"})
    made.state(PLUGGED)
    made.swipe()
    made.take()
    answer = get_log(made, number=5)
    assert answer == {"status": "Accepted", "filename": "garage-diagnostics-20260101T000000Z.log"}
    job = made.last(Begin).job
    assert isinstance(job, Upload)
    assert (job.url, job.text) == (URL, None)
    assert "evse 1: preparing" in job.about or "evse 1: suspended" in job.about
    assert "HeartbeatInterval=300" in job.about
    assert "very-secret-password" not in job.about
    finish(made, Done(True))
    assert said(made) == [("Uploading", 5), ("Uploaded", 5)]


def test_the_security_log_is_cut_to_the_times_that_are_asked_for() -> None:
    made = World()
    made.advance(3600)
    made.ask("Reset", {"type": "Immediate"})
    get_log(made, "SecurityLog")
    assert "StartupOfTheDevice" in made.last(Begin).job.text
    get_log(made, "SecurityLog", 2, oldestTimestamp="2026-01-01T00:30:00Z")
    text = made.last(Begin).job.text
    assert "StartupOfTheDevice" not in text
    assert "2026-01-01T01:00:00.000Z ResetOrReboot" in text


def test_a_failed_upload_is_tried_again_and_then_told() -> None:
    made = World()
    get_log(made, retries=1, retryInterval=7)
    finish(made, Done(False, "PermissionDenied"))
    made.advance(6)
    assert said(made) == [("Uploading", 1)]
    made.advance(1)
    finish(made, Done(False, "PermissionDenied"))
    assert said(made) == [("Uploading", 1), ("Uploading", 1), ("PermissionDenied", 1)]


def test_a_second_request_ends_the_first() -> None:
    made = World()
    get_log(made, number=1)
    first = made.last(Begin).ref
    assert get_log(made, number=2)["status"] == "AcceptedCanceled"
    assert Abandon(first) in made.effects
    made.station.job_done(first, Done(True), made.clock.now())
    finish(made, Done(True))
    assert said(made) == [("Uploading", 1), ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2)]


def test_an_address_that_is_not_followed_is_rejected() -> None:
    assert get_log(World(), remoteLocation="scp://files.example/") == {"status": "Rejected"}
    answer = World("1.6").ask("GetDiagnostics", {"location": "http://127.0.0.1/"})
    assert answer == {}


def test_times_that_are_none_are_an_error() -> None:
    assert World("1.6").ask("GetDiagnostics", {"location": URL, "startTime": "2016-12-31T23:59:60Z"}) in (
        "FormatViolation",
        "PropertyConstraintViolation",
    )


def test_1_6_diagnostics_have_messages_of_their_own() -> None:
    made = World("1.6")
    answer = made.ask("GetDiagnostics", {"location": URL, "retries": 1, "retryInterval": 1})
    assert answer["fileName"].startswith("garage-diagnostics-")
    finish(made, Done(False, "BadMessage"))
    made.advance(1)
    finish(made, Done(False, "BadMessage"))
    assert [p["status"] for a, p in made.sent if a == "DiagnosticsStatusNotification"] == [
        "Uploading",
        "UploadFailed",
        "Uploading",
        "UploadFailed",
    ]


def test_a_trigger_tells_what_goes_on() -> None:
    made = World()
    trigger = {"requestedMessage": "LogStatusNotification"}
    made.ask("TriggerMessage", trigger)
    get_log(made, number=4)
    made.ask("TriggerMessage", trigger)
    assert said(made) == [("Idle", None), ("Uploading", 4), ("Uploading", 4)]
    old = World("1.6")
    old.ask("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})
    assert old.sent == [("DiagnosticsStatusNotification", {"status": "Idle"})]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_an_upload_that_a_restart_ended_is_told_to_have_failed(version: str) -> None:
    made = World(version)
    get_log(made, number=5)
    for _ in range(2):
        made.restart()
        made.connect()
    assert said(made) == [("Uploading", 5), ("UploadFailure", 5)]


def test_a_second_request_takes_the_place_of_one_that_waits_for_its_next_try() -> None:
    made = World()
    get_log(made, retries=3, retryInterval=10)
    finish(made, Done(False))
    get_log(made, number=2)
    made.advance(60)
    assert said(made) == [("Uploading", 1), ("AcceptedCanceled", 1), ("Uploading", 2)]
    finish(made, Done(True))
    assert said(made)[-1] == ("Uploaded", 2)


def test_1_6_has_a_trigger_for_each_kind_of_upload() -> None:
    made = World("1.6")
    made.ask("GetDiagnostics", {"location": URL})
    made.take()
    made.ask("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"})
    made.ask("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})
    assert made.take() == [
        ("LogStatusNotification", {"status": "Idle"}),
        ("DiagnosticsStatusNotification", {"status": "Uploading"}),
    ]
