"""Every setting of a station, once: its neutral name, its bounds, and what 1.6 and 2.0.1 call it."""

from dataclasses import dataclass

from hub.ocpp.station.measurands import MEASURANDS

POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
"""Of 2.0.1's TxStartPoint values those that a station can see: no bay detector, no signed meter."""
ENERGY = "Energy.Active.Import.Register"
USUAL = f"{ENERGY},Power.Active.Import,Current.Import,Voltage,SoC"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    type: str
    """integer, boolean, decimal, string, option (one of `allowed`), list and sequence (some of `allowed`)"""
    default: str
    key: str | None = None
    """1.6's configuration key"""
    place: tuple[str, str] | tuple[str, str, str] | None = None
    """2.0.1: component, variable and instance"""
    writable: bool = True
    low: int = 0
    """The least value; for a list the least number of members."""
    high: int | None = None
    allowed: tuple[str, ...] = ()
    unit: str | None = None
    secret: bool = False
    reconnect: bool = False
    """A new value holds from the next connection on."""


def _integer(
    name: str, default: int, key: str | None, place: tuple[str, ...] | None, **more: object
) -> Variable:
    return Variable(name, "integer", str(default), key, place, **more)  # type: ignore[arg-type]


def _boolean(
    name: str, default: bool, key: str | None, place: tuple[str, str] | None, **more: object
) -> Variable:
    return Variable(name, "boolean", str(default).lower(), key, place, **more)  # type: ignore[arg-type]


def _list(
    name: str,
    default: str,
    key: str | None,
    place: tuple[str, str] | None,
    allowed: tuple[str, ...],
    **more: object,
) -> Variable:
    return Variable(name, "list", default, key, place, allowed=allowed, **more)  # type: ignore[arg-type]


COMM, TX, SAMPLED, ALIGNED = "OCPPCommCtrlr", "TxCtrlr", "SampledDataCtrlr", "AlignedDataCtrlr"
AUTH, CACHE, SMART, DEVICE = "AuthCtrlr", "AuthCacheCtrlr", "SmartChargingCtrlr", "DeviceDataCtrlr"

VARIABLES: tuple[Variable, ...] = (
    _integer("HeartbeatInterval", 300, "HeartbeatInterval", (COMM, "HeartbeatInterval"), low=1, unit="s"),
    _integer(
        "WebSocketPingInterval",
        30,
        "WebSocketPingInterval",
        (COMM, "WebSocketPingInterval"),
        unit="s",
        reconnect=True,
    ),
    _integer("EVConnectionTimeOut", 60, "ConnectionTimeOut", (TX, "EVConnectionTimeOut"), unit="s"),
    _integer("TxUpdatedInterval", 60, "MeterValueSampleInterval", (SAMPLED, "TxUpdatedInterval"), unit="s"),
    _integer("TxEndedInterval", 0, None, (SAMPLED, "TxEndedInterval"), unit="s"),
    _integer("AlignedInterval", 0, "ClockAlignedDataInterval", (ALIGNED, "Interval"), high=86400, unit="s"),
    # A transaction's end carries no clock-aligned history here.
    _integer("AlignedTxEndedInterval", 0, None, (ALIGNED, "TxEndedInterval"), unit="s", writable=False),
    _list(
        "TxUpdatedMeasurands", USUAL, "MeterValuesSampledData", (SAMPLED, "TxUpdatedMeasurands"), MEASURANDS
    ),
    _list("TxStartedMeasurands", ENERGY, None, (SAMPLED, "TxStartedMeasurands"), MEASURANDS),
    _list("TxEndedMeasurands", ENERGY, "StopTxnSampledData", (SAMPLED, "TxEndedMeasurands"), MEASURANDS),
    _list("AlignedMeasurands", USUAL, "MeterValuesAlignedData", (ALIGNED, "Measurands"), MEASURANDS),
    _list(
        "AlignedTxEndedMeasurands",
        "",
        "StopTxnAlignedData",
        (ALIGNED, "TxEndedMeasurands"),
        MEASURANDS,
        writable=False,
    ),
    _list("TxStartPoint", "PowerPathClosed", None, (TX, "TxStartPoint"), POINTS, low=1),
    _list("TxStopPoint", "EVConnected,Authorized", None, (TX, "TxStopPoint"), POINTS, low=1),
    _boolean("StopTxOnInvalidId", True, "StopTransactionOnInvalidId", (TX, "StopTxOnInvalidId")),
    _boolean(
        "StopTxOnEVSideDisconnect",
        True,
        "StopTransactionOnEVSideDisconnect",
        (TX, "StopTxOnEVSideDisconnect"),
    ),
    _boolean(
        "UnlockOnEVSideDisconnect",
        False,
        "UnlockConnectorOnEVSideDisconnect",
        (COMM, "UnlockOnEVSideDisconnect"),
        writable=False,
    ),
    _boolean("AuthEnabled", True, None, (AUTH, "Enabled"), writable=False),
    _boolean("SampledAvailable", True, None, (SAMPLED, "Available"), writable=False),
    _boolean("AlignedAvailable", True, None, (ALIGNED, "Available"), writable=False),
    _boolean("AuthorizeRemoteStart", False, "AuthorizeRemoteTxRequests", (AUTH, "AuthorizeRemoteStart")),
    _boolean("LocalAuthorizeOffline", True, "LocalAuthorizeOffline", (AUTH, "LocalAuthorizeOffline")),
    _boolean("LocalPreAuthorize", True, "LocalPreAuthorize", (AUTH, "LocalPreAuthorize")),
    _boolean(
        "OfflineTxForUnknownId", False, "AllowOfflineTxForUnknownId", (AUTH, "OfflineTxForUnknownIdEnabled")
    ),
    _boolean("AuthCacheEnabled", True, "AuthorizationCacheEnabled", (CACHE, "Enabled")),
    _boolean("AuthCacheAvailable", True, None, (CACHE, "Available"), writable=False),
    _integer("AuthCacheLifeTime", 0, None, (CACHE, "LifeTime"), unit="s"),
    _integer(
        "MessageAttempts",
        5,
        "TransactionMessageAttempts",
        (COMM, "MessageAttempts", "TransactionEvent"),
        low=1,
    ),
    _integer(
        "MessageAttemptInterval",
        10,
        "TransactionMessageRetryInterval",
        (COMM, "MessageAttemptInterval", "TransactionEvent"),
        unit="s",
    ),
    _integer(
        "MessageTimeout", 30, None, (COMM, "MessageTimeout", "Default"), low=1, unit="s", writable=False
    ),
    _integer("OfflineThreshold", 60, None, (COMM, "OfflineThreshold"), unit="s"),
    _integer("RetryBackOffWaitMinimum", 5, None, (COMM, "RetryBackOffWaitMinimum"), unit="s"),
    _integer("RetryBackOffRandomRange", 5, None, (COMM, "RetryBackOffRandomRange"), unit="s"),
    _integer("RetryBackOffRepeatTimes", 5, None, (COMM, "RetryBackOffRepeatTimes")),
    _integer("ResetRetries", 0, "ResetRetries", (COMM, "ResetRetries"), writable=False),
    _integer(
        "NetworkProfileConnectionAttempts",
        3,
        None,
        (COMM, "NetworkProfileConnectionAttempts"),
        writable=False,
    ),
    Variable(
        "NetworkConfigurationPriority",
        "sequence",
        "1",
        None,
        (COMM, "NetworkConfigurationPriority"),
        writable=False,
        allowed=("1",),
    ),
    Variable("FileTransferProtocols", "list", "", None, (COMM, "FileTransferProtocols"), writable=False),
    Variable(
        "Password",
        "string",
        "",
        "AuthorizationKey",
        ("SecurityCtrlr", "BasicAuthPassword"),
        secret=True,
        reconnect=True,
        high=40,
    ),
    Variable("Identity", "string", "", None, ("SecurityCtrlr", "Identity"), writable=False),
    Variable("OrganizationName", "string", "", None, ("SecurityCtrlr", "OrganizationName"), writable=False),
    _integer("SecurityProfile", 0, "SecurityProfile", ("SecurityCtrlr", "SecurityProfile"), writable=False),
    _integer("CertificateEntries", 0, None, ("SecurityCtrlr", "CertificateEntries"), writable=False),
    Variable(
        "TimeSource",
        "sequence",
        "Heartbeat",
        None,
        ("ClockCtrlr", "TimeSource"),
        writable=False,
        allowed=("Heartbeat",),
    ),
    _integer("ItemsPerGetReport", 1000, None, (DEVICE, "ItemsPerMessage", "GetReport"), writable=False),
    _integer("ItemsPerGetVariables", 100, None, (DEVICE, "ItemsPerMessage", "GetVariables"), writable=False),
    _integer("ItemsPerSetVariables", 100, None, (DEVICE, "ItemsPerMessage", "SetVariables"), writable=False),
    _integer("BytesPerGetReport", 32768, None, (DEVICE, "BytesPerMessage", "GetReport"), writable=False),
    _integer(
        "BytesPerGetVariables", 32768, None, (DEVICE, "BytesPerMessage", "GetVariables"), writable=False
    ),
    _integer(
        "BytesPerSetVariables", 32768, None, (DEVICE, "BytesPerMessage", "SetVariables"), writable=False
    ),
    _list("RateUnit", "A,W", None, (SMART, "RateUnit"), ("A", "W"), writable=False),
    _boolean("SmartChargingAvailable", True, None, (SMART, "Available"), writable=False),
    _boolean("SmartChargingEnabled", True, None, (SMART, "Enabled"), writable=False),
    _boolean("Phases3to1", False, "ConnectorSwitch3to1PhaseSupported", (SMART, "Phases3to1"), writable=False),
    _boolean("PhaseChoice", False, None, (SMART, "ACPhaseSwitchingSupported"), writable=False),
    Variable(
        "AllowedChargingRateUnit",
        "string",
        "Current,Power",
        "ChargingScheduleAllowedChargingRateUnit",
        None,
        writable=False,
    ),
    _integer(
        "ProfileStackLevel", 9, "ChargeProfileMaxStackLevel", (SMART, "ProfileStackLevel"), writable=False
    ),
    _integer(
        "PeriodsPerSchedule", 48, "ChargingScheduleMaxPeriods", (SMART, "PeriodsPerSchedule"), writable=False
    ),
    _integer(
        "ChargingProfileEntries",
        20,
        "MaxChargingProfilesInstalled",
        (SMART, "Entries", "ChargingProfiles"),
        writable=False,
    ),
    # No charging limit from elsewhere is reported, so nothing is significant (K12).
    Variable(
        "LimitChangeSignificance", "decimal", "0.0", None, (SMART, "LimitChangeSignificance"), writable=False
    ),
    _integer("ConnectorCount", 1, "NumberOfConnectors", None, writable=False),
    _integer("GetConfigurationMaxKeys", 100, "GetConfigurationMaxKeys", None, writable=False),
    Variable(
        "FeatureProfiles",
        "string",
        "Core,SmartCharging,RemoteTrigger",
        "SupportedFeatureProfiles",
        None,
        writable=False,
    ),
    _integer("SupplyPhases", 3, None, None, writable=False),
    Variable("ConnectorType", "string", "cType2", None, None, writable=False),
    Variable("PhaseRotation", "string", "NotApplicable", "ConnectorPhaseRotation", None, writable=False),
    _integer("MinimumStatusDuration", 0, "MinimumStatusDuration", None, unit="s", writable=False),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}
BY_KEY = {variable.key.lower(): variable for variable in VARIABLES if variable.key}
