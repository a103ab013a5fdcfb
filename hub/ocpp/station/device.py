"""The device behind a station: who it says it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.model.charger import Identity
from hub.model.moment import Moment
from hub.ocpp.station.effects import Keep

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

TOLD = frozenset({"model", "serial", "firmware"})
WAITS_S = 1.5
"""So long the first BootNotification waits for what a device says of itself; afterwards it is remembered.

Home Assistant asks things two seconds after the connection, and takes a SecurityError for an end of it.
"""


class Device:
    """`kept`: what `Keep("identity", "device", ...)` kept; it is void where the blueprint says otherwise by now."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        setup = station.setup
        self._known = kept.get("blueprint") == _texts(setup.identity) or not TOLD & setup.abilities.readings
        self._awaited = False
        self.identity = Identity(*kept["told"]) if kept and self._known else setup.identity

    def wait(self, now: Moment) -> None:
        """The first BootNotification is due: once, it waits a little."""
        if not self._known and not self._awaited:
            self._awaited = True
            self._station.boot.wait(now.mono + WAITS_S)

    def identify(self, identity: Identity) -> None:
        """The device has said who it is."""
        if identity != self.identity:
            self.identity = identity
            body = {"blueprint": _texts(self._station.setup.identity), "told": _texts(identity)}
            self._station.emit(Keep("identity", "device", body))
        if not self._known:
            self._known = True
            self._station.boot.waited()


def _texts(identity: Identity) -> list[str]:
    return [identity.vendor, identity.model, identity.serial, identity.firmware]
