"""What interrupts a transaction without ending it, as 2.1 tells it: limits, resets, restarts, another operationMode."""

from collections.abc import Mapping

from hub.model.moment import Moment
from hub.ocpp.station.flow import SETTLES_S, Flow
from hub.ocpp.station.transactions import Transactions


class Interruptions:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def limit_set(self, flow: Flow, now: Moment, limits: Mapping[str, float]) -> None:
        """Told once (E16.FR.01/03)."""
        self._transactions.tell(flow, now, "Updated", "LimitSet", (), limits=limits)

    def mode_changed(self, flow: Flow, now: Moment, mode: str) -> None:
        """Another operationMode holds (K01.FR.110)."""
        assert flow.transaction is not None
        flow.transaction.mode = mode
        self._transactions.tell(flow, now, "Updated", "OperationModeChanged", ())

    def no_energy(self, flow: Flow, now: Moment, trigger: str) -> None:
        """It goes on, but gets none (E16.FR.05)."""
        self._keep_state(flow, now, trigger)
        self._transactions.settle_permission(flow)

    def energy_again(self, flow: Flow, now: Moment) -> None:
        """What kept it from charging is over; the device has a while to show it."""
        flow.begins_until = now.mono + SETTLES_S
        self._transactions.settle_permission(flow)

    def resetting(self, flow: Flow, now: Moment) -> None:
        """It will go on after a reset (B13.FR.04)."""
        self._transactions.tell(flow, now, "Updated", "ResetCommand", ())

    def resumed(self, flow: Flow, now: Moment) -> None:
        """It goes on after a restart (E17.FR.14, B13.FR.30)."""
        self._keep_state(flow, now, "TxResumed")

    def _keep_state(self, flow: Flow, now: Moment, trigger: str) -> None:
        assert flow.transaction is not None
        flow.transaction.charging_state = flow.charging_state()
        flow.conditions = flow.now_conditions()
        self._transactions.tell(flow, now, "Updated", trigger, ())
