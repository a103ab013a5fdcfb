"""Every setting of a station, once: its neutral name, its bounds, and what 1.6 and 2.0.1 call it."""

from hub.ocpp.station.access_variables import ACCESS
from hub.ocpp.station.measurands import METERED
from hub.ocpp.station.upkeep_variables import UPKEEP
from hub.ocpp.station.variable import Variable, boolean, integer, members_of

POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
"""Of 2.0.1's TxStartPoint values those that a station can see: no bay detector, no signed meter."""
ENERGY = "Energy.Active.Import.Register"
USUAL = f"{ENERGY},Power.Active.Import,Current.Import,Voltage,SoC,Power.Active.Export,Energy.Active.Export.Register"


COMM, TX, SAMPLED, ALIGNED = "OCPPCommCtrlr", "TxCtrlr", "SampledDataCtrlr", "AlignedDataCtrlr"
SMART, DEVICE = "SmartChargingCtrlr", "DeviceDataCtrlr"

VARIABLES: tuple[Variable, ...] = (
    integer("HeartbeatInterval", 300, "HeartbeatInterval", (COMM, "HeartbeatInterval"), low=1, unit="s"),
    integer(
        "WebSocketPingInterval",
        30,
        "WebSocketPingInterval",
        (COMM, "WebSocketPingInterval"),
        unit="s",
        reconnect=True,
    ),
    integer("EVConnectionTimeOut", 60, "ConnectionTimeOut", (TX, "EVConnectionTimeOut"), unit="s"),
    integer("TxUpdatedInterval", 60, "MeterValueSampleInterval", (SAMPLED, "TxUpdatedInterval"), unit="s"),
    integer("TxEndedInterval", 0, None, (SAMPLED, "TxEndedInterval"), unit="s"),
    integer("AlignedInterval", 0, "ClockAlignedDataInterval", (ALIGNED, "Interval"), high=86400, unit="s"),
    integer("AlignedTxEndedInterval", 0, None, (ALIGNED, "TxEndedInterval"), unit="s"),
    boolean("AlignedSendDuringIdle", False, None, (ALIGNED, "SendDuringIdle")),
    members_of(
        "TxUpdatedMeasurands", USUAL, "MeterValuesSampledData", (SAMPLED, "TxUpdatedMeasurands"), METERED
    ),
    members_of("TxStartedMeasurands", ENERGY, None, (SAMPLED, "TxStartedMeasurands"), METERED),
    members_of("TxEndedMeasurands", ENERGY, "StopTxnSampledData", (SAMPLED, "TxEndedMeasurands"), METERED),
    members_of("AlignedMeasurands", USUAL, "MeterValuesAlignedData", (ALIGNED, "Measurands"), METERED),
    members_of(
        "AlignedTxEndedMeasurands",
        "",
        "StopTxnAlignedData",
        (ALIGNED, "TxEndedMeasurands"),
        METERED,
    ),
    members_of("TxStartPoint", "PowerPathClosed", None, (TX, "TxStartPoint"), POINTS, low=1),
    members_of("TxStopPoint", "EVConnected,Authorized", None, (TX, "TxStopPoint"), POINTS, low=1),
    boolean("StopTxOnInvalidId", True, "StopTransactionOnInvalidId", (TX, "StopTxOnInvalidId")),
    boolean(
        "StopTxOnEVSideDisconnect",
        True,
        "StopTransactionOnEVSideDisconnect",
        (TX, "StopTxOnEVSideDisconnect"),
    ),
    boolean(
        "UnlockOnEVSideDisconnect",
        False,
        "UnlockConnectorOnEVSideDisconnect",
        (COMM, "UnlockOnEVSideDisconnect"),
    ),
    boolean("SampledAvailable", True, None, (SAMPLED, "Available"), writable=False),
    boolean("SampledEnabled", True, None, (SAMPLED, "Enabled")),
    boolean("AlignedAvailable", True, None, (ALIGNED, "Available"), writable=False),
    boolean("AlignedEnabled", True, None, (ALIGNED, "Enabled")),
    integer(
        "MessageAttempts",
        5,
        "TransactionMessageAttempts",
        (COMM, "MessageAttempts", "TransactionEvent"),
        low=1,
    ),
    integer(
        "MessageAttemptInterval",
        10,
        "TransactionMessageRetryInterval",
        (COMM, "MessageAttemptInterval", "TransactionEvent"),
        unit="s",
    ),
    integer("MessageTimeout", 30, None, (COMM, "MessageTimeout", "Default"), low=1, unit="s", writable=False),
    integer("OfflineThreshold", 60, None, (COMM, "OfflineThreshold"), unit="s"),
    integer("RetryBackOffWaitMinimum", 5, None, (COMM, "RetryBackOffWaitMinimum"), unit="s"),
    integer("RetryBackOffRandomRange", 5, None, (COMM, "RetryBackOffRandomRange"), unit="s"),
    integer("RetryBackOffRepeatTimes", 5, None, (COMM, "RetryBackOffRepeatTimes")),
    integer("ResetRetries", 0, "ResetRetries", (COMM, "ResetRetries")),
    Variable(
        "TimeSource",
        "sequence",
        "Heartbeat",
        None,
        ("ClockCtrlr", "TimeSource"),
        low=1,
        allowed=("Heartbeat", "RealTimeClock"),
    ),
    # As many bytes as so many items can have.
    integer("ItemsPerGetReport", 100, None, (DEVICE, "ItemsPerMessage", "GetReport"), writable=False),
    integer("ItemsPerGetVariables", 100, None, (DEVICE, "ItemsPerMessage", "GetVariables"), writable=False),
    integer("ItemsPerSetVariables", 100, None, (DEVICE, "ItemsPerMessage", "SetVariables"), writable=False),
    integer("BytesPerGetReport", 65_536, None, (DEVICE, "BytesPerMessage", "GetReport"), writable=False),
    integer(
        "BytesPerGetVariables", 65_536, None, (DEVICE, "BytesPerMessage", "GetVariables"), writable=False
    ),
    integer(
        "BytesPerSetVariables", 262_144, None, (DEVICE, "BytesPerMessage", "SetVariables"), writable=False
    ),
    members_of("RateUnit", "A,W", None, (SMART, "RateUnit"), ("A", "W"), writable=False),
    boolean("SmartChargingAvailable", True, None, (SMART, "Available"), writable=False),
    boolean("SmartChargingEnabled", True, None, (SMART, "Enabled")),
    boolean("Phases3to1", False, "ConnectorSwitch3to1PhaseSupported", (SMART, "Phases3to1"), writable=False),
    boolean("PhaseChoice", False, None, (SMART, "ACPhaseSwitchingSupported"), writable=False),
    Variable(
        "AllowedChargingRateUnit",
        "string",
        "Current,Power",
        "ChargingScheduleAllowedChargingRateUnit",
        None,
        writable=False,
    ),
    integer(
        "ProfileStackLevel", 9, "ChargeProfileMaxStackLevel", (SMART, "ProfileStackLevel"), writable=False
    ),
    integer(
        "PeriodsPerSchedule", 48, "ChargingScheduleMaxPeriods", (SMART, "PeriodsPerSchedule"), writable=False
    ),
    integer(
        "ChargingProfileEntries",
        20,
        "MaxChargingProfilesInstalled",
        None,
        writable=False,
    ),
    Variable(
        "LimitChangeSignificance", "decimal", "10.0", None, (SMART, "LimitChangeSignificance"), unit="Percent"
    ),
    boolean("NotifyLimitWithSchedules", False, None, (SMART, "NotifyChargingLimitWithSchedules")),
    boolean(
        "DynamicProfiles",
        True,
        None,
        (SMART, "SupportsFeature", "DynamicProfiles"),
        writable=False,
        only="2.1",
    ),
    boolean(
        "TxProfilesKept",
        True,
        None,
        (SMART, "ChargingProfilePersistence", "TxProfile"),
        writable=False,
        only="2.1",
    ),
    boolean("ExternalLimits", True, None, (SMART, "ExternalControlSignalsEnabled"), writable=False),
    *(
        integer(f"{key}MaxLength", len(METERED), f"{key}MaxLength", None, writable=False)
        for key in (
            "MeterValuesSampledData",
            "MeterValuesAlignedData",
            "StopTxnSampledData",
            "StopTxnAlignedData",
        )
    ),
    integer("ConnectorCount", 1, "NumberOfConnectors", None, writable=False),
    integer("GetConfigurationMaxKeys", 100, "GetConfigurationMaxKeys", None, writable=False),
    Variable(
        "FeatureProfiles",
        "string",
        "Core,SmartCharging,RemoteTrigger",
        "SupportedFeatureProfiles",
        None,
        writable=False,
    ),
    integer("SupplyPhases", 3, None, None, writable=False),
    Variable("ConnectorType", "string", "cType2", None, None, writable=False),
    # How each connector was wired, for who reads it again; nobody here needs to know.
    Variable("PhaseRotation", "string", "", "ConnectorPhaseRotation", None, high=500),
    integer("MinimumStatusDuration", 0, "MinimumStatusDuration", None, unit="s"),
    *ACCESS,
    *UPKEEP,
)
BY_NAME = {variable.name: variable for variable in VARIABLES}
BY_KEY = {variable.key.lower(): variable for variable in VARIABLES if variable.key}
