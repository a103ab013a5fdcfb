"""2.0.1 G: connectors' statuses and their availability."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

PLACES: dict[str, dict[str, Any]] = {
    "EVSE": {"evse": {"id": 1}},
    "connector": {"evse": {"id": 1, "connectorId": 1}},
    "station": {},
}


def change(bench: Bench, place: str, status: str) -> str:
    return str(bench.ask("ChangeAvailability", {"operationalStatus": status, **PLACES[place]})["status"])


@case("TC_G_01_CS", "G01.FR.01", "G01.FR.03")
def test_a_cable_occupies_the_connector(booted: Bench) -> None:
    booted.plug()
    assert booted.statuses() == ["Occupied"]


@case("TC_G_02_CS", "G01.FR.01", "G01.FR.04")
def test_without_the_cable_it_is_available(plugged: Bench) -> None:
    plugged.unplug()
    assert plugged.statuses() == ["Available"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            "EVSE", marks=case("TC_G_03_CS", "G03.FR.01", "G03.FR.04", "G03.FR.06", says="EVSE: off")
        ),
        pytest.param(
            "station", marks=case("TC_G_05_CS", "G04.FR.01", "G04.FR.05", "G04.FR.07", says="station: off")
        ),
        pytest.param(
            "connector",
            marks=case("TC_G_07_CS", "G03.FR.01", "G03.FR.04", "G03.FR.06", says="connector: off"),
        ),
    ],
)
def test_taken_out_of_service(booted: Bench, place: str) -> None:
    assert change(booted, place, "Inoperative") == "Accepted"
    assert booted.statuses() == ["Unavailable"]
    booted.plug()
    booted.present("CARD1")
    assert booted.told("TransactionEvent") == []
    assert booted.statuses() == ["Unavailable"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("EVSE", marks=case("TC_G_09_CS", "G03.FR.01", "G03.FR.03", says="EVSE: on, and is on")),
        pytest.param(
            "station", marks=case("TC_G_12_CS", "G04.FR.01", "G04.FR.04", says="station: on, and is on")
        ),
        pytest.param(
            "connector", marks=case("TC_G_15_CS", "G03.FR.01", "G03.FR.03", says="connector: on, and is on")
        ),
    ],
)
def test_in_service_already(booted: Bench, place: str) -> None:
    assert change(booted, place, "Operative") == "Accepted"
    assert booted.actions() == []


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            "EVSE", marks=case("TC_G_04_CS", "G03.FR.01", "G03.FR.04", "G03.FR.07", says="EVSE: on again")
        ),
        pytest.param(
            "station",
            marks=case("TC_G_06_CS", "G04.FR.01", "G04.FR.05", "G04.FR.08", says="station: on again"),
        ),
        pytest.param(
            "connector",
            marks=case("TC_G_08_CS", "G03.FR.01", "G03.FR.04", "G03.FR.07", says="connector: on again"),
        ),
    ],
)
def test_back_in_service(booted: Bench, place: str) -> None:
    change(booted, place, "Inoperative")
    booted.take()
    assert change(booted, place, "Operative") == "Accepted"
    assert booted.statuses() == ["Available"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            "EVSE", marks=case("TC_G_10_CS", "G03.FR.01", "G03.FR.03", says="EVSE: off, and is off")
        ),
        pytest.param(
            "station", marks=case("TC_G_13_CS", "G04.FR.01", "G04.FR.04", says="station: off, and is off")
        ),
        pytest.param(
            "connector", marks=case("TC_G_16_CS", "G03.FR.01", "G03.FR.03", says="connector: off, and is off")
        ),
    ],
)
def test_out_of_service_already(booted: Bench, place: str) -> None:
    change(booted, place, "Inoperative")
    booted.take()
    assert change(booted, place, "Inoperative") == "Accepted"
    assert booted.actions() == []


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            "EVSE", marks=case("TC_G_11_CS", "G03.FR.01", "G03.FR.05", says="EVSE: off when it is free")
        ),
        pytest.param(
            "station", marks=case("TC_G_14_CS", "G04.FR.01", "G04.FR.06", says="station: off when it is free")
        ),
        pytest.param(
            "connector", marks=case("TC_G_17_CS", "G03.FR.01", "G03.FR.05", says="connector: off when free")
        ),
    ],
)
def test_out_of_service_when_the_transaction_has_ended(charging: Bench, place: str) -> None:
    assert change(charging, place, "Inoperative") == "Scheduled"
    assert charging.statuses() == []
    assert charging.outlets[1].charging
    charging.present("CARD1")
    charging.unplug()
    assert charging.statuses() == ["Unavailable"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            "EVSE", marks=case("TC_G_18_CS", "G01.FR.01", "G03.FR.08", says="EVSE: off after a power cut")
        ),
        pytest.param("station", marks=case("TC_G_21_CS", "G04.FR.09", says="station: off after a power cut")),
        pytest.param(
            "connector", marks=case("TC_G_19_CS", "G03.FR.08", says="connector: off after a power cut")
        ),
    ],
)
def test_out_of_service_over_a_power_cut(booted: Bench, place: str) -> None:
    change(booted, place, "Inoperative")
    booted.power_loss()
    assert booted.statuses()[-1] == "Unavailable"
    booted.ask("Reset", {"type": "Immediate"})
    booted.advance(5)
    assert booted.statuses()[-1] == "Unavailable"
