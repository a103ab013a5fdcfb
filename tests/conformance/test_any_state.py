"""Whatever is reserved, taken out of service, reset or not yet accepted, in whatever order (2.0.1): what the CSMS knows
of two connectors is what is so, nobody charges where he may not, and each reservation ends once."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.charger import Abilities
from hub.model.moment import rfc3339
from hub.ocpp.station.boot import Registration
from tests.conformance.bench import Bench

EVERYTHING = Abilities(frozenset({"start", "pause", "set_limit", "unlock", "reset", "reset_evse"}))
WAIT_S = 100
FAMILY = {"idToken": "FAMILY", "type": "Central"}
POINTS = ["PowerPathClosed", "Authorized", "EVConnected"]


@dataclass
class Site:
    """The bench, and what the CSMS has to do with it."""

    bench: Bench
    numbers: int = 0
    accepted: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    asked_at: float | None = None
    """When the station was told to wait."""

    def ask(self, action: str, **payload: Any) -> str | None:
        if not self.bench.reachable:
            return None
        answer = self.bench.ask(action, payload)
        return None if isinstance(answer, str) else str(answer["status"])

    def reserve(self, evse: int | None, **more: Any) -> None:
        self.numbers += 1
        until = rfc3339(self.bench.clock.now().wall + timedelta(minutes=5))
        token = {"idToken": "OWNER", "type": "ISO14443"}
        where = {} if evse is None else {"evseId": evse}
        asked = {"id": self.numbers, "idToken": token, "expiryDateTime": until, **where, **more}
        if self.ask("ReserveNow", **asked) == "Accepted":
            self.accepted.add(self.numbers)

    def cancel(self) -> None:
        for number in self.accepted - self.cancelled:
            if self.ask("CancelReservation", reservationId=number) == "Accepted":
                self.cancelled.add(number)
                return

    def registers(self, status: str | None) -> None:
        """As the next BootNotification is answered."""
        if status is None:
            self.bench.answers.pop("BootNotification", None)
            return
        now = rfc3339(self.bench.clock.now().wall)
        self.bench.answers["BootNotification"] = {"status": status, "currentTime": now, "interval": WAIT_S}

    def start(self, card: str, evse: int | None) -> None:
        where = {} if evse is None else {"evseId": evse}
        token = {"idToken": card, "type": "ISO14443"}
        self.ask("RequestStartTransaction", idToken=token, remoteStartId=1, **where)


def availability(word: str, evse: int | None = None) -> Callable[[Site], object]:
    where = {} if evse is None else {"evse": {"id": evse}}
    return lambda site: site.ask("ChangeAvailability", operationalStatus=word, **where)


def reset(kind: str, evse: int | None = None) -> Callable[[Site], object]:
    where = {} if evse is None else {"evseId": evse}
    return lambda site: site.ask("Reset", type=kind, **where)


STEPS: dict[str, Callable[[Site], object]] = {
    **{f"plug {n}": lambda site, n=n: site.bench.plug(n) for n in (1, 2)},
    **{f"unplug {n}": lambda site, n=n: site.bench.unplug(n) for n in (1, 2)},
    **{f"owner at {n}": lambda site, n=n: site.bench.present("OWNER", n) for n in (0, 1, 2)},
    **{f"stranger at {n}": lambda site, n=n: site.bench.present("STRANGER", n) for n in (0, 1, 2)},
    **{f"reserve {n}": lambda site, n=n: site.reserve(n) for n in (1, 2)},
    **{f"out {n}": availability("Inoperative", n) for n in (1, 2, None)},
    **{f"in {n}": availability("Operative", n) for n in (1, 2, None)},
    **{f"reset {n}": reset("Immediate", n) for n in (1, None)},
    **{f"reset {n} when idle": reset("OnIdle", n) for n in (2, None)},
    "reserve any": lambda site: site.reserve(None),
    "reserve for the family": lambda site: site.reserve(None, groupIdToken=FAMILY),
    "cancel": lambda site: site.cancel(),
    "start the owner": lambda site: site.start("OWNER", None),
    "start the stranger at 1": lambda site: site.start("STRANGER", 1),
    "fault": lambda site: site.bench.fault(evse=1),
    "repaired": lambda site: site.bench.fault(None, 1),
    "offline": lambda site: site.bench.offline() if site.bench.reachable else None,
    "online": lambda site: None if site.bench.reachable else site.bench.online(),
    "power cut": lambda site: site.bench.power_loss() if site.bench.reachable else None,
    "rejected from now on": lambda site: site.registers("Rejected"),
    "pending from now on": lambda site: site.registers("Pending"),
    "accepted from now on": lambda site: site.registers(None),
    "a moment": lambda site: site.bench.advance(10),
    "a while": lambda site: site.bench.advance(120),
    "an hour": lambda site: site.bench.advance(3600),
}
LAST = (
    *("accepted from now on", "online", "a while", "repaired"),
    *("in None", "in 1", "in 2", "unplug 1", "unplug 2"),
)
DAY = st.lists(st.sampled_from(sorted(STEPS)), max_size=30)


def attribute(bench: Bench, evse: int) -> str:
    connector = {"name": "Connector", "evse": {"id": evse, "connectorId": 1}}
    asked = {"component": connector, "variable": {"name": "AvailabilityState"}}
    (told,) = bench.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    return str(told["attributeValue"])


def look(site: Site, step: str, since: int) -> None:
    bench, station = site.bench, site.bench.station
    new = [action for action, _ in bench.sent[since:]]
    if station.boot.registration is not Registration.ACCEPTED and "BootNotification" not in new:
        assert new == [], step
    if not station.boot.accepted or bench.outstanding:
        return
    for evse, flow in station.evses.flows.items():
        known = bench.statuses(evse)[-1]
        assert known == attribute(bench, evse), step
        if known == "Unavailable":
            assert flow.transaction is None, step
            assert not bench.outlets[evse].permitted, step
        kept = station.reservations.names(evse)
        assert not (kept and flow.grant is not None), step
    anywhere = [it for it in station.reservations._all.values() if it.evse is None]
    serving = [flow for flow in station.evses.flows.values() if not station.reservations._gone(flow)]
    assert len(anywhere) <= len([it for it in serving if not station.reservations.names(it.evse)]), step


def ends(site: Site) -> Counter[int]:
    """How often the CSMS was told, or has itself said, that a reservation is over."""
    told: Counter[int] = Counter(site.cancelled)
    events: set[tuple[int, str, int]] = set()
    for action, said in site.bench.sent:
        if action == "ReservationStatusUpdate":
            told[said["reservationId"]] += 1
        elif action == "TransactionEvent" and "reservationId" in said:
            events.add((said["reservationId"], said["transactionInfo"]["transactionId"], said["seqNo"]))
    told.update(number for number, *_ in events)
    return told


def run(day: list[str], start: str) -> None:
    defaults: Mapping[str, str] = {"TxStartPoint": start, "MessageAttempts": "1000"}
    bench = Bench("2.0.1", boot=False, evses=2, abilities=EVERYTHING, defaults=defaults)
    bench.power_up()
    site = Site(bench)
    for step in day:
        since = len(bench.sent)
        STEPS[step](site)
        look(site, step, since)
    for step in LAST:
        STEPS[step](site)
    bench.advance(7200)
    look(site, "the end", len(bench.sent))
    assert not bench.journal
    assert (bench.statuses(1)[-1], bench.statuses(2)[-1]) == ("Available", "Available")
    over = ends(site)
    assert set(over) <= site.accepted
    assert all(count == 1 for count in over.values())


@settings(max_examples=40, deadline=None)
@given(DAY, st.sampled_from(POINTS))
def test_what_the_csms_knows_is_what_is_so(day: list[str], start: str) -> None:
    run(day, start)


@pytest.mark.fuzz
@settings(max_examples=2000, deadline=None, derandomize=False)
@given(DAY, st.sampled_from(POINTS))
def test_for_long(day: list[str], start: str) -> None:
    run(day, start)
