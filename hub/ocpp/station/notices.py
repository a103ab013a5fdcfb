"""Messages that the CSMS must get although they belong to no transaction: kept until it has answered.

Theory: strictly in order, one in flight. No answer, or a CALLERROR, costs one of MessageAttempts and a wait that
grows; a lost connection costs nothing. A CSMS that doesn't know the message at all has answered.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hub.model.moment import Moment
from hub.ocpp.station.effects import Effect, Keep
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.reports import FirmwareStatus, LogStatus, Report, SecurityEvent

MOST = 200
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
            self._drop(next(number for number in self._entries if number != self._flying))
        number, self._next = self._next, self._next + 1
        self._entries[number] = _Entry(notice)
        self._emit(Keep("notice", str(number), [type(notice).__name__, asdict(notice)]))

    def due(self, now: Moment) -> tuple[int, Notice] | None:
        """The oldest, unless one is on its way or must wait."""
        if self._flying is not None or not self._entries:
            return None
        number, entry = next(iter(self._entries.items()))
        return (number, entry.notice) if entry.not_before <= now.mono else None

    def sent(self, number: int) -> None:
        self._flying = number

    def answered(self, number: int) -> None:
        self._flying = None
        self._drop(number)

    def failed(self, number: int, code: str, now: Moment, *, attempts: int, interval_s: float) -> None:
        self._flying = None
        entry = self._entries.get(number)
        if entry is None or code == "Disconnected":
            return
        entry.attempts += 1
        entry.not_before = now.mono + interval_s * entry.attempts
        if code in UNKNOWN_TO_CSMS or entry.attempts >= attempts:
            self._drop(number)

    def cut_off(self) -> None:
        self._flying = None
        for entry in self._entries.values():
            entry.not_before = 0.0

    def deadline(self) -> float | None:
        if self._flying is not None:
            return None
        return next((entry.not_before for entry in self._entries.values()), None)

    def _drop(self, number: int) -> None:
        if self._entries.pop(number, None) is not None:
            self._emit(Keep("notice", str(number), None))
