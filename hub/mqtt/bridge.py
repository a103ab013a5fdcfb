"""The `bridge/*` topics: what the hub says of itself, and the requests it answers."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import psutil

from hub import __version__
from hub.bus import Bus, Message
from hub.clock import Clock
from hub.errors import HubError
from hub.model.moment import Moment, rfc3339
from hub.topics import Topics

HEALTH_S = 60.0
Request = Callable[[Mapping[str, object]], Awaitable[Mapping[str, object]]]
"""Answers a `bridge/request/<op>`: its `data`. Raises HubError."""


@dataclass(frozen=True, slots=True)
class About:
    """What `bridge/info` says and doesn't change while the hub runs."""

    started: Moment
    language: str
    name: str
    timezone: str
    mqtt: str
    features: tuple[str, ...]
    config_hash: Callable[[], str]
    chargers: Callable[[], list[dict[str, object]]]
    """[{id, name, protocol, blueprint, online}]"""
    config_problems: Callable[[], Sequence[str]] = tuple
    """What is wrong with the file, when an older configuration is used in its stead."""
    counters: Callable[[], Mapping[str, object]] = field(default=dict)
    protocols: Callable[[], Mapping[str, Mapping[str, int]]] = field(default=dict)
    """What integrations count on their wires."""


class Bridge:
    """Publishes; `requests` by operation name."""

    def __init__(
        self, bus: Bus, topics: Topics, clock: Clock, about: About, requests: Mapping[str, Request]
    ) -> None:
        self._bus, self._topics, self._clock, self._about = bus, topics, clock, about
        self._requests = {**requests, "health_check": self._health_check}
        self._tasks: set[asyncio.Task[None]] = set()
        self._process = psutil.Process(os.getpid())
        self._lag_ms = 0.0
        self._ends: list[Callable[[], None]] = []

    def start(self) -> None:
        self.online()
        self.info()
        self.chargers()
        self._ends.append(self._bus.subscribe(self._topics.bridge("request", "#"), self._receive))
        self._ends.append(self._bus.subscribe(self._topics.charger("+", "availability"), self._availability))

    async def run(self) -> None:
        """`bridge/health` every minute; the loop's lag is how late this task wakes up."""
        loop = asyncio.get_running_loop()
        self._process.cpu_percent()
        while True:
            self._say("health", self.health())
            due = loop.time() + HEALTH_S
            await asyncio.sleep(HEALTH_S)
            self._lag_ms = max(0.0, (loop.time() - due) * 1000)

    async def close(self) -> None:
        for end in self._ends:
            end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._bus.publish(self._topics.bridge("state"), "offline", retain=True)

    def online(self) -> None:
        self._bus.publish(self._topics.bridge("state"), "online", retain=True)

    def info(self) -> None:
        about = self._about
        self._say(
            "info",
            {
                "name": about.name,
                "version": __version__,
                "started": rfc3339(about.started.wall),
                "mqtt": about.mqtt,
                "language": about.language,
                "timezone": about.timezone,
                "config_hash": about.config_hash(),
                "config_problems": list(about.config_problems()),
                "log_level": logging.getLevelName(logging.getLogger().level).lower(),
                "features": list(about.features),
            },
        )

    def chargers(self) -> None:
        self._say("chargers", self._about.chargers())

    def event(self, event_type: str, data: Mapping[str, object]) -> None:
        body = {"type": event_type, "ts": rfc3339(self._clock.now().wall), "data": dict(data)}
        self._bus.publish(self._topics.bridge("event"), body)

    def health(self) -> dict[str, object]:
        listed = self._about.chargers()
        now = self._clock.now()
        return {
            "uptime_s": round(now.mono - self._about.started.mono),
            "rss_mb": round(self._process.memory_info().rss / 1e6, 1),
            "cpu_percent": self._process.cpu_percent(),
            "loop_lag_ms": round(self._lag_ms, 1),
            "mqtt": dict(self._about.counters()),
            "protocols": {name: dict(counted) for name, counted in self._about.protocols().items()},
            "chargers": len(listed),
            "chargers_online": sum(bool(charger["online"]) for charger in listed),
            "ts": rfc3339(now.wall),
        }

    def _say(self, name: str, payload: object) -> None:
        self._bus.publish(self._topics.bridge(name), payload, retain=True)

    def _availability(self, _message: Message) -> None:
        self.chargers()

    async def _health_check(self, _body: Mapping[str, object]) -> Mapping[str, object]:
        health = self.health()
        self._say("health", health)
        return health

    def _receive(self, message: Message) -> None:
        address = self._topics.parse(message.topic)
        assert address is not None
        op = "/".join(address.parts[1:])
        body = _object(message.payload)
        if (message.properties or {}).get("retained"):
            self._respond(op, body, error=("retained_command", "a retained request is never executed"))
        elif op not in self._requests:
            self._respond(op, body, error=("unsupported", f"no request {op!r}"))
        else:
            task = asyncio.get_running_loop().create_task(self._answer(op, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, op: str, body: Mapping[str, object]) -> None:
        try:
            self._respond(op, body, data=await self._requests[op](body))
        except HubError as error:
            self._respond(op, body, error=("failed", str(error)))

    def _respond(
        self,
        op: str,
        body: Mapping[str, object],
        *,
        data: Mapping[str, object] | None = None,
        error: tuple[str, str] | None = None,
    ) -> None:
        answer: dict[str, object] = {"id": body.get("id"), "status": "error" if error else "ok"}
        if error:
            answer["error"] = {"code": error[0], "message": error[1]}
        else:
            answer["data"] = data or {}
        self._bus.publish(self._topics.bridge("response", op), answer)


class BusLog(logging.Handler):
    """Warnings and worse on `bridge/logging`, at most `most` in `per_s` seconds."""

    def __init__(
        self, bus: Bus, topics: Topics, clock: Clock, *, most: int = 30, per_s: float = 60.0
    ) -> None:
        super().__init__(logging.WARNING)
        self._bus, self._topic, self._clock = bus, topics.bridge("logging"), clock
        self._most, self._per_s = most, per_s
        self._window, self._count = float("-inf"), 0
        self._publishing = False

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock.now()
        if now.mono - self._window >= self._per_s:
            self._window, self._count = now.mono, 0
        self._count += 1
        if self._count > self._most or self._publishing:
            return
        body: dict[str, object] = {
            "ts": rfc3339(now.wall),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        charger = getattr(record, "charger", None)
        if charger:
            body["charger"] = charger
        self._publishing = True  # a subscriber that fails logs again
        try:
            self._bus.publish(self._topic, body, qos=0)
        finally:
            self._publishing = False


def _object(payload: object) -> Mapping[str, object]:
    if not isinstance(payload, bytes) or len(payload) > 4096:
        return {}
    try:
        value = orjson.loads(payload or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
