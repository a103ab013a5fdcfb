"""What is told to the CSMS without being owed to it: in its order, also beside what is owed."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.ocpp.errors import CallError, ErrorCode
from hub.ocpp.station.messages import Message
from hub.ocpp.station.outbox import Entry

MOST_HELD = 500
MOST_WAITING = 2000
"""Then the oldest goes: all of it is lost with the connection anyway."""
MOST_ASKED = 100
"""A CSMS that asks on and on and takes no answers to what it has asked for is told so."""
REFUSABLE = frozenset(
    {
        *("GetBaseReport", "GetReport", "GetMonitoringReport"),  # B07.FR.13, B08.FR.16
        *("CustomerInformation", "TriggerMessage", "ExtendedTriggerMessage"),
    }
)
TELLING = REFUSABLE | {"GetChargingProfiles", "GetDisplayMessages"}
"""CALLs that are answered with more than their answer; those that may be Rejected are, when too much waits."""


@dataclass(slots=True)
class Queue:
    _waiting: deque[tuple[Message, int]] = field(default_factory=deque)
    """Each with the newest entry of the outbox that happened before it."""

    _held: deque[Message] = field(default_factory=lambda: deque(maxlen=MOST_HELD))

    def add(self, message: Message, newest: int) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
        self._waiting.append((message, newest))

    def excess(self, action: str) -> Mapping[str, object] | None:
        """The answer to who asks for more than is taken; None: there is room."""
        if action not in TELLING or len(self._waiting) < MOST_ASKED:
            return None
        if action not in REFUSABLE:
            raise CallError(ErrorCode.GENERIC, "too much waits to be told to you")
        return {"status": "Rejected"}

    def next(self, owed: Entry | None) -> Message | None:
        """None: there is nothing, or what is owed happened before it and is about to leave as well.

        What is owed from earlier, or was tried in vain, holds nothing up (1.6: 3.7).
        """
        if not self._waiting:
            return None
        fresh = owed is not None and owed.attempts == 0 and not owed.event.offline
        if fresh and owed is not None and owed.id <= self._waiting[0][1]:
            return None
        return self._waiting.popleft()[0]

    def hold(self, message: Message) -> None:
        """Until the CSMS has accepted the station."""
        self._held.append(message)

    def release(self, newest: int) -> None:
        while self._held:
            self.add(self._held.popleft(), newest)

    def clear(self) -> list[Message]:
        """What will never be told by this connection."""
        self._held.clear()
        unsaid = [message for message, _ in self._waiting]
        self._waiting.clear()
        return unsaid

    def __bool__(self) -> bool:
        return bool(self._waiting)
