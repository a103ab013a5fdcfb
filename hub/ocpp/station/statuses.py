"""What each connector's status is, and when the CSMS is told of it (G01, B04; 1.6: 4.9)."""

from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.entity import Scalar
from hub.model.moment import Moment
from hub.ocpp.station import service
from hub.ocpp.station.effects import Annotate
from hub.ocpp.station.flow import SETTLES_S, Flow
from hub.ocpp.station.messages import StatusNotification

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

QUIET = frozenset({Status.UNAVAILABLE, Status.FAULTED, Status.RESERVED})
"""Said by the device, and louder than what the station thinks."""
UNRESERVED = QUIET | {Status.FINISHING}
"""And a car that was left keeps others away, whoever has reserved any place."""
CHARGING = frozenset({Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})


class Statuses:
    def __init__(self, station: "Station") -> None:
        self._station = station

    def status(self, flow: Flow) -> Status:
        """The device's status with what the station knows laid over it."""
        bare = self.bare(flow)
        quiet = bare in UNRESERVED or flow.transaction is not None or flow.grant is not None
        return Status.RESERVED if not quiet and self._station.reservations.shuts(flow.evse) else bare

    def plug(self, flow: Flow) -> Status:
        """Of the connector alone: a driver without his cable doesn't take it."""
        status = self.status(flow)
        return Status.AVAILABLE if status is Status.PREPARING and not flow.plugged else status

    def bare(self, flow: Flow) -> Status:
        """Reservations left aside."""
        if flow.status is Status.FAULTED:
            return Status.FAULTED
        if self._station.availability.inoperative(flow.evse) and flow.transaction is None:
            return Status.UNAVAILABLE
        if flow.status in QUIET:
            return flow.status
        if not flow.plugged:
            if flow.transaction is not None and flow.transaction.plugged_once:
                return Status.SUSPENDED_EV  # unplugged, and may come back (E10)
            return Status.PREPARING if flow.grant else Status.AVAILABLE
        if flow.transaction is None:
            return Status.FINISHING if flow.finished else Status.PREPARING
        if flow.status in CHARGING:
            return flow.status
        return Status.SUSPENDED_EV if flow.state.get("charging_enabled") else Status.SUSPENDED_EVSE

    def show(self, flow: Flow, now: Moment) -> None:
        """Something happened at an EVSE: whoever shows its state, and the CSMS, learn what is new.

        Where one of several is reserved that may be the last one that is left for it (H01.FR.20).
        """
        self._show(flow, now)
        if self._station.reservations.shared():
            self.show_all(now)

    def show_all(self, now: Moment) -> None:
        for flow in self._station.evses.flows.values():
            self._show(flow, now)

    def _show(self, flow: Flow, now: Moment) -> None:
        if not flow.known:
            return
        status = self.status(flow)
        transaction = flow.transaction.id if flow.transaction else None
        shown: dict[str, Scalar] = {
            # Where the device says the same there is nothing to lay over it, and to take off when it goes on.
            "status": None if status is flow.status else status.value,
            "transaction_id": transaction,
            "id_tag": flow.grant.token.text if flow.grant and flow.grant.token.text else None,
            "operative": self._station.availability.operative(flow.evse),
        }
        first, ran, flow.ran = flow.shown is None, flow.ran, transaction
        powered = flow.transaction.powered_at if flow.transaction else None
        if first or ran != transaction:
            self._station.evses.transaction_changed(flow, ran, now)
        elif powered != flow.powered_at:
            self._station.evses.limits(now)
        flow.powered_at = powered
        if shown != flow.shown:
            flow.shown = shown
            self._station.emit(Annotate(flow.evse, shown))
        service.tell(self._station, flow, status)
        service.admit(self._station, flow, now)
        self._report(flow, status, now, force=False)
        self._station.meter_triggers.look(flow, status, now)

    # To the CSMS

    def report(self, now: Moment, *, everything: bool) -> None:
        """After a reconnect: all connectors (B04.FR.01), or those that changed (B04.FR.02)."""
        if everything:
            self.report_station(now)
        for flow in self._station.evses.flows.values():
            if flow.known:
                self._report(flow, self.status(flow), now, force=everything)

    def report_one(self, evse: int, now: Moment) -> None:
        """TriggerMessage(StatusNotification)."""
        if evse == 0:
            self.report_station(now, unregistered=True)
        else:
            flow = self._station.evses.flows[evse]
            self._report(flow, self.status(flow), now, force=True)

    def report_station(self, now: Moment, *, unregistered: bool = False, error: str | None = None) -> None:
        """1.6's connector 0; 2.0.1 has none and says nothing."""
        inoperative = self._station.availability.inoperative(0)
        status = Status.UNAVAILABLE if inoperative else Status.AVAILABLE
        said = StatusNotification(0, status, self._station.stamp(now), error)
        self._station.say(said, unregistered=unregistered)

    def unsaid(self, message: StatusNotification) -> None:
        """It never reached the CSMS: to be said again (B04.FR.02)."""
        flow = self._station.evses.flows.get(message.evse)
        if flow is not None:
            flow.reported = None

    def tick(self, now: Moment) -> None:
        for flow in self._station.evses.flows.values():
            if flow.report_due is not None and now.mono >= flow.report_due:
                self._report(flow, self.status(flow), now, force=False)

    def deadlines(self) -> list[float]:
        if not self._station.boot.accepted:
            return []  # back online everything is looked at again
        flows = self._station.evses.flows.values()
        return [flow.report_due for flow in flows if flow.report_due is not None]

    def _report(self, flow: Flow, status: Status, now: Moment, *, force: bool) -> None:
        station = self._station
        if station.dialect is None or not (station.boot.accepted or force):
            return
        if not station.dialect.tells_of_drivers:
            status = self.plug(flow)
        # Many chargers go on with an error: less of a phase, a hot plug.
        error, vendor = (str(flow.state.get(key) or "") for key in ("error_code", "vendor_error"))
        error = "" if error == "NoError" else error
        word = station.dialect.connector_status(status)
        said = (word, error, vendor) if station.dialect.tells_of_faults else (word,)
        if not force and not self._is_due(flow, said, now, self._least(flow, status)):
            return
        flow.reported, flow.waiting, flow.report_due = said, None, None
        message = StatusNotification(flow.evse, status, station.stamp(now), error or None, vendor or None)
        # The cable is told of before the transaction that begins with it (E02).
        station.say(message, unregistered=force, ahead=word == self._taken())

    def _least(self, flow: Flow, status: Status) -> float:
        """How long a status has to last to be told: MinimumStatusDuration, and a moment for the device to begin."""
        least = self._station.variables.int("MinimumStatusDuration")
        before = flow.reported[0] if flow.reported else None
        # A device that has just been permitted to charge may still say that it isn't.
        stale = status is Status.SUSPENDED_EVSE and before == self._taken()
        guessed = stale or (flow.status is Status.PREPARING and status in CHARGING)
        assert self._station.dialect is not None
        told = self._station.dialect.connector_status(status) != self._taken()
        return max(least, SETTLES_S) if guessed and told else least

    def _taken(self) -> str:
        """The word for a connector where a car or a driver has come; 2.0.1 has no other until they leave."""
        assert self._station.dialect is not None
        return self._station.dialect.connector_status(Status.PREPARING)

    def _is_due(self, flow: Flow, said: tuple[str, ...], now: Moment, least: float) -> bool:
        """New, and held long enough."""
        if said == flow.reported:
            flow.waiting, flow.report_due = None, None
            return False
        if not least or flow.reported is None:
            return True
        if said != flow.waiting:
            flow.waiting, flow.report_due = said, now.mono + least
        return flow.report_due is not None and now.mono >= flow.report_due
