"""The states that a case of 2.1 begins in."""

import pytest

from tests.conformance.bench import Bench


@pytest.fixture
def booted() -> Bench:
    return Bench("2.1")


@pytest.fixture
def charging(booted: Bench) -> Bench:
    """EnergyTransferStarted, by CARD1."""
    booted.plug()
    booted.present("CARD1")
    booted.take()
    return booted
