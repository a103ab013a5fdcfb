"""What a station is from the start."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.model.charger import Abilities, Identity, Ratings
from hub.model.moment import Moment
from hub.ocpp.station.manners import Manners
from hub.ocpp.station.measurands import MEASURANDS
from hub.ocpp.station.monitor import Place, Reading
from hub.ocpp.station.smart_charging import VOLTAGE
from hub.ocpp.station.urls import Reach

Readings = Callable[[Any, Moment, Collection[Place]], Mapping[Place, Reading]]
"""Of a station."""


@dataclass(frozen=True, slots=True)
class StationSetup:
    """`tokens`: text -> group, of the configuration.

    `csms` False: there is nobody to tell. `url`, `security_profile`, `roots` and `certificate` (PEM, a chain) are the
    configured connection; `keys` names the private keys that are kept, `reach` where a CSMS may send the hub.
    """

    charger: str
    identity: Identity = field(default_factory=Identity)
    evses: int = 1
    abilities: Abilities = field(default_factory=Abilities)
    ratings: Ratings = field(default_factory=Ratings)
    tokens: Mapping[str, str | None] = field(default_factory=dict)
    free: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    csms: bool = True
    url: str = "ws://localhost"
    security_profile: int = 0
    roots: tuple[str, ...] = ()
    certificate: str = ""
    keys: frozenset[str] = frozenset()
    version: str = ""
    """The hub's own."""
    reach: Reach = field(default_factory=Reach)
    vendors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """DataTransfer that somebody here wants: vendorId -> messageIds, none named: all of them."""
    measurands: tuple[str, ...] = MEASURANDS
    """Those that the charger can be metered for."""
    manners: Manners = field(default_factory=Manners)
    """Of the version that is most likely spoken, until one has been."""
    readings: Readings | None = None
    """What monitors watch until then: the CSMS may come late."""
    voltage: float = VOLTAGE
    """Of the supply, by phase: what watts become amperes with."""
