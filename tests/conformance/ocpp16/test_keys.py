"""1.6: the configuration keys of the specification's section 9: what may be written, and what changes with it."""

from typing import Any

import pytest

from tests.conformance.bench import Bench


def change(bench: Bench, key: str, value: str) -> str:
    return str(bench.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


def told(bench: Bench, key: str) -> dict[str, Any]:
    (row,) = bench.ask("GetConfiguration", {"key": [key]})["configurationKey"]
    return dict(row)


READ_ONLY = [
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "ConnectorSwitch3to1PhaseSupported",
    "GetConfigurationMaxKeys",
    "LocalAuthListMaxLength",
    "MaxChargingProfilesInstalled",
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "NumberOfConnectors",
    "ReserveConnectorZeroSupported",
    "SendLocalListMaxLength",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfiles",
]
SECONDS = [
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "HeartbeatInterval",
    "MeterValueSampleInterval",
    "MinimumStatusDuration",
    "TransactionMessageRetryInterval",
    "WebSocketPingInterval",
]
COUNTS = ["MaxEnergyOnInvalidId", "ResetRetries", "TransactionMessageAttempts"]
SWITCHES = [
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "AuthorizeRemoteTxRequests",
    "LocalAuthListEnabled",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "UnlockConnectorOnEVSideDisconnect",
]
LISTS = ["MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData"]


@pytest.mark.parametrize("key", READ_ONLY)
def test_what_can_only_be_read_says_so_and_is_not_changed(booted: Bench, key: str) -> None:
    before = told(booted, key)
    assert before["readonly"] is True
    assert change(booted, key, before["value"]) == "Rejected"
    assert told(booted, key) == before


@pytest.mark.parametrize(
    ("keys", "good", "bad"),
    [
        (SECONDS, ["7", "86400"], ["-1", "1.5", "soon", "", "99999999999"]),
        (COUNTS, ["1", "30"], ["-1", "1.5", "many", ""]),
        (SWITCHES, ["true", "false", "TRUE"], ["1", "yes", ""]),
        (LISTS, ["", "Voltage", "Energy.Active.Import.Register, Voltage"], ["Nonsense", "Voltage,Voltage"]),
    ],
)
def test_each_type_of_key_has_its_values_and_keeps_them_over_a_power_cut(
    booted: Bench, keys: list[str], good: list[str], bad: list[str]
) -> None:
    for key in keys:
        assert told(booted, key)["readonly"] is False
        assert [change(booted, key, value) for value in good] == ["Accepted"] * len(good)
        assert [change(booted, key, value) for value in bad] == ["Rejected"] * len(bad)
    before = [told(booted, key) for key in keys if key != "HeartbeatInterval"]  # that one comes with the boot
    booted.power_loss()
    assert [told(booted, key) for key in keys if key != "HeartbeatInterval"] == before


@pytest.mark.parametrize("key", ["LightIntensity", "BlinkRepeat", "Nonsense"])
def test_what_a_charger_behind_a_hub_has_not_is_not_supported(booted: Bench, key: str) -> None:
    assert booted.ask("GetConfiguration", {"key": [key]}) == {"unknownKey": [key]}
    assert change(booted, key, "1") == "NotSupported"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("1.RST,2.RTS", "Accepted"),
        ("0.RST, 1.STR, 2.TSR", "Accepted"),
        ("2.NotApplicable", "Accepted"),
        ("RST", "Rejected"),
        ("1.RST,1.RTS", "Rejected"),
        ("1.TRR", "Rejected"),
        ("3.RST", "Rejected"),
        ("", "Rejected"),
    ],
)
def test_how_each_connector_is_wired_can_be_noted(two: Bench, value: str, status: str) -> None:
    assert told(two, "ConnectorPhaseRotation")["value"] == "1.Unknown,2.Unknown"
    assert change(two, "ConnectorPhaseRotation", value) == status
    two.power_loss()
    noted = value if status == "Accepted" else "1.Unknown,2.Unknown"
    assert told(two, "ConnectorPhaseRotation")["value"] == noted


def test_a_connector_of_one_phase_has_no_rotation() -> None:
    bench = Bench("1.6", defaults={"SupplyPhases": "1"})
    assert told(bench, "ConnectorPhaseRotation")["value"] == "1.NotApplicable"


@pytest.mark.parametrize("device", ["any"], indirect=True)  # not every charger knows each phase
def test_single_phases_can_be_metered(booted: Bench) -> None:
    wanted = "Voltage.L1,Current.Import.L3,Voltage.L2-N"
    assert change(booted, "MeterValuesSampledData", wanted) == "Accepted"
    assert told(booted, "MeterValuesSampledData")["value"] == wanted
    assert change(booted, "MeterValueSampleInterval", "10") == "Accepted"
    booted.plug()
    booted.present("CARD1")
    booted.advance(11)
    (said,) = booted.told("MeterValues")
    samples = [(it["measurand"], it["phase"], it["value"]) for it in said["meterValue"][0]["sampledValue"]]
    assert samples == [("Voltage", "L1-N", "230"), ("Current.Import", "L3", "16"), ("Voltage", "L2-N", "230")]


@pytest.mark.parametrize("key", LISTS)
def test_what_this_charger_can_not_be_metered_for_is_rejected(key: str) -> None:
    bench = Bench("1.6", measurands=("Energy.Active.Import.Register", "Voltage"))
    assert change(bench, key, "Energy.Active.Import.Register,Voltage.L1") == "Accepted"
    for member in ("SoC", "Current.Import.L1", "Energy.Active.Import.Register,Power.Active.Import"):
        assert change(bench, key, member) == "Rejected"
    assert told(bench, key)["value"] == "Energy.Active.Import.Register,Voltage.L1"


def test_meter_values_can_be_switched_on_and_off_while_a_transaction_runs(charging: Bench) -> None:
    counts = []
    for key, value in [
        ("MeterValueSampleInterval", "0"),
        ("MeterValueSampleInterval", "10"),
        ("MeterValuesSampledData", ""),
        ("MeterValuesSampledData", "Energy.Active.Import.Register"),
    ]:
        assert change(charging, key, value) == "Accepted"
        charging.take()
        charging.advance(30)
        counts.append(len(charging.told("MeterValues")))
    assert counts == [0, 3, 0, 3]


def test_a_status_that_does_not_last_is_not_told(booted: Bench) -> None:
    assert change(booted, "MinimumStatusDuration", "5") == "Accepted"
    booted.plug()
    booted.advance(2)
    booted.unplug()
    booted.advance(10)
    assert booted.statuses() == []
    booted.plug()
    booted.advance(4)
    assert booted.statuses() == []
    booted.advance(1)
    assert booted.statuses() == ["Preparing"]


def test_heartbeats_follow_a_new_interval_and_rest_while_something_else_is_said(booted: Bench) -> None:
    assert change(booted, "HeartbeatInterval", "10") == "Accepted"
    booted.advance(25)
    assert booted.actions() == ["Heartbeat"] * 2
    booted.plug()
    booted.advance(9)
    assert booted.actions()[-1] == "StatusNotification"
    booted.advance(1)
    assert booted.actions()[-1] == "Heartbeat"


@pytest.mark.parametrize(("attempts", "sent"), [("1", 1), ("3", 3)])
def test_a_message_of_a_transaction_is_tried_so_often_with_longer_and_longer_breaks(
    plugged: Bench, attempts: str, sent: int
) -> None:
    assert change(plugged, "TransactionMessageAttempts", attempts) == "Accepted"
    assert change(plugged, "TransactionMessageRetryInterval", "5") == "Accepted"
    plugged.answers["StartTransaction"] = "InternalError"
    plugged.present("CARD1")
    tries = []
    for _ in range(40):
        tries.append(len(plugged.told("StartTransaction")))
        plugged.advance(1)
    assert [tries.index(number) for number in range(1, sent + 1)] == [0, 5, 15][:sent]
    assert tries[-1] == sent
