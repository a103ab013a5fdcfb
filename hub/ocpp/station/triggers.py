"""Messages on demand (F06): which there are, and what has each of them said."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import Heartbeat

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

OF_AN_EVSE = frozenset({"StatusNotification", "MeterValues", "TransactionEvent"})
"""The messages that tell of one EVSE."""


class Triggers:
    def __init__(self, station: "Station") -> None:
        self._station = station

    def trigger(self, wanted: str, evse: int | None, now: Moment) -> bool:
        """False: there is no such message here. What is asked for is said after the answer."""
        say = self._all().get(wanted)
        if say is None:
            return False
        # F06.FR.03: where the EVSE doesn't matter, it doesn't matter which one is named.
        if wanted in OF_AN_EVSE and evse and evse not in self._station.evses.flows:
            return False
        if wanted in OF_AN_EVSE and not any(self._exists(wanted, flow) for flow in self._chosen(evse)):
            return False  # F06.FR.10: what is accepted is sent
        say(evse, now)
        return True

    def _exists(self, wanted: str, flow: Flow) -> bool:
        """Is there such a message of this EVSE now?"""
        if wanted == "TransactionEvent":
            # B02.FR.02, E04: it leaves in its turn, after what the CSMS hasn't accepted the station for yet.
            return flow.transaction is not None and self._station.boot.accepted
        return wanted != "MeterValues" or bool(
            self._station.metering.values(flow, self._measurands(), "Trigger")
        )

    def has(self, wanted: str) -> bool:
        return wanted in self._all()

    def _all(self) -> dict[str, Callable[[int | None, Moment], None]]:
        return {
            "BootNotification": lambda evse, now: self._station.boot.again(),
            "Heartbeat": lambda evse, now: self._station.say(Heartbeat(), unregistered=True),
            "StatusNotification": self._status,
            "MeterValues": self._meter,
            "TransactionEvent": self._transaction,
            **self._station.upkeep.triggers(),
        }

    def _status(self, evse: int | None, now: Moment) -> None:
        for number in [0, *self._station.evses.flows] if evse is None else [evse]:
            self._station.statuses.report_one(number, now)

    def _meter(self, evse: int | None, now: Moment) -> None:
        for flow in self._chosen(evse):
            self._station.metering.report(flow, now, self._measurands(), "Trigger")

    def _measurands(self) -> str:
        dialect = self._station.dialect  # None: nobody was ever connected, and nobody hears it
        return dialect.triggered_measurands if dialect else "AlignedMeasurands"

    def _transaction(self, evse: int | None, now: Moment) -> None:
        for flow in self._chosen(evse):
            if flow.transaction:
                self._station.transactions.triggered(flow, now)

    def _chosen(self, evse: int | None) -> list[Flow]:
        flows = self._station.evses.flows
        return [flows[evse]] if evse else list(flows.values())
