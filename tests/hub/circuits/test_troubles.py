"""What is wrong is told once, and once that it is over."""

import logging

import pytest

from hub.circuits.circuit import Circuit
from hub.circuits.troubles import Troubles
from hub.config.settings import CircuitSettings

SETTINGS = CircuitSettings("shed", "Shed", 32.0, ())


def events(troubles: Troubles, circuit: Circuit, now: float) -> list[str]:
    return [event for event, _ in troubles.look(circuit, now)]


def test_trouble_that_lasts_is_told_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    troubles, circuit = Troubles(), Circuit(SETTINGS)
    seen = []
    for now, load in ((0, 64), (9, 64), (10, 64), (50, 64), (51, 16), (52, 16)):
        circuit.bear(dict.fromkeys(circuit.lines, float(load)), [], now)
        seen += events(troubles, circuit, now)
    assert seen == ["overloaded", "overloaded_no_more"]
    assert list(troubles.due()) == []
    assert caplog.messages == [
        "circuit shed: more may flow than it carries",
        "circuit shed: no more: more may flow than it carries",
    ]


def test_a_moment_s_trouble_is_none() -> None:
    troubles, circuit = Troubles(), Circuit(SETTINGS)
    circuit.unheard = ["box"]
    assert events(troubles, circuit, 0) == []
    assert list(troubles.due()) == [10.0]
    circuit.unheard = []
    assert events(troubles, circuit, 5) == []
    circuit.unheard = ["box"]
    assert events(troubles, circuit, 11) == []


def test_who_was_never_heard_is_named(caplog: pytest.LogCaptureFixture) -> None:
    troubles, circuit = Troubles(), Circuit(SETTINGS)
    circuit.unheard = ["left", "right"]
    events(troubles, circuit, 0)
    assert list(troubles.look(circuit, 10)) == [("unheard", {"chargers": ["left", "right"]})]
    assert caplog.messages == [
        "circuit shed: left, right never answered, and counts with all that it can draw"
    ]
