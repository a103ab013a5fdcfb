"""Whose charging goes before others', where several share a circuit (K03.FR.04 to 06)."""

from typing import TYPE_CHECKING

from hub.ocpp.station.effects import Annotate
from hub.ocpp.station.flow import Flow

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


class Priorities:
    """-9 to 9; 0 where nobody has said any."""

    def __init__(self, station: "Station") -> None:
        self._station = station
        self._shown: dict[int, int] = {}

    def answered(self, transaction: str, priority: int) -> None:
        """K03.FR.05: for this transaction, and this one only."""
        flow = self._station.evses.with_transaction(transaction)
        if flow is None or flow.transaction is None:
            return
        flow.transaction.priority = priority
        self.show(flow)

    def show(self, flow: Flow) -> None:
        """Whenever it may be another one: the transaction's own, else the token's."""
        now = _holding(flow)
        if now != self._shown.get(flow.evse, 0):
            self._shown[flow.evse] = now
            self._station.emit(Annotate(flow.evse, {"charging_priority": now}))


def _holding(flow: Flow) -> int:
    if flow.transaction is not None and flow.transaction.priority is not None:
        return flow.transaction.priority
    return flow.grant.priority if flow.grant is not None else 0
