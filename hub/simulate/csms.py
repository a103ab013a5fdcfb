"""A CSMS that accepts, records and can command; it complains about what a station does wrong."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server

from hub.clock import Clock, SystemClock
from hub.errors import HubError
from hub.link.serving import close_server, serve
from hub.link.websocket import LinkClosed, WebSocketLink
from hub.model.moment import parse_time, rfc3339
from hub.ocpp.rpc import Answered, CallReceived, Failed, Rpc, SendText
from hub.ocpp.schemas import schemas

log = logging.getLogger(__name__)

VERSIONS = {"ocpp2.1": "2.1", "ocpp2.0.1": "2.0.1", "ocpp1.6": "1.6"}


@dataclass(slots=True)
class Transaction:
    """What was told of one transaction."""

    id: str
    station: str
    start_wh: float | None = None
    stop_wh: float | None = None
    events: list[int] = field(default_factory=list)
    started: int = 0
    ended: int = 0
    last_at: str = ""
    reason: str = ""


@dataclass(slots=True)
class Settings:
    """How the CSMS behaves."""

    interval_s: int = 300
    boot: str = "Accepted"
    blocked: frozenset[str] = frozenset()
    password: str | None = None
    joins: bool = False
    """It may have been started while stations charge: what began before is no reason to complain."""
    silent: frozenset[str] = frozenset()
    """Actions that it never answers."""


class Csms:
    """Serves 1.6 and 2.0.1. `tell` gets one plain line for each thing that happens."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        tell: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.transactions: dict[tuple[str, str], Transaction] = {}
        self.messages: list[tuple[str, str, Mapping[str, Any]]] = []
        """(station, action, payload), in order."""
        self.complaints: list[str] = []
        self._tell = tell or (lambda line: None)
        self._clock = clock or SystemClock()
        self._stations: dict[str, _Station] = {}
        self._server: Server | None = None
        # Numbers that a CSMS before this one, whose transactions may go on, has hardly given.
        self._next_id = int(self._clock.now().wall.timestamp()) if self.settings.joins else 0
        self._numbers: dict[tuple[str, str], int] = {}

    async def start(self, host: str = "127.0.0.1", port: int = 0, **more: Any) -> int:
        """Returns the port."""
        self._server = await serve(
            self._station,
            host=host,
            port=port,
            subprotocols=tuple(VERSIONS),
            accept=lambda identity, password: self.settings.password in (None, password),
            **more,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            await close_server(self._server)
            self._server = None

    @property
    def stations(self) -> list[str]:
        return sorted(self._stations)

    async def call(self, station: str, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A CALL to a station. Raises HubError: it isn't there, or what it answers."""
        if station not in self._stations:
            raise HubError(f"{station} is not connected")
        return await self._stations[station].call(action, payload)

    async def _station(self, identity: str, link: WebSocketLink) -> None:
        station = _Station(self, identity, link)
        self._stations[identity] = station
        self._tell(f"{identity} connected with {link.subprotocol}")
        try:
            await station.run()
        except LinkClosed:
            self._tell(f"{identity} left")
        finally:
            station.lost()
            if self._stations.get(identity) is station:
                del self._stations[identity]

    def answer(
        self, station: str, version: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """None: no answer at all."""
        self.messages.append((station, action, payload))
        if action in self.settings.silent:
            return None
        handler = getattr(self, f"_on_{action.lower()}", None)
        return handler(station, payload) if handler else {}

    def _now(self) -> str:
        return rfc3339(self._clock.now().wall)

    def _on_bootnotification(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        about = payload.get("chargingStation", payload)
        name = about.get("vendorName", about.get("chargePointVendor", "?"))
        model = about.get("model", about.get("chargePointModel", "?"))
        self._tell(f"{station} boots: {name} {model}")
        return {
            "status": self.settings.boot,
            "currentTime": self._now(),
            "interval": self.settings.interval_s,
        }

    def _on_heartbeat(self, _station: str, _payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"currentTime": self._now()}

    def _on_statusnotification(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        status = payload.get("connectorStatus", payload.get("status"))
        where = payload.get("evseId", payload.get("connectorId"))
        if where:
            self._tell(f"{station}/{where} is {status}")
        return {}

    def _on_authorize(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        token = payload["idTag"] if "idTag" in payload else payload["idToken"]["idToken"]
        status = "Blocked" if token in self.settings.blocked else "Accepted"
        self._tell(f"{station} asks for {token}: {status}")
        return {"idTagInfo" if "idTag" in payload else "idTokenInfo": {"status": status}}

    # 2.0.1

    def _on_transactionevent(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        transaction = self._transaction(station, payload["transactionInfo"]["transactionId"])
        number = payload["seqNo"]
        repeated = bool(transaction.events) and number == transaction.events[-1]
        expected = transaction.events[-1] + 1 if transaction.events else 0
        if number and not transaction.events and self.settings.joins:
            self._tell(f"{station} goes on with a transaction that began before")
            expected = number
        if number != expected and not repeated:
            self._complain(station, f"seqNo {number} instead of {expected}")
        self._order(station, transaction, payload["timestamp"])
        if not repeated:
            transaction.events.append(number)
            self._count(station, transaction, payload)
        token = payload.get("idToken", {}).get("idToken")
        if token is None:
            return {}
        return {"idTokenInfo": {"status": "Blocked" if token in self.settings.blocked else "Accepted"}}

    def _count(self, station: str, transaction: Transaction, payload: Mapping[str, Any]) -> None:
        kind, wh = payload["eventType"], _register(payload)
        if wh is not None:
            if transaction.stop_wh is not None and wh < transaction.stop_wh:
                self._complain(station, "the energy register runs backwards")
            transaction.start_wh = wh if transaction.start_wh is None else transaction.start_wh
            transaction.stop_wh = wh
        if kind == "Started":
            transaction.started += 1
            self._tell(f"{station} starts a transaction ({payload['triggerReason']})")
        elif kind == "Ended":
            self._end(station, transaction, payload["transactionInfo"].get("stoppedReason", "Local"))
        if transaction.ended and kind != "Ended":
            self._complain(station, f"{kind} after the end")

    # 1.6

    def _on_starttransaction(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        # The same start again after a lost answer is the same transaction (interop A22).
        key = (station, f"{payload['connectorId']} {payload['timestamp']} {payload['meterStart']}")
        if key not in self._numbers:
            self._next_id += 1
            self._numbers[key] = self._next_id
            transaction = self._transaction(station, str(self._next_id))
            transaction.started += 1
            transaction.start_wh = transaction.stop_wh = payload["meterStart"]
            self._order(station, transaction, payload["timestamp"])
            self._tell(f"{station} starts transaction {self._next_id}")
        status = "Blocked" if payload["idTag"] in self.settings.blocked else "Accepted"
        return {"transactionId": self._numbers[key], "idTagInfo": {"status": status}}

    def _on_stoptransaction(self, station: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        transaction = self.transactions.get((station, str(payload["transactionId"])))
        if transaction is None and self.settings.joins:
            self._tell(f"{station} ends a transaction that began before ({payload.get('reason', 'Local')})")
            return {}
        if transaction is None:
            self._complain(station, f"an unknown transaction {payload['transactionId']} ends")
            return {}
        self._order(station, transaction, payload["timestamp"])
        if payload["meterStop"] < (transaction.stop_wh or 0):
            self._complain(station, "the energy register runs backwards")
        transaction.stop_wh = payload["meterStop"]
        self._end(station, transaction, payload.get("reason", "Local"))
        return {}

    def _on_datatransfer(self, _station: str, _payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"status": "UnknownVendorId"}

    # Both

    def _transaction(self, station: str, transaction: str) -> Transaction:
        return self.transactions.setdefault((station, transaction), Transaction(transaction, station))

    def _end(self, station: str, transaction: Transaction, reason: str) -> None:
        transaction.ended += 1
        transaction.reason = reason
        wh = (transaction.stop_wh or 0) - (transaction.start_wh or 0)
        self._tell(f"{station} ends the transaction: {wh / 1000:.2f} kWh ({reason})")

    def _order(self, station: str, transaction: Transaction, at: str) -> None:
        if transaction.last_at and parse_time(at) < parse_time(transaction.last_at):
            self._complain(station, f"{at} after {transaction.last_at}")
        transaction.last_at = at

    def _complain(self, station: str, words: str) -> None:
        self.complaints.append(f"{station}: {words}")
        self._tell(f"{station}: COMPLAINT: {words}")


class _Station:
    """One connection."""

    def __init__(self, csms: Csms, identity: str, link: WebSocketLink) -> None:
        self._csms, self._identity, self._link = csms, identity, link
        self._version = VERSIONS[link.subprotocol]
        self._rpc = Rpc(schemas(self._version))
        self._calling = asyncio.Lock()

    async def run(self) -> None:
        """Raises LinkClosed."""
        while True:
            text = await self._link.receive()
            for event in self._rpc.receive(text, asyncio.get_running_loop().time()):
                await self._event(event)

    async def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        async with self._calling:
            done: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
            await self._link.send(self._rpc.call(done, action, payload, asyncio.get_running_loop().time()))
            return await asyncio.wait_for(done, 30)

    def lost(self) -> None:
        for event in self._rpc.lost():
            if isinstance(event, Failed):
                _settle(event)

    async def _event(self, event: object) -> None:
        match event:
            case CallReceived(id=call_id, action=action, payload=payload):
                answer = self._csms.answer(self._identity, self._version, action, payload)
                text = None if answer is None else self._rpc.reply(call_id, answer)
                if text is not None:
                    await self._link.send(text)
            case Answered(ref=asyncio.Future() as done, payload=payload):
                if not done.done():
                    done.set_result(payload)
            case Failed():
                _settle(event)
            case SendText(text=text):
                self._csms.complaints.append(f"{self._identity}: a frame that is refused: {text[:200]}")
                await self._link.send(text)


def _settle(event: Failed) -> None:
    if isinstance(event.ref, asyncio.Future) and not event.ref.done():
        event.ref.set_exception(HubError(f"{event.code} {event.description}".strip()))


def _register(payload: Mapping[str, Any]) -> float | None:
    """The energy register in an event, in Wh."""
    for value in reversed(payload.get("meterValue", [])):
        for sample in value["sampledValue"]:
            if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register":
                return float(sample["value"])
    return None
