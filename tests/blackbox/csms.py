"""A strict CSMS on the `ocpp` package: every message is checked, and one that nobody expects fails the test."""

import asyncio
import base64
import json
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, CallResult, unpack, validate_payload
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Payload = dict[str, Any]
Answer = Payload | Exception | Callable[[Payload], Any] | None
"""What an action is answered: a payload, an error, what a function makes of the request, or (None) nothing at all."""
SCHEMAS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}
ASIDE = frozenset(
    {"Heartbeat", "StatusNotification", "SecurityEventNotification", "FirmwareStatusNotification"}
)
"""What may come between other messages: its place isn't told by the specification."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def accepted(action: str, payload: Payload) -> Payload:
    """What a CSMS says that has nothing against anything."""
    info = {"status": "Accepted"}
    if action == "TransactionEvent":
        return {"idTokenInfo": info} if "idToken" in payload else {}
    table: dict[str, Payload] = {
        "BootNotification": {"currentTime": now(), "interval": 60, "status": "Accepted"},
        "Heartbeat": {"currentTime": now()},
        "Authorize": {"idTagInfo": info} if "idTag" in payload else {"idTokenInfo": info},
        "StartTransaction": {"transactionId": 4711, "idTagInfo": info},
        "SignCertificate": info,
        "DataTransfer": info,
    }
    return table.get(action, {})


@dataclass(slots=True)
class Said:
    action: str
    payload: Payload
    uid: str
    at: float
    taken: bool = False

    @property
    def kind(self) -> str:
        event = self.payload.get("eventType")
        return f"{self.action}:{event}" if event else self.action


def holds(wanted: Any, found: Any) -> bool:
    """Every member that is wanted is there and the same; of a list, as many as are named, in order."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(k in found and holds(v, found[k]) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(holds, wanted, found))
    if callable(wanted):
        return bool(wanted(found))
    return bool(wanted == found)


class Csms:
    def __init__(
        self, versions: tuple[str, ...], *, password: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.versions, self.password, self.tls = versions, password, tls
        self.answers: dict[str, Answer] = {}
        self.said: list[Said] = []
        self.aside = set(ASIDE)
        self.complaints: list[str] = []
        self.connections = 0
        self.refused = 0
        self.connection: ServerConnection | None = None
        self.path = ""
        self.port = 0
        self._calls: dict[str, tuple[str, asyncio.Future[CallResult | CallError]]] = {}
        self._server: Server | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> "Csms":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=self.versions,
            ssl=self.tls,
            process_request=self._admit,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def version(self) -> str:
        assert self.connection is not None
        return SCHEMAS[str(self.connection.subprotocol)]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.path = request.path
        if self.password is None:
            return None
        given = request.headers.get("Authorization", "")
        wanted = base64.b64encode(f"{request.path.rsplit('/', 1)[-1]}:{self.password}".encode()).decode()
        if given == f"Basic {wanted}":
            return None
        self.refused += 1
        return Response(401, "Unauthorized", Headers([("Content-Length", "0")]))

    async def _serve(self, connection: ServerConnection) -> None:
        async with self._news:
            self.connection = connection
            self.connections += 1
            self._news.notify_all()
        try:
            async for text in connection:
                await self._receive(connection, text)
        except ConnectionClosed:
            pass
        for uid, (action, settled) in tuple(self._calls.items()):
            if not settled.done():
                settled.set_exception(ConnectionError(f"gone before {action} {uid} was answered"))
        async with self._news:
            if self.connection is connection:
                self.connection = None
            self._news.notify_all()

    async def _receive(self, connection: ServerConnection, text: str | bytes) -> None:
        message = unpack(text)
        if isinstance(message, Call):
            await self._take(connection, message)
            return
        action, settled = self._calls.pop(message.unique_id, ("", asyncio.Future()))
        if not action:
            self.complaints.append(f"an answer to nothing: {text!r}")
        message.action = action
        await self._check(message)
        if not settled.done():
            settled.set_result(message)

    async def _check(self, message: Call | CallResult | CallError) -> None:
        if isinstance(message, CallError):
            return
        try:
            await validate_payload(message, self.version)
        except OCPPError as wrong:
            self.complaints.append(f"{message.action} {json.dumps(message.payload)}: {wrong}")

    async def _take(self, connection: ServerConnection, call: Call) -> None:
        await self._check(call)
        loop = asyncio.get_running_loop()
        async with self._news:
            self.said.append(Said(call.action, call.payload, call.unique_id, loop.time()))
            self._news.notify_all()
        answer = self.answers.get(call.action, lambda payload: accepted(call.action, payload))
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer(call.payload)
            if asyncio.iscoroutine(answer):
                asyncio.create_task(self._later(connection, call, answer))  # noqa: RUF006
                return
        await self._reply(connection, call, answer)

    async def _later(self, connection: ServerConnection, call: Call, answer: Any) -> None:
        await self._reply(connection, call, await answer)

    async def _reply(self, connection: ServerConnection, call: Call, answer: Any) -> None:
        if answer is None:
            return
        if isinstance(answer, Exception):
            text = call.create_call_error(answer).to_json()
        else:
            text = CallResult(call.unique_id, answer, call.action).to_json()
        try:
            await connection.send(text)
        except ConnectionClosed:
            return

    async def call(self, action: str, /, **payload: Any) -> Payload:
        """Asks the station. Answers that are errors are given as `{"error": code}`."""
        assert self.connection is not None, "no station is connected"
        call = Call(str(uuid.uuid4()), action, payload)
        settled: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
        self._calls[call.unique_id] = (action, settled)
        await self.connection.send(call.to_json())
        answer = await asyncio.wait_for(settled, 15)
        if isinstance(answer, CallError):
            return {"error": answer.error_code}
        found: Payload = answer.payload
        return found

    async def connected(self, within: float = 15) -> None:
        await self._until(lambda: self.connection is not None, within, "a connection")

    async def gone(self, within: float = 15) -> None:
        await self._until(lambda: self.connection is None, within, "the end of the connection")

    async def _until(self, true: Callable[[], Any], within: float, what: str) -> Any:
        async with self._news:
            try:
                return await asyncio.wait_for(self._news.wait_for(true), within)
            except TimeoutError:
                raise AssertionError(f"no {what} within {within} s; untaken: {self.untaken()}") from None

    def untaken(self) -> list[tuple[str, Payload]]:
        return [(each.action, each.payload) for each in self.said if not each.taken]

    async def expect(self, action: str, /, within: float = 10, **members: Any) -> Payload:
        """The next message that is so. Those before it must be such as may come in between."""
        found: Said = await self._until(lambda: self._find(action, members), within, f"{action} {members}")
        return found.payload

    def _find(self, action: str, members: Payload) -> Said | None:
        for each in self.said:
            if each.taken:
                continue
            if each.action == action and holds(members, each.payload):
                each.taken = True
                return each
            if not self._between(each) and action not in self.aside:
                raise AssertionError(
                    f"{action} {members} was to come, there came {each.action} {each.payload}"
                )
        return None

    def _between(self, said: Said) -> bool:
        return said.action in self.aside or said.kind in self.aside

    def forget(self) -> None:
        """What has been said so far is as it should be."""
        for each in self.said:
            each.taken = True

    async def silence(self, seconds: float, *actions: str) -> None:
        """None of `actions` (without any: nothing at all but what may come in between) comes."""
        await asyncio.sleep(seconds)
        loud = [
            e for e in self.said if not e.taken and (e.kind in actions if actions else not self._between(e))
        ]
        assert not loud, f"nothing was to come, there came {[(e.action, e.payload) for e in loud]}"

    def at_the_end(self) -> None:
        rest = [
            (each.action, each.payload) for each in self.said if not each.taken and not self._between(each)
        ]
        assert not rest, f"nobody expected {rest}"
        assert not self.complaints, self.complaints
