"""1.6: configuration keys and the meter values that follow from them."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.keys16 import CORE, LIMITS, LISTS


def change(bench: Bench, key: str, value: str) -> str:
    return str(bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


@case("TC_019_CS")
def test_every_key_of_the_profiles_is_there_all_at_once_or_one_by_one(booted: Bench) -> None:
    told = {row["key"]: row for row in booted.ask("GetConfiguration", {})["configurationKey"]}
    assert set(CORE + LISTS + LIMITS) <= set(told)
    assert told["NumberOfConnectors"] == {"key": "NumberOfConnectors", "readonly": True, "value": "1"}
    answer = booted.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles", "Nonsense"]})
    assert {"Core", "SmartCharging"} <= set(answer["configurationKey"][0]["value"].split(","))
    assert answer["unknownKey"] == ["Nonsense"]


@case("TC_021_CS")
def test_a_key_is_set_and_read_back(booted: Bench) -> None:
    assert change(booted, "MeterValueSampleInterval", "30") == "Accepted"
    (row,) = booted.ask("GetConfiguration", {"key": ["MeterValueSampleInterval"]})["configurationKey"]
    assert (row["value"], row["readonly"]) == ("30", False)


@case("TC_040_1_CS")
def test_a_key_that_nobody_knows_is_not_supported(booted: Bench) -> None:
    assert change(booted, "Nonsense", "1") == "NotSupported"


@case("TC_040_2_CS")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MeterValueSampleInterval", "-1"),
        ("MeterValueSampleInterval", "soon"),
        ("LocalPreAuthorize", "perhaps"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Nonsense"),
        ("NumberOfConnectors", "2"),
    ],
)
def test_a_value_that_is_none_is_rejected(booted: Bench, key: str, value: str) -> None:
    before = booted.ask("GetConfiguration", {"key": [key]})
    assert change(booted, key, value) == "Rejected"
    assert booted.ask("GetConfiguration", {"key": [key]}) == before


def values(bench: Bench, context: str) -> list[dict[str, Any]]:
    """The MeterValues whose samples have this context."""
    said = bench.told("MeterValues")
    return [dict(row) for row in said if row["meterValue"][0]["sampledValue"][0]["context"] == context]


@case("TC_070_CS")
def test_while_it_charges_samples_come_at_their_interval(booted: Bench) -> None:
    change(booted, "MeterValueSampleInterval", "10")
    change(booted, "MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import")
    booted.plug()
    booted.present("CARD1")
    booted.advance(31)
    told = values(booted, "Sample.Periodic")
    assert len(told) == 3
    assert {row["transactionId"] for row in told} == {100}
    samples = told[0]["meterValue"][0]["sampledValue"]
    assert [sample["measurand"] for sample in samples] == [
        "Energy.Active.Import.Register",
        "Power.Active.Import",
    ]
    booted.present("CARD1")
    contexts = [
        row["sampledValue"][0]["context"] for row in booted.told("StopTransaction")[0]["transactionData"]
    ]
    assert contexts[-1] == "Transaction.End"


@case("TC_071_CS")
@pytest.mark.parametrize("charges", [False, True])
def test_values_on_the_clock_come_at_round_times(booted: Bench, charges: bool) -> None:
    change(booted, "ClockAlignedDataInterval", "300")
    change(booted, "MeterValuesAlignedData", "Energy.Active.Import.Register")
    change(booted, "MeterValueSampleInterval", "0")
    if charges:
        booted.plug()
        booted.present("CARD1")
    booted.advance(100)
    booted.advance(1200)
    told = values(booted, "Sample.Clock")
    times = [row["meterValue"][0]["timestamp"] for row in told]
    assert [time[14:19] for time in times] == ["05:00", "10:00", "15:00", "20:00"]
    assert all(("transactionId" in row) is charges for row in told)
