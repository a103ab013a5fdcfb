"""A charger's topics: on change, at most once a second for each key, and everything again every minute."""

from collections.abc import Callable, Iterable, Mapping

from hub.bus import Bus
from hub.charger.turns import share
from hub.clock import Clock
from hub.model.entity import EMPTY, Scalar, State
from hub.model.moment import Moment, rfc3339
from hub.topics import Topics

EVERY_S = 60.0
GAP_S = 0.95
"""Between two publications of a key: a poll a second is let through, a faster one is not."""
AT_ONCE = (
    "status",
    "plugged",
    "charging_enabled",
    "transaction_id",
    "id_tag",
    "current_limit",
    "error_code",
    "pending",
)
"""What nobody wants to wait for, unless it has changed within the last second itself."""

UPDATING = frozenset({"Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"})
"""OCPP's FirmwareStatus, while an update goes on."""

Live = Callable[[int, Moment], Mapping[str, Scalar]]


def _nothing(_evse: int, _now: Moment) -> Mapping[str, Scalar]:
    return EMPTY


class Publisher:
    """Owns what was published last; JSON and scalars always come from one snapshot.

    `live`: values of an EVSE that change with time alone. They go along with the others and cause nothing."""

    def __init__(self, bus: Bus, topics: Topics, charger: str, clock: Clock, live: Live = _nothing) -> None:
        self._bus, self._topics, self._charger, self._clock, self._live = bus, topics, charger, clock, live
        self._newest: dict[int, State] = {}
        self._told: dict[int, State] = {}
        self._told_at: dict[int, float] = {}
        self._changed_at: dict[tuple[int, str], float] = {}
        self._scalars: dict[int, dict[str, tuple[str, Scalar]]] = {}
        self._station: dict[str, Scalar] = {"available": False}
        self._installed: object = None
        self._updating = False
        # Each charger has its own second of the minute: a hundred at once would hold everybody up.
        self._everything_at = clock.now().mono + EVERY_S * share(charger)

    def availability(self, there: bool) -> None:
        self._retain("availability", "online" if there else "offline")
        self.station({"available": there})

    def station(self, values: Mapping[str, Scalar]) -> None:
        """What is true of the charger itself."""
        self._station.update(values)
        self._retain("state", {**self._station, "ts": rfc3339(self._clock.now().wall)})
        for key, value in values.items():
            topic = self._topics.charger(self._charger, "state", key)
            self._bus.publish(topic, "null" if value is None else value, retain=True, qos=0)

    def info(self, info: Mapping[str, object]) -> None:
        self._retain("info", info)
        self._installed = info["firmware"] or None
        self._firmware()

    def event(self, event_type: str, details: Mapping[str, object]) -> None:
        body = {"event_type": event_type, "ts": rfc3339(self._clock.now().wall), **details}
        self._bus.publish(self._topics.charger(self._charger, "event"), body)
        if event_type == "firmware_update":
            self._updating = details["status"] in UPDATING
            self._firmware()

    def session(self, body: Mapping[str, object], *, closed: bool) -> None:
        self._retain("session", body)
        if closed:
            self._bus.publish(self._topics.charger(self._charger, "sessions"), body)

    def meter(self, body: Mapping[str, object]) -> None:
        self._bus.publish(self._topics.charger(self._charger, "meter"), body, qos=0)

    def raw(self, direction: str, frame: bytes | str) -> None:
        """A frame of the charger's protocol: `up` from the charger, `down` to it; bytes in hexadecimal."""
        text = frame if isinstance(frame, str) else frame.hex()
        body = {"ts": rfc3339(self._clock.now().wall), "frame": text}
        self._bus.publish(self._topics.charger(self._charger, "raw", direction), body, qos=0)

    def evse(self, evse: int, state: State, now: Moment) -> None:
        """A new snapshot (EVSE 0: of the thing itself); it is published now, or with the next `tick`."""
        self._newest[evse] = state
        told = self._told.get(evse, EMPTY)
        if state == told:
            return
        rested = now.mono - self._told_at.get(evse, float("-inf")) >= GAP_S
        if rested or any(state.get(key) != told.get(key) and self._may(evse, key, now) for key in AT_ONCE):
            self._publish(evse, state, now)

    def tick(self, now: Moment) -> bool:
        """Once a second: what was held back; once a minute: everything (then it returns True)."""
        everything = now.mono >= self._everything_at
        if everything:
            late = (now.mono - self._everything_at) % EVERY_S
            self._everything_at = now.mono - late + EVERY_S
            for scalars in self._scalars.values():
                scalars.update({key: (topic, _Never) for key, (topic, _) in scalars.items()})
        for evse, state in self._newest.items():
            if everything or state != self._told.get(evse):
                self._publish(evse, state, now)
        return everything

    def clear(self) -> None:
        """The charger is no more: nothing of it stays retained."""
        self._withdraw(self._retained("#"))

    def keep_evses(self, evses: int) -> None:
        """The charger has so many now: nothing of others stays retained."""
        parsed = {topic: self._topics.parse(topic) for topic in self._retained("evse", "#")}
        self._withdraw(topic for topic, found in parsed.items() if found and (found.evse or 0) > evses)

    def _retained(self, *parts: str) -> list[str]:
        return [message.topic for message in self._bus.retained(self._topics.charger(self._charger, *parts))]

    def _withdraw(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._bus.publish(topic, None, retain=True)

    def _firmware(self) -> None:
        version = {"installed_version": self._installed, "latest_version": self._installed}
        self._retain("update", {**version, "in_progress": self._updating})

    def _may(self, evse: int, key: str, now: Moment) -> bool:
        return now.mono - self._changed_at.get((evse, key), float("-inf")) >= GAP_S

    def _publish(self, evse: int, state: State, now: Moment) -> None:
        before = self._told.get(evse, EMPTY)
        for key in AT_ONCE:
            if state.get(key) != before.get(key):
                self._changed_at[evse, key] = now.mono
        self._told[evse], self._told_at[evse] = state, now.mono
        scalars = self._scalars.setdefault(evse, {})
        # A value that is gone is null from then on: as JSON and as scalar.
        gone = dict.fromkeys(key for key in scalars if key not in state)
        body: dict[str, Scalar] = {**gone, **state, **self._live(evse, now), "ts": rfc3339(now.wall)}
        self._bus.publish(self._topic(evse, "state"), body, retain=True)
        del body["ts"]
        for key, value in body.items():
            told = scalars.get(key)
            if told is None or told[1] != value:
                self._scalar(scalars, evse, key, value)

    def _scalar(self, scalars: dict[str, tuple[str, Scalar]], evse: int, key: str, value: Scalar) -> None:
        known = scalars.get(key)
        topic = known[0] if known else self._topic(evse, "state", key)
        scalars[key] = topic, value
        # An unknown value is said as such, and stays said: null, not an empty (deleting) payload.
        self._bus.publish(topic, "null" if value is None else value, retain=True, qos=0)

    def _topic(self, evse: int, *parts: str) -> str:
        if not evse:
            return self._topics.charger(self._charger, *parts)
        return self._topics.evse(self._charger, evse, *parts)

    def _retain(self, part: str, payload: object) -> None:
        self._bus.publish(self._topics.charger(self._charger, part), payload, retain=True)


_Never = "\0"
"""No value is this one: what stands for "to be published in any case"."""
