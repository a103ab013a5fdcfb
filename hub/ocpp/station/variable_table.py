"""Every setting of a station, once: its neutral name, its bounds, and what 1.6 and 2.0.1 call it."""

from dataclasses import dataclass

from hub.ocpp.station.measurands import MEASURANDS

POINTS = (
    "ParkingBayOccupancy",
    "EVConnected",
    "Authorized",
    "DataSigned",
    "PowerPathClosed",
    "EnergyTransfer",
)
ENERGY = "Energy.Active.Import.Register"
USUAL = f"{ENERGY},Power.Active.Import,Current.Import,Voltage,SoC"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    type: str
    """integer, boolean, string, list (comma separated members of `allowed`)"""
    default: str
    key: str | None = None
    """1.6's configuration key"""
    place: tuple[str, str] | tuple[str, str, str] | None = None
    """2.0.1: component, variable and instance"""
    writable: bool = True
    low: int = 0
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
    _integer("AlignedTxEndedInterval", 0, None, (ALIGNED, "TxEndedInterval"), high=86400, unit="s"),
    _list(
        "TxUpdatedMeasurands", USUAL, "MeterValuesSampledData", (SAMPLED, "TxUpdatedMeasurands"), MEASURANDS
    ),
    _list("TxStartedMeasurands", ENERGY, None, (SAMPLED, "TxStartedMeasurands"), MEASURANDS),
    _list("TxEndedMeasurands", ENERGY, "StopTxnSampledData", (SAMPLED, "TxEndedMeasurands"), MEASURANDS),
    _list("AlignedMeasurands", USUAL, "MeterValuesAlignedData", (ALIGNED, "Measurands"), MEASURANDS),
    _list("AlignedTxEndedMeasurands", "", "StopTxnAlignedData", (ALIGNED, "TxEndedMeasurands"), MEASURANDS),
    _list("TxStartPoint", "PowerPathClosed", None, (TX, "TxStartPoint"), POINTS),
    _list("TxStopPoint", "EVConnected,Authorized", None, (TX, "TxStopPoint"), POINTS),
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
    _boolean("AuthorizeRemoteStart", False, "AuthorizeRemoteTxRequests", (AUTH, "AuthorizeRemoteStart")),
    _boolean("LocalAuthorizeOffline", True, "LocalAuthorizeOffline", (AUTH, "LocalAuthorizeOffline")),
    _boolean("LocalPreAuthorize", True, "LocalPreAuthorize", (AUTH, "LocalPreAuthorize")),
    _boolean(
        "OfflineTxForUnknownId", False, "AllowOfflineTxForUnknownId", (AUTH, "OfflineTxForUnknownIdEnabled")
    ),
    _boolean("AuthCacheEnabled", True, "AuthorizationCacheEnabled", (CACHE, "Enabled")),
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
        "string",
        "1",
        None,
        (COMM, "NetworkConfigurationPriority"),
        writable=False,
    ),
    Variable("FileTransferProtocols", "string", "", None, (COMM, "FileTransferProtocols"), writable=False),
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
    Variable("TimeSource", "string", "Heartbeat", None, ("ClockCtrlr", "TimeSource"), writable=False),
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
    Variable("RateUnit", "string", "A,W", None, (SMART, "RateUnit"), writable=False),
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
    _integer("LimitChangeSignificance", 1, None, (SMART, "LimitChangeSignificance"), writable=False),
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
    Variable("PhaseRotation", "string", "NotApplicable", "ConnectorPhaseRotation", None, writable=False),
    _integer("MinimumStatusDuration", 0, "MinimumStatusDuration", None, high=60, unit="s"),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}
BY_KEY = {variable.key.lower(): variable for variable in VARIABLES if variable.key}
