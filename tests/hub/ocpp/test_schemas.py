"""The schemas as they are meant here: what a CSMS may write otherwise than they say."""

import pytest

from hub.ocpp.errors import ErrorCode
from hub.ocpp.schemas import Violation, schemas

BOOT = {"status": "Accepted", "interval": 300}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("at", ["2026-01-01T12:00:00", "2026-01-01T12:00:00.123456"])
def test_a_time_without_a_zone_is_a_time(version: str, at: str) -> None:
    said = {**BOOT, "currentTime": at}
    assert schemas(version).answer("BootNotification", said) == said


@pytest.mark.parametrize(
    "at", ["yesterday", "", "2026-01-01", "2026-02-30T00:00:00", "2026-01-01T00:00:00ZZ"]
)
def test_what_is_no_time_is_refused(at: str) -> None:
    with pytest.raises(Violation) as refused:
        schemas("2.0.1").answer("BootNotification", {**BOOT, "currentTime": at})
    assert refused.value.code is ErrorCode.PROPERTY_CONSTRAINT


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"typee": "Soft"}, "unknown key 'typee'; did you mean 'type'?"),
        ({"type": "soft"}, '"soft" is not one of "Hard" or "Soft"'),
        ({}, '"type" is a required property'),
        ({"type": "x" * 1000}, '"' + "x" * 199),
    ],
)
def test_a_person_is_told_what_the_payload_says(payload: dict[str, object], words: str) -> None:
    with pytest.raises(Violation) as violation:
        schemas("1.6").validate("Reset", "request", payload)
    assert violation.value.detail() == words
