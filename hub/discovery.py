"""What integrations find: shown on `bridge/discovered`, and accepted or ignored by one command.

Theory: an integration's service runs as soon as its section stands in the configuration or a charger speaks its
protocol. What is accepted is written to the hub's own file beside the database, and then the hub reloads: an
accepted charger is a configured one like any other.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.bus import Bus
from hub.clock import Clock
from hub.config.accepted import Accepted, line
from hub.config.schema import check_id
from hub.errors import HubError
from hub.integration.api import Found, Service, ServiceSetup
from hub.integration.loader import load_service
from hub.model.moment import rfc3339
from hub.tasks import contained, supervise
from hub.topics import Topics

log = logging.getLogger(__name__)

Request = Callable[[Mapping[str, Any]], Coroutine[Any, Any, Mapping[str, Any]]]
SETTLE_S = 0.2
"""Many devices are found at once: they are told together."""


@dataclass(slots=True)
class _Running:
    service: Service
    settings: Mapping[str, Any]
    task: asyncio.Task[None]


class Discovery:
    """`taken`: ids of configured chargers. `reload`: called after something was accepted; raises HubError."""

    def __init__(
        self,
        bus: Bus,
        topics: Topics,
        clock: Clock,
        state_dir: Path,
        taken: Callable[[], Collection[str]],
        reload: Callable[[], Coroutine[Any, Any, object]],
    ) -> None:
        self._bus, self._topic, self._clock = bus, topics.bridge("discovered"), clock
        self._state_dir, self._taken, self._reload = state_dir, taken, reload
        self._services: dict[str, _Running] = {}
        self._first_seen: dict[str, str] = {}
        self._tried: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.Lock()
        self._ready = False

    def need(self, protocol: str, settings: Mapping[str, Any]) -> None:
        """Starts that integration's service, if it has one and it doesn't run yet. Raises HubError."""
        if protocol in self._services:
            return
        make = load_service(protocol)
        if make is None:
            return
        service = make(ServiceSetup(settings, self._state_dir, self._changed))
        task = asyncio.create_task(supervise(f"integration {protocol}", service.run), name=protocol)
        self._services[protocol] = _Running(service, settings, task)

    async def stop(self, protocol: str) -> None:
        running = self._services.pop(protocol, None)
        if running is not None:
            running.task.cancel()
            await asyncio.gather(running.task, return_exceptions=True)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for protocol in list(self._services):
            await self.stop(protocol)

    def ready(self) -> None:
        """All configured chargers are there: what is found now may be accepted without asking."""
        self._ready = True
        self._changed()

    def scan(self) -> None:
        for running in self._services.values():
            running.service.scan()

    def listing(self) -> list[dict[str, object]]:
        """As `bridge/discovered` shows it."""
        ignored = Accepted.read(self._state_dir).ignored
        return [
            {
                "source": protocol,
                "key": found.key,
                "address": found.address,
                "vendor": found.vendor,
                "model": found.model,
                "kind": found.kind,
                "suggested_blueprint": found.blueprint,
                "charger": found.charger,
                "config": None if found.blueprint is None else line(found.name, _body(found)),
                "first_seen": self._first_seen.setdefault(found.key, rfc3339(self._clock.now().wall)),
            }
            for protocol, found in self._found()
            if found.key not in ignored
        ]

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """By protocol."""
        return {protocol: running.service.counters() for protocol, running in self._services.items()}

    async def accept(self, key: str, charger: str | None = None) -> str:
        """`key`: or the address, where only one thing is. Returns the new charger's id. Raises HubError."""
        async with self._accepting:
            found = self._named(key)
            if found.charger is not None:
                raise HubError(f"{found.key} is the charger {found.charger} already")
            if found.blueprint is None:
                raise HubError(f"{found.key} is no charger that evhub knows how to use")
            wrong = check_id(charger) if charger is not None else None
            if wrong or (charger is not None and charger in self._taken()):
                raise HubError(wrong or f"there is a charger {charger!r} already")
            (name,) = await self._take([(found, charger)])
            return name

    async def ignore(self, key: str) -> str:
        """It isn't shown any more. Returns its key. Raises HubError."""
        async with self._accepting:
            found = self._named(key)
            before = Accepted.read(self._state_dir)
            if found.key not in before.ignored:
                Accepted(before.chargers, (*before.ignored, found.key)).write(self._state_dir)
            self._changed()
            return found.key

    def requests(self) -> Mapping[str, Request]:
        """Of `bridge/request/...` and of the command line."""

        async def shown(_body: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"devices": self.listing()}

        async def scan(_body: Mapping[str, Any]) -> Mapping[str, Any]:
            self.scan()
            return {}

        async def accept(body: Mapping[str, Any]) -> Mapping[str, Any]:
            charger = body.get("charger")
            return {"charger": await self.accept(_key(body), None if charger is None else str(charger))}

        async def ignore(body: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"key": await self.ignore(_key(body))}

        return {
            "discovery/list": shown,
            "discovery/scan": scan,
            "discovery/accept": accept,
            "discovery/ignore": ignore,
        }

    # Inside

    def _found(self) -> Iterable[tuple[str, Found]]:
        for protocol, running in self._services.items():
            for found in running.service.found():
                yield protocol, found

    def _named(self, key: str) -> Found:
        every = [found for _, found in self._found()]
        exact = [found for found in every if found.key == key]
        matching = exact or [found for found in every if key in (found.address, found.name)]
        if len(matching) != 1:
            words = f"nothing with the key {key!r}" if not matching else f"{len(matching)} things at {key}"
            raise HubError(f"{words}; found are {', '.join(found.key for found in every) or 'none'}")
        return matching[0]

    def _changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_S, self._tell)

    def _tell(self) -> None:
        self._timer = None
        try:
            self._bus.publish(self._topic, self.listing(), retain=True)
            wanted = [found.key for found in self._wanted()]
        except HubError as error:
            log.error("discovery: %s", error)
            return
        if wanted:
            task = asyncio.create_task(contained("discovery", self._accept_all(), None))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    def _wanted(self) -> list[Found]:
        """What `discover: auto` accepts by itself: each once."""
        if not self._ready:
            return []
        auto = {
            name for name, running in self._services.items() if running.settings.get("discover") == "auto"
        }
        ignored = Accepted.read(self._state_dir).ignored
        return [
            found
            for protocol, found in self._found()
            if protocol in auto
            and found.blueprint is not None
            and found.charger is None
            and found.key not in self._tried
            and found.key not in ignored
        ]

    async def _accept_all(self) -> None:
        async with self._accepting:
            wanted = self._wanted()
            self._tried |= {found.key for found in wanted}
            try:
                names = await self._take([(found, None) for found in wanted]) if wanted else []
            except HubError as error:
                log.warning("what was found isn't taken in: %s", error)
                return
        for name in names:
            log.info("charger %s was found and taken in (discover: auto)", name)

    async def _take(self, chosen: list[tuple[Found, str | None]]) -> list[str]:
        """Writes them down and reloads; what was written is taken back when that fails."""
        before = Accepted.read(self._state_dir)
        chargers = dict(before.chargers)
        names = []
        for found, wanted in chosen:
            name = wanted or _free(found.name, {*chargers, *self._taken()})
            chargers[name] = _body(found)
            names.append(name)
        Accepted(chargers, before.ignored).write(self._state_dir)
        try:
            await self._reload()
        except HubError:
            before.write(self._state_dir)
            raise
        return names


def _body(found: Found) -> dict[str, Any]:
    name = " ".join(word for word in (found.vendor, found.model) if word)
    body: dict[str, Any] = {"name": name} if name else {}
    return body | {"use_blueprint": {"path": found.blueprint, "input": dict(found.inputs)}}


def _key(body: Mapping[str, Any]) -> str:
    key = body.get("key")
    if not isinstance(key, str) or not key:
        raise HubError('expected "key": what discovered calls the device')
    return key


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:44]}-{number}"
    return free
