"""A station that may be killed at each of its commits, and a CSMS that keeps books of what it was told.

Theory: what is owed is known by its id in the journal. Of each it is written down when it was committed, each time
that it was sent, and what became of that; at the end the books must be in order (`check`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub.ocpp.station import outbox
from hub.ocpp.station.effects import DURABLE, Attempt, Bury, Effect, Owe, Settle
from tests.hub.ocpp.world import World

ATTEMPTS, INTERVAL_S = 3, 10


class Died(Exception):
    """kill -9"""


@dataclass(slots=True)
class Entry:
    """One message that is owed. `epoch`: the connection at which it happened, None: there was none."""

    id: int
    body: dict[str, Any]
    epoch: int | None
    sends: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0
    wait_until: float = 0.0
    settled: bool = False
    answered: bool = False
    buried: bool = False


class Mortal(World):
    """`fuse`: it dies at its so manieth commit from now, and `early` says before it."""

    def __init__(self, version: str, **more: Any) -> None:
        self.fuse, self.early = 0, False
        self.epoch = 0
        self.mode = "good"
        self.book: dict[int, Entry] = {}
        self.numbers: dict[tuple[Any, ...], int] = {}
        super().__init__(version, **more)

    # The hub

    def committing(self, effects: Sequence[Effect]) -> None:
        self._burn(effects, now=self.early)

    def committed(self, effects: Sequence[Effect]) -> None:
        """In the books is what is on disk."""
        for effect in effects:
            match effect:
                case Owe(id=number, body=body):
                    assert number not in self.book, "an id was given twice"
                    epoch = self.epoch if self.station.boot.accepted else None
                    self.book[number] = Entry(number, orjson.loads(orjson.dumps(body)), epoch)
                case Settle(id=number):
                    self.book[number].settled = True
                    if not self.book[number].answered:
                        self._passed_over(self.book[number], len(effects))
                case Attempt(id=number) | Bury(id=number):
                    self._failed(self.book[number], buried=isinstance(effect, Bury))
        self._burn(effects, now=not self.early)

    def _burn(self, effects: Sequence[Effect], *, now: bool) -> None:
        if not self.fuse or not now or not any(isinstance(effect, DURABLE) for effect in effects):
            return
        self.fuse -= 1
        if not self.fuse:
            raise Died

    def _failed(self, entry: Entry, *, buried: bool) -> None:
        entry.failures += 1
        entry.buried = buried
        entry.wait_until = self.clock.now().mono + INTERVAL_S * entry.failures
        assert entry.failures <= ATTEMPTS
        assert buried is (entry.failures == ATTEMPTS)

    def _passed_over(self, entry: Entry, at_once: int) -> None:
        """Only what is spare goes, and only when too much waits; 1.6 has no words for what has none."""
        assert entry.body["event"] == "Updated"
        if self.version != "1.6" or "meter" in entry.body:
            assert not {"token", "phases", "reservation_id"} & set(entry.body)
            values = entry.body["trigger"] in ("MeterValuePeriodic", "MeterValueClock")
            assert values or entry.body["trigger"] == "ChargingStateChanged"
            assert len(self.journal) + at_once > outbox.MOST * (1 if values else 2)

    def killed(self) -> None:
        self.fuse = 0
        self._cut()
        self.restart()

    def disconnect(self) -> None:
        self._cut()
        super().disconnect()

    def _cut(self) -> None:
        """What failed before the connection went waits no longer."""
        self.epoch += 1
        for entry in self.book.values():
            entry.wait_until = 0.0

    # The CSMS

    def _answer(self) -> None:
        assert self.outstanding
        ref, action, payload = self.outstanding
        number = self.owed(ref)
        if number is None:
            self.answers.pop(action, None)
        else:
            self._received(self.book[number], dict(payload))
            self.answers[action] = self._said(action, payload)
            self.book[number].answered = not isinstance(self.answers[action], str)
        super()._answer()

    def owed(self, ref: Any) -> int | None:
        """The id of what a CALL tells; None: it was only told."""
        return self.station.calls._sent[ref].number

    def _said(self, action: str, payload: Any) -> Any:
        if self.mode != "good":
            return {"errors": "InternalError", "silence": "Timeout", "hold": "hold"}[self.mode]
        if action != "StartTransaction":
            return self._usual(action, payload)
        # One that it knows already gets the number that it has.
        said = tuple(payload[name] for name in ("connectorId", "idTag", "meterStart", "timestamp"))
        number = self.numbers.setdefault(said, 100 + len(self.numbers))
        return {"transactionId": number, "idTagInfo": {"status": "Accepted"}}

    def _received(self, entry: Entry, payload: dict[str, Any]) -> None:
        others = [one for one in self.book.values() if one.id < entry.id and not (one.settled or one.buried)]
        assert not others, "something else was owed before"
        assert not entry.settled, "it was answered, and that was on disk"
        assert self.clock.now().mono >= entry.wait_until, "too soon after a failure"
        if self.version != "1.6":
            assert payload.pop("offline") is (entry.epoch != self.epoch)
            assert payload["seqNo"] == entry.body["seq_no"]
        assert all(payload == before for before in entry.sends), "told anew in other words"
        entry.sends.append(payload)

    # In the end

    def check(self) -> None:
        assert not self.journal
        assert all(entry.settled or entry.buried for entry in self.book.values())
        stories: dict[str, list[dict[str, Any]]] = {}
        for entry in self.book.values():
            stories.setdefault(entry.body["transaction"], []).append(entry.body)
        for story in stories.values():
            assert [body.get("seq_no", 0) for body in story] == list(range(len(story)))
            assert [body["event"] for body in story] == ["Started", *["Updated"] * (len(story) - 2), "Ended"]
            assert [body["at"] for body in story] == sorted(body["at"] for body in story)
            assert sum("token" in body and body["trigger"] != "StopAuthorized" for body in story) <= 1
        if self.version == "1.6":
            self._check_numbers()

    def _check_numbers(self) -> None:
        """Each StopTransaction has the number that its StartTransaction got, or none if it got none."""
        known = {
            entry.body["transaction"]: number
            for entry in self.book.values()
            if entry.body["event"] == "Started" and entry.settled
            for number in [self._number(entry.sends[-1])]
        }
        for entry in self.book.values():
            for said in entry.sends if entry.body["event"] != "Started" else ():
                nobody = -1 if entry.body["event"] == "Ended" else None
                assert said.get("transactionId") == known.get(entry.body["transaction"], nobody)

    def _number(self, start: dict[str, Any]) -> int:
        return self.numbers[
            tuple(start[name] for name in ("connectorId", "idTag", "meterStart", "timestamp"))
        ]
