"""1.6: whatever happens in whatever order, what a central system hears fits together."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model.moment import rfc3339
from tests.conformance.bench import Bench

NEXT = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Faulted",
    "Finishing": "Available Preparing Faulted",
    "Reserved": "Available Preparing Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing",
}
"""The transitions of 4.9, and back to Finishing from where a car was left."""
AT_ONCE = ("Reserved", "Unavailable")
"""What becomes free may be neither for a moment."""


class Listener:
    """What a central system may expect of what it hears, message by message."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._heard = 0
        self._before: dict[int, str] = {}
        self._running: dict[int, int] = {}
        self._meters: dict[int, int] = {}
        self._numbers = 99

    def listen(self) -> None:
        for action, said in self._bench.sent[self._heard :]:
            hear = getattr(self, f"_{action}", None)
            if hear is not None:
                hear(said)
        self._heard = len(self._bench.sent)

    def _BootNotification(self, _said: Mapping[str, Any]) -> None:  # noqa: N802
        self._before.clear()

    def _StatusNotification(self, said: Mapping[str, Any]) -> None:  # noqa: N802
        connector, status = said["connectorId"], said["status"]
        if connector == 0:
            assert status in ("Available", "Unavailable")
            return
        before = self._before.get(connector, status)
        assert status in (before, *AT_ONCE, *NEXT[before].split()), (before, status)
        self._before[connector] = status

    def _StartTransaction(self, said: Mapping[str, Any]) -> None:  # noqa: N802
        self._numbers += 1
        assert said["connectorId"] not in self._running.values()
        self._running[self._numbers] = said["connectorId"]
        self._meters[self._numbers] = said["meterStart"]

    def _MeterValues(self, said: Mapping[str, Any]) -> None:  # noqa: N802
        if "transactionId" in said:
            assert self._running[said["transactionId"]] == said["connectorId"]

    def _StopTransaction(self, said: Mapping[str, Any]) -> None:  # noqa: N802
        assert said["transactionId"] in self._running
        del self._running[said["transactionId"]]
        assert said["meterStop"] >= self._meters[said["transactionId"]]

    def offline(self) -> None:
        """What happens meanwhile needn't be told step by step."""
        self._before.clear()


def ask(action: str, **payload: Any) -> Callable[[Bench, int], object]:
    """A CALL; `connectorId` CONNECTOR stands for the chosen one."""

    def do(bench: Bench, connector: int) -> object:
        chosen = {key: connector if value is CONNECTOR else value for key, value in payload.items()}
        if action == "ReserveNow":
            chosen["expiryDate"] = rfc3339(bench.clock.now().wall.replace(year=2027))
        return bench.ask(action, chosen) if bench.reachable else None

    return do


CONNECTOR = object()


def limit(amperes: float) -> dict[str, Any]:
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
    }
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }


def plug(bench: Bench, connector: int) -> None:
    if not bench.outlets[connector].plugged:
        bench.plug(connector)


def leave(bench: Bench, _connector: int) -> None:
    if bench.reachable:
        bench.offline()


def come_back(bench: Bench, _connector: int) -> None:
    if not bench.reachable:
        bench.online()


def restart(bench: Bench, seconds: float, *, power: bool) -> None:
    bench.reachable = True
    if power:
        bench.power_loss(seconds)
    else:
        bench.clock.advance(seconds)
        bench.restart()
        bench.power_up()


STEPS: dict[str, Callable[[Bench, int], object]] = {
    "plug": plug,
    "unplug": lambda bench, connector: bench.unplug(connector),
    "card": lambda bench, connector: bench.present(f"CARD{connector}", connector),
    "card anywhere": lambda bench, _connector: bench.present("CARD1", 0),
    "full": lambda bench, connector: bench.wants(False, connector),
    "hungry": lambda bench, connector: bench.wants(True, connector),
    "fault": lambda bench, connector: bench.fault(evse=connector),
    "heal": lambda bench, connector: bench.fault(None, connector),
    "second": lambda bench, _connector: bench.advance(1),
    "minute": lambda bench, _connector: bench.advance(61),
    "offline": leave,
    "online": come_back,
    "hub restarts": lambda bench, _connector: restart(bench, 5, power=False),
    "power cut": lambda bench, _connector: restart(bench, 5, power=True),
    "app": ask("RemoteStartTransaction", idTag="APP", connectorId=CONNECTOR),
    "app anywhere": ask("RemoteStartTransaction", idTag="APP"),
    "stop": ask("RemoteStopTransaction", transactionId=100),
    "out": ask("ChangeAvailability", connectorId=CONNECTOR, type="Inoperative"),
    "back": ask("ChangeAvailability", connectorId=CONNECTOR, type="Operative"),
    "all out": ask("ChangeAvailability", connectorId=0, type="Inoperative"),
    "all back": ask("ChangeAvailability", connectorId=0, type="Operative"),
    "reserve": ask("ReserveNow", connectorId=CONNECTOR, idTag="CARD1", reservationId=1),
    "reserve any": ask("ReserveNow", connectorId=0, idTag="CARD2", reservationId=2),
    "cancel": ask("CancelReservation", reservationId=1),
    "reset": ask("Reset", type="Hard"),
    "unlock": ask("UnlockConnector", connectorId=CONNECTOR),
    "pause": ask("SetChargingProfile", connectorId=CONNECTOR, csChargingProfiles=limit(0)),
    "go on": ask("SetChargingProfile", connectorId=CONNECTOR, csChargingProfiles=limit(10)),
}
OFTEN = [*STEPS, *["plug", "card", "app", "second"] * 4]
CHARGING = [("plug", 1), ("card", 1)]
KEYS = ["AllowOfflineTxForUnknownId", "AuthorizeRemoteTxRequests", "StopTransactionOnEVSideDisconnect"]


@pytest.mark.parametrize("device", ["any"], indirect=True)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    begin=st.sampled_from([[], CHARGING, [*CHARGING, ("plug", 2), ("app", 2)]]),
    steps=st.lists(st.tuples(st.sampled_from(OFTEN), st.sampled_from([1, 2])), min_size=15, max_size=40),
    on=st.sets(st.sampled_from(KEYS)),
    refused=st.booleans(),
)
def test_statuses_and_transactions_fit_together(
    begin: list[tuple[str, int]], steps: list[tuple[str, int]], on: set[str], refused: bool
) -> None:
    bench = Bench("1.6", evses=2)
    for key in KEYS:
        bench.ask("ChangeConfiguration", {"key": key, "value": str(key in on)})
    bench.answer_token("StartTransaction", "Invalid" if refused else "Accepted")
    bench.take()
    listener = Listener(bench)
    for step, connector in [*begin, *steps]:
        STEPS[step](bench, connector)
        if not bench.reachable:
            listener.offline()
        listener.listen()
