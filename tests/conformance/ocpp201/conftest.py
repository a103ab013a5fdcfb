"""The states that a case begins in: the certification's reusable and memory states."""

import pytest

from tests.conformance.bench import Bench

V = "2.0.1"


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
