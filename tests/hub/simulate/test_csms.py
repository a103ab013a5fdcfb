"""The CSMS that people start: what it complains about, and what it doesn't."""

from typing import Any

import pytest

from hub.simulate.csms import Csms, Settings

AT = "2026-01-01T00:00:0{}Z"


def event(number: int, kind: str = "Updated") -> dict[str, Any]:
    return {
        "eventType": kind,
        "seqNo": number,
        "timestamp": AT.format(number),
        "triggerReason": "MeterValuePeriodic",
        "transactionInfo": {"transactionId": "T1"},
    }


@pytest.mark.parametrize(
    ("joins", "numbers", "complaints"),
    [
        (True, (3, 4), []),
        (True, (3, 4, 4), []),
        (True, (3, 5), ["garage: seqNo 5 instead of 4"]),
        (False, (3, 4), ["garage: seqNo 3 instead of 0"]),
    ],
)
def test_a_transaction_that_began_before_is_followed_from_where_it_is(
    joins: bool, numbers: tuple[int, ...], complaints: list[str]
) -> None:
    lines: list[str] = []
    csms = Csms(Settings(joins=joins), tell=lines.append)
    for number in numbers:
        csms.answer("garage", "2.0.1", "TransactionEvent", event(number))
    csms.answer("garage", "2.0.1", "TransactionEvent", event(numbers[-1] + 1, "Ended"))
    assert csms.complaints == complaints
    assert lines.count("garage goes on with a transaction that began before") == int(joins)


@pytest.mark.parametrize(("joins", "complaints"), [(True, 0), (False, 1)])
def test_the_end_of_a_1_6_transaction_that_began_before(joins: bool, complaints: int) -> None:
    csms = Csms(Settings(joins=joins))
    stop = {"transactionId": 1, "timestamp": AT.format(1), "meterStop": 5}
    csms.answer("garage", "1.6", "StopTransaction", stop)
    assert len(csms.complaints) == complaints


def test_its_numbers_are_not_those_of_the_one_before() -> None:
    start = {"connectorId": 1, "idTag": "A", "timestamp": AT.format(1), "meterStart": 5}
    given = Csms(Settings(joins=True)).answer("garage", "1.6", "StartTransaction", start)
    assert given is not None
    assert 1_000_000_000 < given["transactionId"] < 2**31
