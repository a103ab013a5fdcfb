"""Periodic event streams (2.1: N11 to N15): what a monitor finds is sent in chunks, and nobody confirms it.

Theory: a monitor that was set with a stream gets one as soon as the CSMS has taken it; until then, and where it is
refused, its events are told one by one. A stream's values wait until there are enough of them, or until its interval
is over. Away from the CSMS they go on waiting, as far as the monitor's severity is worth it. A stream outlives a lost
connection, but no restart: then it is opened anew, under a new id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hub.model.moment import Moment, rfc3339
from hub.ocpp.station.effects import Keep, Send
from hub.ocpp.station.messages import OpenEventStream, Raw
from hub.ocpp.station.monitor import Monitor
from hub.ocpp.station.upkeep_variables import MAX_STREAMS

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

MOST_WAITING = 1000
"""Values of one stream; then the oldest goes."""
MOST_CHARS = 24_000
"""Of the values of one message: well under what CSMSs take in one frame."""


@dataclass(slots=True)
class Stream:
    """`interval_s` and `values`: when it is sent; 0: not for that."""

    id: int
    monitor: int
    interval_s: int
    values: int
    open: bool = False
    due: float = 0.0
    waiting: list[tuple[datetime, str]] = field(default_factory=list)

    def part(self) -> list[tuple[datetime, str]]:
        """What goes into the next message (N15.FR.07)."""
        size = chars = 0
        for _, text in self.waiting[: self.values or MOST_WAITING]:
            chars += len(text)
            if size and chars > MOST_CHARS:
                break
            size += 1
        return self.waiting[:size]


class Streams:
    """`first`: the id that comes next."""

    def __init__(self, station: "Station", first: int) -> None:
        self._station = station
        self._next = first
        self._streams: dict[int, Stream] = {}
        """By monitor."""
        self._refused: set[int] = set()
        """Monitors whose stream the CSMS doesn't want."""

    def opened(self) -> list[Stream]:
        return sorted((one for one in self._streams.values() if one.open), key=lambda one: one.id)

    # Opening and closing

    def follow(self, monitors: Iterable[Monitor]) -> None:
        """Opens what is wanted and isn't there yet (N11.FR.02)."""
        if not self._spoken or not self._station.boot.accepted:
            return
        for monitor in monitors:
            new = monitor.id not in self._streams and monitor.id not in self._refused
            if monitor.stream is not None and new and len(self._streams) < MAX_STREAMS:
                stream = Stream(self._next, monitor.id, *monitor.stream)
                self._next += 1
                self._station.emit(Keep("monitoring", "stream", self._next))
                self._streams[monitor.id] = stream
                asked = OpenEventStream(stream.id, stream.monitor, stream.interval_s, stream.values)
                self._station.say(asked)

    def answered(self, asked: OpenEventStream, good: bool, now: Moment) -> None:
        """What the CSMS says of a stream; one that it refuses is told one by one (N11.FR.07)."""
        stream = self._asked(asked)
        if stream is None:
            return
        if good:
            stream.open, stream.due = True, now.mono + stream.interval_s
        else:
            del self._streams[asked.monitor]
            self._refused.add(asked.monitor)

    def unsaid(self, asked: OpenEventStream) -> None:
        """The connection went before the answer came: it is asked anew."""
        if self._asked(asked) is not None:
            del self._streams[asked.monitor]

    def close(self, monitor: int) -> None:
        """The monitor is gone, or another one by now (N13)."""
        self._refused.discard(monitor)
        stream = self._streams.pop(monitor, None)
        if stream is not None:
            self._flush(stream, everything=True)
            self._station.upkeep.notices.add(Raw("2.1", "ClosePeriodicEventStream", {"id": stream.id}))

    def adjust(self, number: int, now: Moment, interval_s: int | None, values: int | None) -> Stream | None:
        """None: there is none, or it would never be sent (N14.FR.02). What isn't named stays as it is."""
        stream = next((one for one in self.opened() if one.id == number), None)
        if stream is None:
            return None
        wanted = (
            stream.interval_s if interval_s is None else interval_s,
            stream.values if values is None else values,
        )
        if not any(wanted):
            return None
        stream.interval_s, stream.values = wanted
        stream.due = now.mono + stream.interval_s
        self._flush(stream)
        return stream

    def back_online(self, monitors: Iterable[Monitor]) -> None:
        if not self._spoken:
            self._streams.clear()
            return
        self.follow(monitors)
        for stream in self.opened():
            self._flush(stream)

    def restarted(self) -> None:
        """A Reset: what waits is sent, and all begins anew."""
        for stream in self.opened():
            self._flush(stream, everything=True)
        self._streams.clear()
        self._refused.clear()

    # Values

    def take(self, monitor: int, at: datetime, text: str) -> bool:
        """False: this monitor has no stream."""
        stream = self._streams.get(monitor)
        if stream is None or not stream.open:
            return False
        stream.waiting.append((at, text))
        del stream.waiting[:-MOST_WAITING]
        self._flush(stream)
        return True

    def tick(self, now: Moment) -> None:
        for stream in self._by_time():
            if now.mono >= stream.due:
                stream.due = now.mono + stream.interval_s
                self._flush(stream, everything=True)

    def deadlines(self) -> list[float]:
        return [stream.due for stream in self._by_time() if stream.waiting]

    # Inside

    @property
    def _spoken(self) -> bool:
        dialect = self._station.dialect
        return dialect is not None and dialect.streams

    def _asked(self, asked: OpenEventStream) -> Stream | None:
        """None: it was closed meanwhile."""
        stream = self._streams.get(asked.monitor)
        return stream if stream is not None and stream.id == asked.id else None

    def _by_time(self) -> list[Stream]:
        return [one for one in self.opened() if one.interval_s and self._station.boot.accepted]

    def _flush(self, stream: Stream, *, everything: bool = False) -> None:
        """Whole messages; and what is left, where its time has come (N15.FR.06/08)."""
        if not self._station.boot.accepted or not self._spoken:
            return
        while stream.waiting and (everything or 0 < stream.values <= len(stream.waiting)):
            part = stream.part()
            del stream.waiting[: len(part)]
            begin = part[0][0]
            said = {
                "id": stream.id,
                "pending": len(stream.waiting),  # N15.FR.04
                "basetime": rfc3339(begin),  # N15.FR.09
                "data": [{"t": round((at - begin).total_seconds(), 3), "v": text} for at, text in part],
            }
            self._station.emit(Send("NotifyPeriodicEventStream", said))
