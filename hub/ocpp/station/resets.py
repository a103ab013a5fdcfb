"""Resets of the station or of one EVSE: when they come, and what they do (B11 to B13)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.effects import Act, Happened, Keep, Reconnect
from hub.ocpp.station.flow import Flow

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

PATIENCE_S = 30.0
"""How long a reset waits for the CSMS to take the end of a transaction."""


@dataclass(slots=True)
class _Reset:
    """It waits until the EVSE is idle (but for what outlives it, `resumes`) and all is told."""

    scheduled: bool
    reason: str
    """Told with the next BootNotification."""
    resumes: bool = False
    patience: float | None = None
    """Then it waits no longer for what is to be told; None: what is to end first hasn't yet."""


class Resets:
    def __init__(self, station: "Station") -> None:
        self._station = station
        self._resets: dict[int, _Reset] = {}
        """By EVSE; 0: the station."""
        self._tries: dict[str, int] = {}

    @property
    def restarting(self) -> bool:
        return self._on_its_way(0)

    def reset(
        self, evse: int | None, immediate: bool, stop_reason: str, now: Moment, *, local: bool = False
    ) -> str:
        """Accepted, Scheduled, or Rejected: one EVSE can't be reset alone, or firmware is being installed. `local`: a
        person wants it."""
        if not self._possible(evse):
            return "Rejected"
        busy = self._busy(evse or 0)
        scheduled = bool(busy) and not immediate
        if scheduled and self._on_its_way(evse or 0):
            return "Accepted"
        reason = "LocalReset" if local else "ScheduledReset" if scheduled else "RemoteReset"
        self._resets[evse or 0] = _Reset(scheduled, reason)
        if not scheduled:
            self._resets[evse or 0].patience = self._patience(now)  # B12.FR.04/05
            for flow in busy:
                self._station.tokens.revoke(
                    flow, now, "ResetCommand", "Reboot" if local else stop_reason, ends=True
                )
        self.idle(now)
        return "Scheduled" if scheduled else "Accepted"

    def reset_and_resume(self, evse: int | None, now: Moment) -> str:
        """2.1: what runs goes on afterwards (B13)."""
        allowed = self._station.variables.int("ResumptionTimeout") > 0  # B13.FR.01
        if not allowed or not self._possible(evse):
            return "Rejected"
        self._resets[evse or 0] = _Reset(False, "RemoteReset", resumes=True, patience=self._patience(now))
        for flow in self._busy(evse or 0):
            self._station.resumption.interrupt(flow, now)
        self.idle(now)
        return "Accepted"

    def idle(self, now: Moment) -> None:
        """A transaction ended, or a message was answered: a reset may have waited for it."""
        for evse, reset in list(self._resets.items()):
            if self._held_up(evse, reset):
                continue
            if reset.patience is None:
                reset.patience = now.mono + PATIENCE_S
            told = not self._station.boot.accepted or not self._station.outbox.pending()
            if told or reset.patience <= now.mono:
                del self._resets[evse]
                self._restart(evse, reset.reason, now)

    def tick(self, now: Moment) -> None:
        self.idle(now)

    def deadlines(self) -> list[float]:
        # While a transaction runs there is nothing to be impatient about.
        return [
            reset.patience
            for evse, reset in self._resets.items()
            if reset.patience is not None and not self._held_up(evse, reset)
        ]

    def device_done(self, ref: str, good: bool, now: Moment) -> None:
        """A device that failed is asked again, ResetRetries times."""
        if ref not in self._tries:
            return
        self._tries[ref] -= 1
        if good or self._tries[ref] < 0:
            del self._tries[ref]
            self._station.resumption.reset_done(int(ref.split(":")[1]), now)
        else:
            self._reset_device(ref)

    # Inside

    def _patience(self, now: Moment) -> float:
        return now.mono + self._station.variables.int("MessageTimeout")

    def _possible(self, evse: int | None) -> bool:
        if self._station.upkeep.firmware.installing:  # B11.FR.06
            return False
        # B11.FR.09, B12.FR.09
        return evse is None or "reset_evse" in self._station.setup.abilities.actions

    def _on_its_way(self, evse: int) -> bool:
        """It waits for nothing but what is to be told first."""
        return evse in self._resets and not self._resets[evse].scheduled

    def _held_up(self, evse: int, reset: _Reset) -> bool:
        return not reset.resumes and bool(self._busy(evse))

    def _busy(self, evse: int) -> list[Flow]:
        flows = self._station.evses.flows.values()
        return [flow for flow in flows if flow.transaction and evse in (0, flow.evse)]

    def _restart(self, evse: int, reason: str, now: Moment) -> None:
        if evse:
            self._reset_device(f"reset:{evse}:{now.mono}")
            self._station.evses.begin_anew(evse, now)
            return
        self._station.upkeep.restarted(reason, now)
        self._station.boot.restart(reason)
        self._station.emit(Keep("boot", "reason", reason))
        resets_device = "reset" in self._station.setup.abilities.actions
        if resets_device:
            self._reset_device(f"reset:0:{now.mono}")
        self._station.emit(Happened("rebooted", {"reason": reason}))
        self._station.emit(Reconnect(reason))
        self._station.evses.begin_anew(0, now)
        if not resets_device:
            self._station.resumption.reset_done(0, now)

    def _reset_device(self, ref: str) -> None:
        evse = int(ref.split(":")[1])
        self._tries.setdefault(ref, self._station.variables.int("ResetRetries"))
        self._station.emit(Act(ref, evse, "reset_evse" if evse else "reset"))
