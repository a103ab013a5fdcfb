"""Security events: into the station's own log, and to the CSMS where it must know (A04)."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, parse_time
from hub.ocpp.station.effects import Happened, Keep
from hub.ocpp.station.reports import SecurityEvent

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

SELDOM_S = 600.0
REPLAYS, WITHIN_S = 10, 60.0
"""So many in so long a time may come of a bad line; more are an attempt."""
LOG_ENTRIES = 500
"""The log rolls: the oldest entry gives way (A04.FR.04)."""
EVENTS: dict[str, bool] = {
    "FirmwareUpdated": True,
    "FailedToAuthenticateAtCsms": False,
    "CsmsFailedToAuthenticate": False,
    "SettingSystemTime": True,
    "StartupOfTheDevice": True,
    "ResetOrReboot": True,
    "SecurityLogWasCleared": True,
    "ReconfigurationOfSecurityParameters": False,
    "MemoryExhaustion": True,
    "InvalidMessages": False,
    "AttemptedReplayAttacks": False,
    "TamperDetectionActivated": True,
    # Not critical by the list, but each requirement that names them wants them told.
    "InvalidFirmwareSignature": True,
    "InvalidFirmwareSigningCertificate": True,
    "InvalidCsmsCertificate": True,
    "InvalidChargingStationCertificate": True,
    "InvalidTLSVersion": True,
    "InvalidTLSCipherSuite": True,
}
"""Every event in 2.0.1's words, and whether the CSMS is told."""


class Security:
    """`kept`: what `Keep("security_log", ...)` kept, by place in the ring."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        self._log: dict[int, tuple[int, str, str, str]] = {
            int(place): (body[0], body[1], body[2], body[3]) for place, body in kept.items()
        }
        self._number = max((entry[0] for entry in self._log.values()), default=0)
        self._refusals: set[str] = set()
        self._quiet: dict[str, float] = {}
        self._replays: deque[float] = deque(maxlen=REPLAYS + 1)

    def happened(self, event: str, now: Moment, info: str = "") -> None:
        at = self._station.stamp(now)
        self._number += 1
        place = self._number % LOG_ENTRIES
        self._log[place] = (self._number, at, event, info)
        self._station.emit(Keep("security_log", str(place), list(self._log[place])))
        if EVENTS[event] and self._station.setup.csms:
            self._station.upkeep.notices.add(SecurityEvent(event, at, info[:255]))
        self._station.emit(Happened("security", {"security_event": event, "info": info}))

    def until_connected(self, event: str, now: Moment, info: str) -> None:
        """A connection failed for this reason, or is missed: told once until one succeeds (A00.FR.316)."""
        if event not in self._refusals:
            self._refusals.add(event)
            self.happened(event, now, info)

    def seldom(self, event: str, now: Moment, info: str) -> None:
        """What a CSMS may do all the time doesn't push everything else out of the log."""
        if now.mono >= self._quiet.get(event, now.mono):
            self._quiet[event] = now.mono + SELDOM_S
            self.happened(event, now, info)

    def replayed(self, now: Moment, info: str) -> None:
        """Something came again, or without having been asked for."""
        self._replays.append(now.mono)
        if len(self._replays) > REPLAYS and now.mono - self._replays[0] <= WITHIN_S:
            self.seldom("AttemptedReplayAttacks", now, info)

    def connected(self) -> None:
        self._refusals.clear()

    def lines(self, oldest: datetime | None = None, latest: datetime | None = None) -> list[str]:
        """The log as text, oldest first."""
        return [
            " ".join(part for part in (at, event, info) if part)
            for _, at, event, info in sorted(self._log.values())
            if _within(parse_time(at), oldest, latest)
        ]


def _within(at: datetime, oldest: datetime | None, latest: datetime | None) -> bool:
    return (oldest is None or at >= oldest) and (latest is None or at <= latest)
