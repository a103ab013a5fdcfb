"""The settings of what keeps a station in order: security, network, files, monitoring, display."""

from hub.ocpp.station.variable import Variable, boolean, integer, members_of

COMM, SECURITY, DEVICE = "OCPPCommCtrlr", "SecurityCtrlr", "DeviceDataCtrlr"
MONITORING, DISPLAY = "MonitoringCtrlr", "DisplayMessageCtrlr"
SLOTS = ("1", "2", "3")
"""Of network connection profiles; the first begins as what the configuration says."""
MAX_CERTIFICATES = 20
MAX_CHAIN = 10_000
MAX_MESSAGES = 20
MAX_STREAMS = 20
"""Event streams open at once; what a CSMS wants beyond is told one by one."""

ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")

UPKEEP: tuple[Variable, ...] = (
    # How the station was wired: whoever balances phases writes it down here, and reads it again.
    Variable(
        "WiredPhases",
        "option",
        "Unknown",
        None,
        ("ChargingStation", "PhaseRotation"),
        allowed=ROTATIONS,
    ),
    integer("NetworkProfileConnectionAttempts", 3, None, (COMM, "NetworkProfileConnectionAttempts"), low=1),
    Variable(
        "NetworkConfigurationPriority",
        "sequence",
        "1",
        None,
        (COMM, "NetworkConfigurationPriority"),
        low=1,
        allowed=SLOTS,
    ),
    integer("ActiveNetworkProfile", 1, None, (COMM, "ActiveNetworkProfile"), writable=False),
    members_of(
        "FileTransferProtocols",
        "FTP,FTPS,HTTP,HTTPS,SFTP",
        "SupportedFileTransferProtocols",
        (COMM, "FileTransferProtocols"),
        ("FTP", "FTPS", "HTTP", "HTTPS", "SFTP"),
        writable=False,
    ),
    Variable(
        "Password",
        "string",
        "",
        "AuthorizationKey",
        (SECURITY, "BasicAuthPassword"),
        secret=True,
        reconnect=True,
        high=40,
    ),
    Variable("Identity", "string", "", None, (SECURITY, "Identity"), writable=False),
    Variable("TimeZone", "string", "UTC", None, ("ClockCtrlr", "TimeZone"), writable=False),
    Variable("OrganizationName", "string", "", "CpoName", (SECURITY, "OrganizationName"), high=64),
    integer("SecurityProfile", 0, None, (SECURITY, "SecurityProfile"), writable=False),
    # 1.6 raises the security profile by writing it; 2.0.1 by a network profile.
    integer("SecurityProfileWanted", 0, "SecurityProfile", None, high=3),
    integer(
        "CertificateEntries",
        0,
        None,
        (SECURITY, "CertificateEntries"),
        high=MAX_CERTIFICATES,
        writable=False,
    ),
    integer("CertificateStoreMaxLength", MAX_CERTIFICATES, "CertificateStoreMaxLength", None, writable=False),
    integer(
        "MaxCertificateChainSize",
        MAX_CHAIN,
        "CertificateSignedMaxChainSize",
        (SECURITY, "MaxCertificateChainSize"),
        writable=False,
    ),
    boolean(
        "AdditionalRootCertificateCheck",
        False,
        "AdditionalRootCertificateCheck",
        (SECURITY, "AdditionalRootCertificateCheck"),
        writable=False,
    ),
    integer(
        "CertSigningWaitMinimum",
        60,
        "CertSigningWaitMinimum",
        (SECURITY, "CertSigningWaitMinimum"),
        low=1,
        unit="s",
    ),
    integer("CertSigningRepeatTimes", 3, "CertSigningRepeatTimes", (SECURITY, "CertSigningRepeatTimes")),
    boolean(
        "AllowNewSessionsPendingFirmwareUpdate",
        False,
        None,
        ("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"),
    ),
    boolean("MonitoringEnabled", True, None, (MONITORING, "Enabled")),
    boolean("MonitoringAvailable", True, None, (MONITORING, "Available"), writable=False),
    integer(
        "ItemsPerClearMonitoring",
        100,
        None,
        (MONITORING, "ItemsPerMessage", "ClearVariableMonitoring"),
        writable=False,
    ),
    integer(
        "ItemsPerSetMonitoring",
        100,
        None,
        (MONITORING, "ItemsPerMessage", "SetVariableMonitoring"),
        writable=False,
    ),
    integer(
        "BytesPerClearMonitoring",
        32768,
        None,
        (MONITORING, "BytesPerMessage", "ClearVariableMonitoring"),
        writable=False,
    ),
    integer(
        "BytesPerSetMonitoring",
        65_536,
        None,
        (MONITORING, "BytesPerMessage", "SetVariableMonitoring"),
        writable=False,
    ),
    integer("OfflineQueuingSeverity", 4, None, (MONITORING, "OfflineQueuingSeverity"), high=9),
    Variable(
        "ActiveMonitoringBase",
        "option",
        "FactoryDefault",
        None,
        (MONITORING, "ActiveMonitoringBase"),
        writable=False,
        allowed=("All", "FactoryDefault", "HardWiredOnly"),
    ),
    integer("ActiveMonitoringLevel", 9, None, (MONITORING, "ActiveMonitoringLevel"), writable=False),
    integer(
        "MaxPeriodicEventStreams",
        MAX_STREAMS,
        None,
        (MONITORING, "MaxPeriodicEventStreams"),
        writable=False,
        only="2.1",
    ),
    boolean("DisplayEnabled", True, None, (DISPLAY, "Enabled")),
    boolean("DisplayAvailable", True, None, (DISPLAY, "Available"), writable=False),
    integer("DisplayMessages", 0, None, (DISPLAY, "DisplayMessages"), high=MAX_MESSAGES, writable=False),
    members_of(
        "DisplayFormats",
        "ASCII,UTF8",
        None,
        (DISPLAY, "SupportedFormats"),
        ("ASCII", "HTML", "URI", "UTF8"),
        writable=False,
    ),
    members_of(
        "DisplayPriorities",
        "AlwaysFront,InFront,NormalCycle",
        None,
        (DISPLAY, "SupportedPriorities"),
        ("AlwaysFront", "InFront", "NormalCycle"),
        writable=False,
    ),
)
