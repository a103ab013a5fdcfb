"""The settings of who may charge: authorization, cache, local list, reservation; and what it costs."""

from hub.ocpp.station.variable import Variable, boolean, integer, members_of

AUTH, CACHE, LIST = "AuthCtrlr", "AuthCacheCtrlr", "LocalAuthListCtrlr"
RESERVATION, TARIFF, TX = "ReservationCtrlr", "TariffCostCtrlr", "TxCtrlr"

ACCESS: tuple[Variable, ...] = (
    boolean("AuthEnabled", True, None, (AUTH, "Enabled")),
    boolean("AuthorizeRemoteStart", False, "AuthorizeRemoteTxRequests", (AUTH, "AuthorizeRemoteStart")),
    boolean("LocalAuthorizeOffline", True, "LocalAuthorizeOffline", (AUTH, "LocalAuthorizeOffline")),
    boolean("LocalPreAuthorize", True, "LocalPreAuthorize", (AUTH, "LocalPreAuthorize")),
    boolean(
        "OfflineTxForUnknownId", False, "AllowOfflineTxForUnknownId", (AUTH, "OfflineTxForUnknownIdEnabled")
    ),
    boolean("DisableRemoteAuthorization", False, None, (AUTH, "DisableRemoteAuthorization")),
    Variable("MasterPassGroupId", "string", "", None, (AUTH, "MasterPassGroupId"), high=36),
    boolean("TxBeforeAccepted", True, None, (TX, "TxBeforeAcceptedEnabled")),
    # Before 2.1 nobody is told that a transaction was resumed; a charger that went on is served on all the same.
    integer(
        "TxResumptionTimeout", 0, "TxResumptionTimeout", (TX, "ResumptionTimeout"), unit="s", only="2.0.1"
    ),
    integer("ResumptionTimeout", 604_800, None, (TX, "ResumptionTimeout"), unit="s", only="2.1"),
    boolean("AllowEnergyTransferResumption", True, None, (TX, "AllowEnergyTransferResumption"), only="2.1"),
    integer(
        "EnergyTransferResumptionRandomRange",
        0,
        None,
        (TX, "EnergyTransferResumptionRandomRange"),
        unit="s",
        only="2.1",
    ),
    members_of(
        "SupportedLimits",
        "maxCost,maxEnergy,maxTime",
        None,
        (TX, "SupportedLimits"),
        ("maxCost", "maxEnergy", "maxSoC", "maxTime"),
        writable=False,
        only="2.1",
    ),
    integer("MaxEnergyOnInvalidId", 0, "MaxEnergyOnInvalidId", (TX, "MaxEnergyOnInvalidId"), unit="Wh"),
    boolean("AuthCacheEnabled", True, "AuthorizationCacheEnabled", (CACHE, "Enabled")),
    boolean("AuthCacheAvailable", True, None, (CACHE, "Available"), writable=False),
    integer("AuthCacheLifeTime", 0, None, (CACHE, "LifeTime"), unit="s"),
    boolean("AuthCacheDisablePostAuthorize", False, None, (CACHE, "DisablePostAuthorize")),
    boolean("LocalAuthListAvailable", True, None, (LIST, "Available"), writable=False),
    boolean("LocalAuthListEnabled", True, "LocalAuthListEnabled", (LIST, "Enabled")),
    boolean("LocalAuthListDisablePostAuthorize", False, None, (LIST, "DisablePostAuthorize")),
    boolean("LocalAuthListExpires", True, None, (LIST, "SupportsExpiryDateTime"), writable=False),
    integer("LocalAuthListEntries", 2000, "LocalAuthListMaxLength", None, writable=False),
    integer(
        "ItemsPerSendLocalList", 500, "SendLocalListMaxLength", (LIST, "ItemsPerMessage"), writable=False
    ),
    integer("BytesPerSendLocalList", 500_000, None, (LIST, "BytesPerMessage"), writable=False),
    boolean("TariffAvailable", True, None, (TARIFF, "Available", "Tariff"), writable=False, only="2.0.1"),
    boolean("TariffEnabled", True, None, (TARIFF, "Enabled", "Tariff"), only="2.0.1"),
    boolean("CostAvailable", True, None, (TARIFF, "Available", "Cost"), writable=False, only="2.0.1"),
    boolean("CostEnabled", True, None, (TARIFF, "Enabled", "Cost"), only="2.0.1"),
    # In 2.1 these are of tariffs that the station reads, and of costs that it counts: it does neither (I07 to I12).
    boolean("TariffsRead", False, None, (TARIFF, "Available", "Tariff"), writable=False, only="2.1"),
    boolean("TariffsReadEnabled", False, None, (TARIFF, "Enabled", "Tariff"), writable=False, only="2.1"),
    boolean("CostCounted", False, None, (TARIFF, "Available", "Cost"), writable=False, only="2.1"),
    boolean("CostCountedEnabled", False, None, (TARIFF, "Enabled", "Cost"), writable=False, only="2.1"),
    Variable("Currency", "string", "", None, (TARIFF, "Currency"), high=3),
    Variable("TariffFallbackMessage", "string", "", None, (TARIFF, "TariffFallbackMessage"), high=255),
    Variable("TotalCostFallbackMessage", "string", "", None, (TARIFF, "TotalCostFallbackMessage"), high=255),
    boolean("ReservationAvailable", True, None, (RESERVATION, "Available"), writable=False),
    boolean("ReservationEnabled", True, None, (RESERVATION, "Enabled")),
    boolean(
        "ReservationNonEvseSpecific",
        True,
        "ReserveConnectorZeroSupported",
        (RESERVATION, "NonEvseSpecific"),
        writable=False,
    ),
)
