"""Messages that the CSMS must get although they belong to no transaction: kept until it has answered.

Theory: each kind strictly in order, one in flight. No answer, or a CALLERROR, costs one of MessageAttempts and a wait
that grows; a lost connection costs nothing. A CSMS that doesn't know the message at all has answered; one that has
another word for that is asked in vain for some minutes, which must not hold up the other kinds. One that says nothing
at all holds up everything else, as only one CALL may be on its way: it is not waited for long, and asked seldom.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hub.model.moment import Moment
from hub.ocpp.station.effects import Effect, Keep
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.reports import FirmwareStatus, LogStatus, Report, SecurityEvent

MOST = 200
UNHEARD_S = 600.0
"""So long a kind waits after one of it has got no answer."""
UNKNOWN_TO_CSMS = frozenset({"NotImplemented", "NotSupported"})
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (SecurityEvent, FirmwareStatus, LogStatus, Raw)
}
Notice = Report | Raw


@dataclass(slots=True)
class _Entry:
    notice: Notice
    attempts: int = 0
    not_before: float = 0.0


class Notices:
    """`kept`: what `Keep("notice", ...)` kept."""

    def __init__(self, kept: Mapping[str, Any], emit: Callable[[Effect], None]) -> None:
        self._emit = emit
        self._entries = {
            int(key): _Entry(KINDS[kind](**fields))
            for key, (kind, fields) in sorted(kept.items(), key=lambda item: int(item[0]))
            if kind in KINDS
        }
        self._next = max(self._entries, default=0) + 1
        self._flying: int | None = None

    def add(self, notice: Notice) -> None:
        if len(self._entries) >= MOST:
            self._drop(self._spare())
        number, self._next = self._next, self._next + 1
        self._entries[number] = _Entry(notice)
        self._emit(Keep("notice", str(number), [type(notice).__name__, asdict(notice)]))

    def due(self, now: Moment) -> tuple[int, Notice] | None:
        """The oldest of a kind that needn't wait, unless one is on its way."""
        if self._flying is not None:
            return None
        for number, entry in self._oldest():
            if entry.not_before <= now.mono:
                return number, entry.notice
        return None

    def _oldest(self) -> list[tuple[int, _Entry]]:
        """Of each kind, in the order they came."""
        found: dict[type[Any], tuple[int, _Entry]] = {}
        for number, entry in self._entries.items():
            found.setdefault(type(entry.notice), (number, entry))
        return list(found.values())

    def sent(self, number: int) -> None:
        self._flying = number

    def answered(self, number: int) -> None:
        self._flying = None
        self._drop(number)

    def arrived(self, number: int) -> None:
        """Its answer came when nobody waited for it any more."""
        self._drop(number)

    def failed(self, number: int, code: str, now: Moment, *, attempts: int, interval_s: float) -> None:
        self._flying = None
        entry = self._entries.get(number)
        if entry is None or code == "Disconnected":
            return
        entry.attempts += 1
        entry.not_before = now.mono + (UNHEARD_S if code == "Timeout" else interval_s * entry.attempts)
        if code in UNKNOWN_TO_CSMS or entry.attempts >= attempts:
            self._drop(number)

    def cut_off(self) -> None:
        self._flying = None
        for entry in self._entries.values():
            entry.not_before = 0.0

    def deadline(self) -> float | None:
        if self._flying is not None:
            return None
        return min((entry.not_before for _, entry in self._oldest()), default=None)

    def _spare(self) -> int:
        """The oldest of the kind that there is most of: monitors that chatter cost no security event."""
        kinds = Counter(type(entry.notice) for entry in self._entries.values())
        ((most, _),) = kinds.most_common(1)
        fitting = (number for number, entry in self._entries.items() if type(entry.notice) is most)
        return next(number for number in fitting if number != self._flying)

    def _drop(self, number: int) -> None:
        if self._entries.pop(number, None) is not None:
            self._emit(Keep("notice", str(number), None))
