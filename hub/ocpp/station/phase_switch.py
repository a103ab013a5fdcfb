"""Which phases a charger uses, where a charging profile says so and the charger can switch them (K01.FR.43).

While none has wanted any, the device's own choice stands. One that was switched is switched back, whatever has happened
to the hub or the profile meanwhile.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hub.ocpp.station.effects import Act, Keep
from hub.ocpp.station.facts import told

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

UNSURE = 0
"""So many phases has a device been told to use that may not have done it."""
REF = "phases:"


class PhaseSwitch:
    """`kept`: what `Keep("phases", ...)` kept, by EVSE: those that aren't as their device has chosen."""

    def __init__(self, station: "Station", kept: Iterable[str]) -> None:
        self._station = station
        self._told = {int(evse): UNSURE for evse in kept}

    def want(self, evse: int, phases: int | None) -> None:
        """As many as a profile says, None: it says nothing."""
        if "set_phases" not in self._station.setup.abilities.actions:
            return
        supply, before = self._supply(), self._told.get(evse)
        wanted = phases or (None if before is None else supply)
        if not wanted or wanted == before:
            return
        if before in (None, supply):
            self._station.emit(Keep("phases", str(evse), True))
        self._told[evse] = wanted
        self._station.emit(Act(f"{REF}{evse}", evse, "set_phases", {"phases": wanted}))

    def device_done(self, ref: str, good: bool) -> None:
        """What has failed is tried again with the next limit."""
        if not ref.startswith(REF):
            return
        evse = int(ref.removeprefix(REF))
        if not good:
            self._told[evse] = UNSURE
        elif self._told.get(evse) == self._supply():
            self._station.emit(Keep("phases", str(evse), None))

    def _supply(self) -> int:
        return int(told(self._station, "SupplyPhases"))
