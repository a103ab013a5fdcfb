"""2.0.1 J: meter values."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case

ENERGY = "Energy.Active.Import.Register"


def setting(bench: Bench, **variables: str) -> Bench:
    """`AlignedDataCtrlr` and `SampledDataCtrlr`, by `Aligned_Interval` and such."""
    for name, value in variables.items():
        controller, variable = name.split("_")
        assert bench.set(f"{controller}DataCtrlr.{variable}", value) == "Accepted"
    bench.take()
    return bench


def contexts(said: Any) -> list[str]:
    return [value["sampledValue"][0]["context"] for value in said.get("meterValue", ())]


def times(said: Any) -> list[str]:
    return [value["timestamp"][11:19] for value in said.get("meterValue", ())]


@case("TC_J_01_CS", "J01.FR.01", "J01.FR.02", "J01.FR.03", "J01.FR.06", "J01.FR.14", "J01.FR.15")
def test_on_the_clock_without_a_transaction(booted: Bench) -> None:
    setting(booted, Aligned_Interval="300", Aligned_Measurands=f"{ENERGY},Voltage")
    booted.advance(100)
    booted.advance(900)
    told = booted.told("MeterValues")
    assert [times(said) for said in told] == [["00:05:00"], ["00:10:00"], ["00:15:00"]]
    assert {context for said in told for context in contexts(said)} == {"Sample.Clock"}
    samples = told[0]["meterValue"][0]["sampledValue"]
    assert {sample["measurand"] for sample in samples} == {ENERGY, "Voltage"}


@case("TC_J_02_CS", "J01.FR.01", "J01.FR.02", "J01.FR.03", "J01.FR.06", "J01.FR.14")
def test_on_the_clock_while_a_transaction_runs(charging: Bench) -> None:
    setting(charging, Aligned_Interval="300", Sampled_TxUpdatedInterval="0")
    charging.advance(601)
    told = [said for said in charging.told("TransactionEvent") if said["triggerReason"] == "MeterValueClock"]
    assert [times(said) for said in told] == [["00:05:00"], ["00:10:00"]]
    assert {context for said in told for context in contexts(said)} == {"Sample.Clock"}


@case("TC_J_03_CS", "J01.FR.01", "J01.FR.02", "J01.FR.06", "J01.FR.14", "E06.FR.11", "E07.FR.08")
def test_on_the_clock_for_the_end_of_a_transaction(booted: Bench) -> None:
    setting(
        booted,
        Aligned_TxEndedInterval="300",
        Aligned_TxEndedMeasurands=ENERGY,
        Sampled_TxUpdatedInterval="0",
    )
    booted.plug()
    booted.present("CARD1")
    booted.advance(700)
    booted.present("CARD1")
    ended = booted.told("TransactionEvent")[-1]
    assert contexts(ended) == ["Sample.Clock", "Sample.Clock", "Transaction.End"]
    assert times(ended)[:2] == ["00:05:00", "00:10:00"]


@case("TC_J_06_CS", "J01.FR.19", "J01.FR.20")
def test_on_the_clock_only_while_nothing_runs(booted: Bench) -> None:
    setting(booted, Aligned_Interval="300", Aligned_SendDuringIdle="true", Sampled_TxUpdatedInterval="0")
    booted.advance(301)
    booted.plug()
    booted.present("CARD1")
    booted.advance(600)
    booted.present("CARD1")
    booted.advance(300)
    assert [times(said) for said in booted.told("MeterValues")] == [["00:05:00"], ["00:20:00"]]
    triggers = [said["triggerReason"] for said in booted.told("TransactionEvent")]
    assert "MeterValueClock" not in triggers


@case("TC_J_07_CS", "J02.FR.01", "J02.FR.02", "J02.FR.10", "E01.FR.09", "E02.FR.09", "E03.FR.07")
def test_at_the_beginning(plugged: Bench) -> None:
    setting(plugged, Sampled_TxStartedMeasurands=f"{ENERGY},Power.Active.Import")
    plugged.present("CARD1")
    started = plugged.told("TransactionEvent")[0]
    assert contexts(started) == ["Transaction.Begin"]
    assert [sample["measurand"] for sample in started["meterValue"][0]["sampledValue"]] == [
        ENERGY,
        "Power.Active.Import",
    ]


@case("TC_J_08_CS", "J02.FR.01", "J02.FR.10", "E01.FR.16", "E01.FR.17", "E03.FR.11", "E05.FR.08")
def test_at_the_beginning_when_the_evse_comes_to_be_known() -> None:
    bench = Bench("2.0.1", evses=2, defaults={"TxStartPoint": "Authorized"})
    bench.present("CARD1", evse=0)
    (started,) = bench.told("TransactionEvent")
    assert "evse" not in started
    assert "meterValue" not in started
    bench.plug(2)
    known = bench.told("TransactionEvent")[1]
    assert known["evse"] == {"id": 2, "connectorId": 1}
    assert contexts(known) == ["Transaction.Begin"]


@case("TC_J_09_CS", "J02.FR.01", "J02.FR.02", "J02.FR.10", "J02.FR.11", "J02.FR.14", "E02.FR.10", "E03.FR.08")
@pytest.mark.parametrize("online", [True, False])
def test_on_the_way(charging: Bench, online: bool) -> None:
    setting(charging, Sampled_TxUpdatedInterval="10", Sampled_TxUpdatedMeasurands="Power.Active.Import")
    if not online:
        charging.offline()
    charging.advance(31)
    charging.online()
    told = charging.told("TransactionEvent")
    assert [said["triggerReason"] for said in told] == ["MeterValuePeriodic"] * 3
    assert [times(said) for said in told] == [["00:00:10"], ["00:00:20"], ["00:00:30"]]
    assert {sample["measurand"] for sample in told[0]["meterValue"][0]["sampledValue"]} == {
        "Power.Active.Import"
    }
    assert all(said.get("offline", False) is not online for said in told)


@case("TC_J_10_CS", "J02.FR.01", "J02.FR.10", "E06.FR.11", "E07.FR.08")
def test_at_the_end(booted: Bench) -> None:
    setting(
        booted,
        Sampled_TxEndedInterval="20",
        Sampled_TxEndedMeasurands=f"{ENERGY},Voltage",
        Sampled_TxUpdatedInterval="0",
    )
    booted.plug()
    booted.present("CARD1")
    booted.advance(45)
    booted.present("CARD1")
    ended = booted.told("TransactionEvent")[-1]
    assert contexts(ended) == ["Sample.Periodic", "Sample.Periodic", "Transaction.End"]
    energies = [value["sampledValue"][0]["value"] for value in ended["meterValue"]]
    assert energies == sorted(energies)
