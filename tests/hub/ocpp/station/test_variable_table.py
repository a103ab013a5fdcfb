"""The table of settings: complete, without doubles, and nothing in it that nobody heeds."""

from collections import Counter
from pathlib import Path

import pytest

import hub
from hub.ocpp.station.variable_table import BY_KEY, BY_NAME, VARIABLES
from tests.hub.ocpp.keys16 import CORE, LIMITS, LISTS

ROOT = Path(hub.__file__).parent
SOURCES = "".join(
    path.read_text() for path in ROOT.rglob("*.py") if path.name not in ("variable_table.py", "variables.py")
)
REQUIRED_201 = {
    "AlignedDataCtrlr": "Interval Measurands TxEndedInterval TxEndedMeasurands",
    "AuthCtrlr": "AuthorizeRemoteStart LocalAuthorizeOffline LocalPreAuthorize",
    "ClockCtrlr": "TimeSource",
    "DeviceDataCtrlr": "ItemsPerMessage BytesPerMessage",
    "OCPPCommCtrlr": "FileTransferProtocols MessageTimeout MessageAttempts MessageAttemptInterval "
    "NetworkConfigurationPriority NetworkProfileConnectionAttempts OfflineThreshold ResetRetries "
    "UnlockOnEVSideDisconnect",
    "SampledDataCtrlr": "TxEndedInterval TxEndedMeasurands TxStartedMeasurands TxUpdatedMeasurands "
    "TxUpdatedInterval",
    "SecurityCtrlr": "CertificateEntries OrganizationName SecurityProfile",
    "TxCtrlr": "EVConnectionTimeOut StopTxOnEVSideDisconnect StopTxOnInvalidId TxStartPoint TxStopPoint",
    "SmartChargingCtrlr": "LimitChangeSignificance PeriodsPerSchedule ProfileStackLevel RateUnit",
}


def test_no_name_key_or_place_is_there_twice() -> None:
    for names in (
        [variable.name for variable in VARIABLES],
        [variable.key.lower() for variable in VARIABLES if variable.key],
        *(
            [it.place for it in VARIABLES if it.place and it.only in (None, version)]
            for version in ("2.0.1", "2.1")
        ),
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES if variable.writable])
def test_what_can_be_written_has_an_effect(name: str) -> None:
    assert f'"{name}"' in SOURCES


@pytest.mark.parametrize("key", CORE + LISTS + LIMITS)
def test_every_key_that_1_6_requires_is_there(key: str) -> None:
    assert key.lower() in BY_KEY


def test_every_variable_that_2_0_1_requires_is_there() -> None:
    places = {variable.place[:2] for variable in VARIABLES if variable.place}
    wanted = {(component, name) for component, names in REQUIRED_201.items() for name in names.split()}
    assert wanted <= places


def test_the_two_words_for_rate_units_agree() -> None:
    words = {"A": "Current", "W": "Power"}
    units = BY_NAME["RateUnit"].default.split(",")
    assert [words[unit] for unit in units] == BY_NAME["AllowedChargingRateUnit"].default.split(",")
