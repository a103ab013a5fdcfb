"""An uplink on a real store, with a runtime that records and a link that the test holds the other end of."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.link.websocket import LinkClosed
from hub.model.charger import Abilities, Identity
from hub.model.command import CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.ocpp.station.setup import StationSetup
from hub.store.database import Database, Statement
from hub.uplink.uplink import Uplink

ACTIONS = frozenset({"start", "pause", "set_limit", "unlock", "reset"})
SETUP = StationSetup("garage", Identity("Maker", "Model", "S1", "1.0"), 1, Abilities(ACTIONS))
IDLE = {"status": "available", "plugged": False, "power": 0.0, "energy_total": 10.0, "charging_enabled": True}
PLUGGED = {**IDLE, "status": "preparing", "plugged": True}
CHARGING = {**PLUGGED, "status": "charging", "power": 11000.0, "current_l1": 16.0}


class Runtime:
    """What an uplink needs of a charger; `told` is everything that it was told, in order."""

    id, evses = "garage", 1
    identity = SETUP.identity

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.notes: dict[str, Any] = {}
        self.meter: list[Mapping[str, Any]] = []
        self.operations: dict[str, Any] = {}
        self.watchers: list[Callable[[int, Mapping[str, Any]], None]] = []
        self.limit_watchers: list[Callable[[int, Any], None]] = []
        self.acting: asyncio.Future[CommandResult] | None = None

    @property
    def wishes(self) -> "Runtime":
        return self

    def watch(self, watcher: Callable[[int, Mapping[str, Any]], None]) -> Callable[[], None]:
        self.watchers.append(watcher)
        return lambda: self.watchers.remove(watcher)

    def watch_limits(self, watcher: Callable[[int, Any], None]) -> Callable[[], None]:
        self.limit_watchers.append(watcher)
        return lambda: self.limit_watchers.remove(watcher)

    def show(self, state: Mapping[str, Any], evse: int = 1) -> None:
        for watcher in self.watchers:
            watcher(evse, state)

    def permit(self, evse: int, allowed: bool | None) -> None:
        self.told.append(("permit", evse, allowed))

    def limit(self, evse: int, source: str, current_a: float | None, *, power_w: float | None = None) -> None:
        self.told.append(("limit", evse, source, current_a))

    def annotate(self, evse: int, values: Mapping[str, Any]) -> None:
        self.told.append(("annotate", evse, dict(values)))

    def event(self, event: str, **details: object) -> None:
        self.told.append(("event", event, details))

    def note(self, values: Mapping[str, Any]) -> None:
        self.notes.update(values)

    def measured(self, body: Mapping[str, Any]) -> None:
        self.meter.append(body)

    async def act(self, evse: int, action: str, arguments: Mapping[str, Any]) -> CommandResult:
        self.told.append(("act", evse, action))
        return await self.acting if self.acting else CommandResult(Outcome.ACCEPTED)

    def kinds(self) -> list[str]:
        return [entry[0] for entry in self.told]


class Link:
    """A TextLink; the test is the CSMS."""

    def __init__(self, subprotocol: str = "ocpp2.0.1") -> None:
        self.subprotocol = subprotocol
        self.frames: asyncio.Queue[list[Any]] = asyncio.Queue()
        self.open = True
        self.stuck = False
        self.took: Callable[[str], None] | None = None
        """Answers the security events, which these tests are not about."""

    async def send(self, text: str) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        if not self.open:
            raise LinkClosed("gone")
        frame = orjson.loads(text)
        if self.took and frame[2] == "SecurityEventNotification":
            self.took(frame[1])
        else:
            self.frames.put_nowait(frame)

    async def receive(self) -> str:
        raise NotImplementedError

    async def close(self, code: int = 1000) -> None:
        self.open = False

    async def next(self) -> list[Any]:
        async with asyncio.timeout(5):
            return await self.frames.get()


class Gate:
    """A Database whose writes can be held up (after the next `pass_on`), or fail."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.fails = self.pass_on = 0
        self.writes: list[list[str]] = []

    async def write(self, statements: Sequence[Statement]) -> None:
        if self.pass_on:
            self.pass_on -= 1
        else:
            self.asked.set()
            await self.open.wait()
        if self.fails:
            self.fails -= 1
            raise StoreError("disk full")
        await self.database.write(statements)
        self.writes.append(
            [sql.split()[0] + " " + next(t for t in TABLES if t in sql) for sql, _ in statements]
        )

    async def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return await self.database.read(sql, parameters)


TABLES = ("dead_letters", "outbox", "station")


class World:
    """Enter it with `async with`; `crash` and `start` are what happens to the hub."""

    def __init__(self, folder: Path, *, remember: bool = True, setup: StationSetup = SETUP) -> None:
        self.path = folder / "evhub.db"
        self.clock = ManualClock()
        self.remember, self.setup = remember, setup
        self.transactions = iter(range(100, 200))

    async def __aenter__(self) -> "World":
        self.database = await Database.open(self.path)
        self.gate = Gate(self.database)
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.database.close()

    async def start(self) -> None:
        self.runtime = Runtime()
        gate: Any = self.gate
        runtime: Any = self.runtime
        self.uplink = await Uplink.create(runtime, gate, self.clock, self.setup, remember=self.remember)
        self.task = asyncio.create_task(self.uplink.run())
        await asyncio.sleep(0)

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    def connect(self, version: str = "ocpp2.0.1") -> Link:
        self.link = Link(version)
        self.link.took = self._take
        self.uplink.connected(self.link)
        return self.link

    def _take(self, message_id: str) -> None:
        answer = orjson.dumps([3, message_id, {}]).decode()
        asyncio.get_running_loop().call_soon(self.uplink.received, answer)

    def disconnect(self) -> None:
        self.link.open = False
        self.uplink.disconnected()

    async def boot(self, version: str = "ocpp2.0.1") -> Link:
        """Registered, and its statuses told."""
        link = self.connect(version)
        assert await self.serve() == "BootNotification"
        self.runtime.show(IDLE)
        connectors = 2 if version == "ocpp1.6" else 1  # 1.6 also tells of connector 0
        assert [await self.serve() for _ in range(connectors)] == ["StatusNotification"] * connectors
        return link

    async def serve(self, **answer: Any) -> str:
        """Answers the next CALL; its action."""
        return str((await self.exchange(**answer))[0])

    async def exchange(self, **answer: Any) -> tuple[str, Mapping[str, Any]]:
        kind, message_id, *rest = await self.link.next()
        assert kind == 2, (kind, rest)
        action, payload = rest
        self.uplink.received(orjson.dumps([3, message_id, answer or self._usual(action)]).decode())
        return action, payload

    def _usual(self, action: str) -> Mapping[str, Any]:
        now = rfc3339(self.clock.now().wall)
        info = "idTagInfo" if self.link.subprotocol == "ocpp1.6" else "idTokenInfo"
        return {
            "BootNotification": {"status": "Accepted", "currentTime": now, "interval": 300},
            "Heartbeat": {"currentTime": now},
            "Authorize": {info: {"status": "Accepted"}},
            "StartTransaction": {
                "transactionId": next(self.transactions),
                "idTagInfo": {"status": "Accepted"},
            },
        }.get(action, {})

    def call(self, action: str, payload: Mapping[str, Any], message_id: str = "1") -> None:
        self.uplink.received(orjson.dumps([2, message_id, action, payload]).decode())

    async def ask(self, action: str, payload: Mapping[str, Any], message_id: str = "1") -> Any:
        """The answer to the CSMS's CALL: its payload, or the error's code."""
        self.call(action, payload, message_id)
        frame = await self.link.next()
        assert frame[:2] in ([3, message_id], [4, message_id]), frame
        return frame[2]

    async def quiet(self) -> None:
        """Everything that was begun is through: the loop has nothing ready any more."""
        before = -1
        while before != len(self.gate.writes):
            before = len(self.gate.writes)
            for _ in range(2):
                await self.database.write([])  # what was asked before is through, too
                for _ in range(10):
                    await asyncio.sleep(0)

    async def outbox(self) -> list[tuple[Any, ...]]:
        return await self.database.read("SELECT id, attempts FROM outbox ORDER BY id")
