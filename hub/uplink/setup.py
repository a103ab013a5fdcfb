"""From the configuration: what a station is, and where its CSMS is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub import __version__
from hub.blueprint.mapping import BlueprintMapping
from hub.charger.snapshot import exposed
from hub.config.settings import ChargerSettings, CsmsSettings, HubSettings, TokenSettings
from hub.link.websocket import Endpoint
from hub.ocpp.station.measurands import measurable
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.station.smart_charging import VOLTAGE
from hub.ocpp.station.urls import LOCAL_NAMES, Reach
from hub.ocpp.station.variable_table import BY_NAME, VARIABLES
from hub.ocpp.station.variables import SetResult, checked, members, named
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.uplink.installer import CommandInstaller
from hub.uplink.jobs import Desk, Diary, NoInstaller
from hub.uplink.uplink import DIALECTS
from hub.yaml import suggestion

NAMES = tuple(
    name
    for variable in VARIABLES
    for name in (variable.name, variable.key, ".".join(variable.place[:2]) if variable.place else None)
    if name
)
"""As OCPP 2.0.1 and 1.6 have them."""
NO_VALUE = {
    SetResult.REJECTED: "no value of it",
    SetResult.TOO_LOW: "too low for it",
    SetResult.TOO_HIGH: "too high for it",
}
WATCHED_S = "300"
"""So long a restart of the hub may take without ending what ran at a charger that watches for it."""
LOOPBACK = LOCAL_NAMES | {"127.0.0.1", "::1"}


def endpoint(csms: CsmsSettings) -> Endpoint:
    return Endpoint(csms.url, csms.identity, csms.versions, csms.password, csms.ca, csms.cert, csms.key)


def desk(hub: HubSettings, diary: Diary) -> Desk:
    firmware = hub.firmware
    installer = CommandInstaller(firmware.install, unsigned=firmware.unsigned) if firmware.install else None
    return Desk(hub.state_dir / "firmware", diary, installer or NoInstaller())


def station_setup(
    settings: ChargerSettings,
    mapping: BlueprintMapping,
    tokens: Mapping[str, TokenSettings],
    keys: frozenset[str],
    timezone: str = "UTC",
) -> StationSetup:
    csms = settings.csms
    measurands = measurable(exposed(mapping.abilities.readings))
    free = settings.free if settings.free is not None else csms is None and not tokens
    return StationSetup(
        charger=settings.id,
        identity=mapping.identity,
        evses=mapping.evses,
        abilities=mapping.abilities,
        ratings=mapping.ratings,
        tokens={text: token.group for text, token in tokens.items()},
        free=free,
        facts={
            "Identity": csms.identity if csms else settings.id,
            "ConnectorCount": str(mapping.evses),
            "TimeZone": timezone,
        },
        keys=keys,
        version=__version__,
        csms=csms is not None,
        measurands=measurands,
        defaults={
            **_metered(measurands),
            **_supply(mapping),
            **_watched(mapping),
            **(csms.defaults if csms else {}),
        },
        voltage=_volts(mapping),
        **({} if csms is None else _connection(csms)),
    )


def default_problems(csms: CsmsSettings | None) -> list[str]:
    """The first values of variables that can't be: they are passed over."""
    if csms is None:
        return []
    problems = []
    for name, text in csms.defaults.items():
        variable, place = named(name), f"{csms.places.get(name, csms.url)}: csms.defaults.{name}"
        if variable is None:
            problems.append(f"{place}: OCPP has no such variable here{suggestion(name, NAMES)}")
        elif (said := checked(variable, text)) is not SetResult.ACCEPTED:
            shown = "***" if variable.secret else repr(text)
            problems.append(f"{place}: {shown} is {NO_VALUE[said]}")
    return problems


def _metered(measurands: tuple[str, ...]) -> Mapping[str, str]:
    """A CSMS that makes a sensor of each measurand is offered none that stays empty."""
    return {
        name: ",".join(word for word in members(BY_NAME[name].default) if word in measurands)
        for name in ("TxUpdatedMeasurands", "AlignedMeasurands")
    }


def _watched(mapping: BlueprintMapping) -> dict[str, str]:
    """A charger that watches for the hub pauses by itself while that restarts: it has lost no power."""
    return {"TxResumptionTimeout": WATCHED_S} if mapping.keep_alive else {}


def _supply(mapping: BlueprintMapping) -> Mapping[str, str]:
    """What a blueprint asks of its site is a truth for OCPP, too."""
    phases = mapping.inputs.get("input.phases")
    return {"SupplyPhases": str(phases)} if phases in (1, 3) else {}


def _volts(mapping: BlueprintMapping) -> float:
    volts = mapping.inputs.get("input.voltage")
    return float(volts) if isinstance(volts, int | float) and volts > 0 else VOLTAGE


def _connection(csms: CsmsSettings) -> dict[str, Any]:
    """What a station must know of its configured connection."""
    return {
        "vendors": csms.data_transfer,
        "manners": DIALECTS[csms.versions[0]].manners,
        "readings": next(
            (DIALECTS[each].readings for each in csms.versions if DIALECTS[each] is not V16), None
        ),
        "url": csms.url,
        "security_profile": csms.security_profile,
        "roots": tuple(filter(None, [_pem(csms.ca)])),
        "certificate": _pem(csms.cert),
        "reach": Reach(frozenset([*_hosts(csms.url), *csms.allow_hosts])),
    }


def _pem(file: Path | None) -> str:
    """What can't be read is said by the link that needs it."""
    if file is None:
        return ""
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _hosts(url: str) -> frozenset[str]:
    """The CSMS's own host; one on this machine may use all of the machine's own names."""
    host = urlsplit(url).hostname or ""
    return LOOPBACK if host in LOOPBACK else frozenset([host])
