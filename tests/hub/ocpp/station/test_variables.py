"""Settings are checked when they are written, and typed when they are read."""

import pytest

from hub.ocpp.station.variable_table import BY_NAME, VARIABLES, Variable
from hub.ocpp.station.variables import SetResult, Variables, checked, members, named, normal

GOOD, BAD = SetResult.ACCEPTED, SetResult.REJECTED


@pytest.mark.parametrize(
    ("name", "text", "result"),
    [
        ("HeartbeatInterval", "30", GOOD),
        ("HeartbeatInterval", " 30 ", GOOD),
        ("HeartbeatInterval", "0", SetResult.TOO_LOW),
        ("HeartbeatInterval", "-5", SetResult.TOO_LOW),
        ("TxUpdatedInterval", "-0", GOOD),
        ("HeartbeatInterval", "1000000000", SetResult.TOO_HIGH),
        ("HeartbeatInterval", "9" * 5000, SetResult.TOO_HIGH),
        ("HeartbeatInterval", "-" + "9" * 5000, SetResult.TOO_LOW),
        ("AlignedInterval", "86401", SetResult.TOO_HIGH),
        ("HeartbeatInterval", "", BAD),
        ("HeartbeatInterval", "3.5", BAD),
        ("HeartbeatInterval", "٣", BAD),
        ("HeartbeatInterval", "+3", BAD),
        ("LocalPreAuthorize", "True", GOOD),
        ("LocalPreAuthorize", "1", BAD),
        ("TxUpdatedMeasurands", "", GOOD),
        ("TxUpdatedMeasurands", "SoC, Voltage", GOOD),
        ("TxUpdatedMeasurands", "SoC,SoC", BAD),
        ("TxUpdatedMeasurands", "SoC,RPM", BAD),
        ("TxStartPoint", "EVConnected,Authorized", GOOD),
        ("TxStartPoint", "", BAD),  # nothing would ever start
        ("TxStartPoint", "ParkingBayOccupancy", BAD),  # nobody here can see it
        ("Password", "0123456789abcdef", GOOD),
        ("Password", "0123456789abcde", BAD),
        ("Password", "0" * 41, BAD),
        ("Password", "0123456789abcde\n", BAD),
        ("SecurityProfile", "1", SetResult.READ_ONLY),
        ("WiredPhases", "TRS", GOOD),
        ("WiredPhases", "RRT", BAD),
    ],
)
def test_a_value_is_taken_only_when_it_is_one(name: str, text: str, result: SetResult) -> None:
    variables = Variables({}, {}, {})
    before = variables.text(name)
    assert variables.set(name, text) is result
    assert (variables.text(name) == before) is (result is not GOOD or normal(BY_NAME[name], text) == before)


def test_values_are_read_as_their_type() -> None:
    variables = Variables({}, {}, {})
    variables.set("HeartbeatInterval", " 007 ")
    variables.set("LocalPreAuthorize", "FALSE")
    variables.set("TxUpdatedMeasurands", " SoC ,Voltage,")
    assert variables.int("HeartbeatInterval") == 7
    assert variables.text("HeartbeatInterval") == "7"
    assert variables.bool("LocalPreAuthorize") is False
    assert variables.list("TxUpdatedMeasurands") == ["SoC", "Voltage"]
    assert variables.text("TxUpdatedMeasurands") == "SoC,Voltage"


def test_what_a_csms_has_set_goes_before_what_is_configured() -> None:
    variables = Variables({"OfflineThreshold": "9"}, {"OfflineThreshold": "8"}, {})
    assert variables.int("OfflineThreshold") == 9


def test_what_is_stored_is_checked_again() -> None:
    stored = {"TxStartPoint": "DataSigned", "SecurityProfile": "3", "Gone": "1"}
    variables = Variables(stored, {}, {"SecurityProfile": "1"})
    assert variables.list("TxStartPoint") == ["PowerPathClosed"]
    assert variables.int("SecurityProfile") == 1


def test_defaults_that_are_no_values_are_named() -> None:
    defaults = {"heartbeatInterval": "x", "Nonsense": "1", "SupplyPhases": "1", "TxCtrlr.TxStartPoint": "Foo"}
    variables = Variables({}, defaults, {})
    assert variables.refused == ("heartbeatInterval", "Nonsense", "TxCtrlr.TxStartPoint")
    assert variables.int("SupplyPhases") == 1


def test_a_setting_is_found_by_each_of_its_names() -> None:
    names = ("EVConnectionTimeOut", "connectiontimeout", "TxCtrlr.EVConnectionTimeOut")
    assert {named(name) for name in names} == {BY_NAME["EVConnectionTimeOut"]}
    assert named("") is None
    assert members(" a ,,b") == ["a", "b"]


@pytest.mark.parametrize(("text", "result"), [("0.5", GOOD), ("12", GOOD), ("1.2.3", BAD), ("-", BAD)])
def test_decimals_are_checked(text: str, result: SetResult) -> None:
    assert checked(Variable("X", "decimal", "0"), text) is result


def test_every_default_is_a_value() -> None:
    assert [v.name for v in VARIABLES if not v.secret and checked(v, v.default) is not GOOD] == []
