"""What a schema refuses is said in words for the wire, and in words for people."""

import pytest

from hub.ocpp.schemas import Violation, schemas


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"tyep": "Soft"}, "unknown key 'tyep'; did you mean 'type'?"),
        ({"type": "soft"}, '"soft" is not one of "Hard" or "Soft"'),
        ({}, '"type" is a required property'),
        ({"type": "x" * 1000}, '"' + "x" * 199),
    ],
)
def test_a_person_is_told_what_the_payload_says(payload: dict[str, object], words: str) -> None:
    with pytest.raises(Violation) as violation:
        schemas("1.6").validate("Reset", "request", payload)
    assert violation.value.detail() == words
