"""The states that a case begins in: the certification's reusable and memory states.

Every case is shown a fourth time, in 2.1: all that 2.0.1 has is there as well, and in its words.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.ocpp.schemas import Violation, schemas
from tests.conformance.bench import Bench
from tests.conformance.echonet import KINDS, EchonetOutlet

V = "2.0.1"


@pytest.fixture(params=["any", *KINDS, "2.1"], autouse=True)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    kind = str(request.param)
    if kind in KINDS:
        monkeypatch.setattr(Bench, "outlet", lambda bench, evse: EchonetOutlet(bench, evse, kind))
    if kind == "2.1":
        begin, ask = Bench.__init__, Bench.ask

        def newer(bench: Bench, version: str, **more: Any) -> None:
            begin(bench, "2.1" if version == V else version, **more)

        def asking(bench: Bench, action: str, payload: Mapping[str, Any], **more: Any) -> Any:
            try:
                schemas(bench.version).validate(action, "request", payload)
            except Violation as violation:
                pytest.skip(f"no CSMS can ask for that in 2.1: {violation}")
            return ask(bench, action, payload, **more)

        monkeypatch.setattr(Bench, "__init__", newer)
        monkeypatch.setattr(Bench, "ask", asking)
    return kind


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


@pytest.fixture
def plugged(booted: Bench) -> Bench:
    """EVConnectedPreSession."""
    booted.plug()
    booted.take()
    return booted


@pytest.fixture
def authorized(booted: Bench) -> Bench:
    """Authorized, by CARD1; no car is there."""
    booted.present("CARD1")
    booted.take()
    return booted


@pytest.fixture
def charging(plugged: Bench) -> Bench:
    """EnergyTransferStarted, by CARD1."""
    plugged.present("CARD1")
    plugged.take()
    return plugged


@pytest.fixture
def suspended(charging: Bench) -> Bench:
    """EnergyTransferSuspended, by the car."""
    charging.wants(False)
    charging.take()
    return charging


@pytest.fixture
def unavailable(booted: Bench) -> Bench:
    asked = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    assert booted.ask("ChangeAvailability", asked)["status"] == "Accepted"
    booted.take()
    return booted


@pytest.fixture
def cached(booted: Bench) -> Bench:
    """The cache holds CARD1 as Accepted."""
    booted.present("CARD1")
    booted.advance(61)
    booted.take()
    return booted


@pytest.fixture
def two() -> Bench:
    """Two EVSEs."""
    return Bench(V, evses=2)
