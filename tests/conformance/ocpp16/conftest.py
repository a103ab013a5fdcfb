"""The states that a case begins in."""

import pytest

from tests.conformance.bench import Bench

V = "1.6"


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


@pytest.fixture
def plugged(booted: Bench) -> Bench:
    """A car is at the connector, nobody is authorized."""
    booted.plug()
    booted.take()
    return booted


@pytest.fixture
def authorized(booted: Bench) -> Bench:
    """Somebody is authorized, no car is there."""
    booted.present("CARD1")
    booted.take()
    return booted


@pytest.fixture
def charging(plugged: Bench) -> Bench:
    """Transaction 100 of CARD1 runs and energy flows."""
    plugged.present("CARD1")
    plugged.take()
    return plugged


@pytest.fixture
def unavailable(booted: Bench) -> Bench:
    booted.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    booted.take()
    return booted


@pytest.fixture
def faulted(booted: Bench) -> Bench:
    booted.fault()
    booted.take()
    return booted


@pytest.fixture
def two() -> Bench:
    """Two connectors."""
    return Bench(V, evses=2)
