"""A CSMS written by hand from the specification: it knows nothing of the hub's code, checks all, and misbehaves."""

import asyncio
import contextlib
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OWED = ("TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues")
GARBAGE: tuple[str | bytes, ...] = (
    "",
    "not json",
    "[]",
    "{}",
    "null",
    "[3]",
    '[3,"unknown",{}]',
    '[4,"unknown","InternalError","",{}]',
    '[2,"x"]',
    '[2,7,"Reset",{}]',
    '[2,"long-' + "x" * 60 + '","Reset",{}]',
    '[2,"n1","NoSuchAction",{}]',
    '[2,"n2","Reset",{"type":5}]',
    '[2,"n3","Reset",[]]',
    '[5,"n4",{}]',
    '[2,"n5","Reset",{"type":"Soft"},"more"]',
    "[" * 3000 + "]" * 3000,
    b"\xff\xfe\x00",
    '[2,"n6","DataTransfer",{"vendorId":"\\u0000\\ud83d\\ude00"}]',
)
COSTLY = frozenset({"error", "silent", "overdue", "types"})
"""Faults that cost the station an attempt."""
NONSENSE = {"currentTime": 7, "transactionId": "seven", "idTagInfo": 7, "idTokenInfo": [], "status": {}}
OVERDUE_S = 1.5
"""Longer than the station waits."""
HUGE = "x" * (2 << 20)


@dataclass(slots=True)
class Told:
    """What one transaction has told so far."""

    seen: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    started: int = 0
    ended: int = 0
    at: str = ""
    wh: float = float("-inf")


class StrictCsms:
    """`violations` stays empty for a station that keeps to the specification. `faults`: those it may commit."""

    def __init__(self, faults: tuple[str, ...] = (), *, seed: int = 1, share: float = 0.3) -> None:
        self.faults, self.share = faults, share
        self.violations: list[str] = []
        self.transactions: dict[tuple[str, str], Told] = defaultdict(Told)
        self.committed: dict[str, int] = defaultdict(int)
        self.stations: set[str] = set()
        self.boots = 0
        self.boot_answers = ["Accepted"]
        self._random = random.Random(seed)
        self._ids: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._failed: set[str] = set()
        self._booted: set[str] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    async def start(self, port: int = 0) -> int:
        self._server = await serve(
            self._connection,
            "127.0.0.1",
            port,
            subprotocols=["ocpp2.0.1", "ocpp1.6"],  # type: ignore[list-item]
            compression=None,
            close_timeout=1,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        for task in self._late:
            task.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def violation(self, station: str, words: str) -> None:
        self.violations.append(f"{station}: {words}")

    async def _connection(self, link: ServerConnection) -> None:
        assert link.request is not None
        station = link.request.path.rpartition("/")[2]
        self.stations.add(station)
        try:
            async for text in link:
                if not isinstance(text, str):
                    self.violation(station, "a binary frame")
                    continue
                await self._frame(station, link, json.loads(text))
        except ConnectionClosed:
            pass

    async def _frame(self, station: str, link: ServerConnection, frame: Any) -> None:
        if frame[0] != 2:
            return
        _, number, action, payload = frame
        if not isinstance(number, str) or len(number) > 36 or number in self._ids:
            self.violation(station, f"the message id {number!r} is not new")
        self._ids.add(number)
        if station not in self._booted and action != "BootNotification":
            self.violation(station, f"{action} before it was accepted")
        for at in _timestamps(payload):
            if not TIMESTAMP.fullmatch(at):
                self.violation(station, f"the timestamp {at}")
        fault = self._fault(action, payload)
        if fault in ("close", "abort", "silent"):
            return await self._lose(fault, link)
        answer = self._answer(station, action, payload)
        if fault == "error":
            self.committed["error"] += 1
            return await link.send(json.dumps([4, number, "InternalError", "on purpose", {}]))
        await self._before(fault, link)
        self._count(station, action, payload)
        if fault == "types":
            answer = NONSENSE
        elif fault == "extra":
            answer = {**answer, "surplus": {"of": "ours"}, "statusInfo": None}
        await self._say(fault, link, json.dumps([3, number, answer]))

    async def _say(self, fault: str, link: ServerConnection, text: str) -> None:
        """The answer, in the way of the fault."""
        if fault == "overdue":
            task = asyncio.create_task(_later(link, text))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        elif fault == "half":
            # A text frame of 126 bytes and more that is cut off after three.
            link.transport.write(b"\x81\x7e\x10\x00[3,")
            link.transport.abort()
        elif fault == "pieces":
            await link.send([text[:4], text[4:]])
        else:
            await link.send(text)
        if fault == "twice":
            await link.send(text)
        if fault == "close_after":
            await link.close(1011)

    def _fault(self, action: str, payload: dict[str, Any]) -> str:
        """Each message meets a fault that costs an attempt once at most: the third try is the last."""
        if not self.faults or action == "BootNotification" or self._random.random() > self.share:
            return ""
        fault = self._random.choice(self.faults)
        key = json.dumps([action, payload.get("timestamp"), payload.get("seqNo")])
        if fault in COSTLY:
            if key in self._failed:
                return ""
            self._failed.add(key)
        self.committed[fault] += 1
        return fault

    async def _lose(self, fault: str, link: ServerConnection) -> None:
        if fault == "close":
            await link.close(1001)
        elif fault == "abort":
            link.transport.abort()

    async def _before(self, fault: str, link: ServerConnection) -> None:
        if fault == "late":
            await asyncio.sleep(0.05)
        elif fault == "garbage":
            for frame in GARBAGE:
                await link.send(frame)
        elif fault == "flood":
            for turn in range(100):
                await link.send(json.dumps([2, f"flood-{turn}", "ClearCache", {}]))
        elif fault == "strangers":
            for frame in (
                [3, "nobody", {}],
                [4, "nobody", "InternalError", "", {}],
                [3, "", {"status": "Accepted"}],
            ):
                await link.send(json.dumps(frame))
        elif fault == "binary":
            await link.send(bytes(range(256)) * 40)
        elif fault == "huge":
            await link.send(HUGE)

    def _answer(self, station: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
        if action == "BootNotification":
            self.boots += 1
            status = self.boot_answers.pop(0) if len(self.boot_answers) > 1 else self.boot_answers[0]
            if status == "Accepted":
                self._booted.add(station)
            return {"currentTime": now, "interval": 1 if status != "Accepted" else 300, "status": status}
        if action == "Heartbeat":
            return {"currentTime": now}
        accepted = {"status": "Accepted"}
        if action == "Authorize":
            return {"idTagInfo" if "idTag" in payload else "idTokenInfo": accepted}
        if action == "StartTransaction":
            key = f"{station} {payload['connectorId']} {payload['timestamp']} {payload['meterStart']}"
            number = self._numbers.setdefault(key, len(self._numbers) + 1)
            return {"transactionId": number, "idTagInfo": accepted}
        return {}

    # What was told, and whether it may be

    def _count(self, station: str, action: str, payload: dict[str, Any]) -> None:
        if action == "TransactionEvent":
            self._event(station, payload)
        elif action == "StartTransaction":
            number = self._answer(station, action, payload)["transactionId"]
            told = self.transactions[station, str(number)]
            told.started = 1
            self._progress(station, told, payload["timestamp"], float(payload["meterStart"]))
        elif action == "StopTransaction":
            told = self.transactions[station, str(payload["transactionId"])]
            text = json.dumps(payload, sort_keys=True)
            if told.seen != [text]:
                told.ended += 1
            told.seen = [text]
            if not told.started:
                self.violation(station, f"transaction {payload['transactionId']} was never started")
            self._progress(station, told, payload["timestamp"], float(payload["meterStop"]))

    def _event(self, station: str, payload: dict[str, Any]) -> None:
        told = self.transactions[station, payload["transactionInfo"]["transactionId"]]
        number = payload["seqNo"]
        text = json.dumps({k: v for k, v in payload.items() if k != "offline"}, sort_keys=True)
        if told.numbers and number == told.numbers[-1]:
            # A repetition is allowed where the answer may have been lost; its content is the same.
            if text != told.seen[-1]:
                self.violation(station, f"seqNo {number} came again with another content")
            return
        if number != len(told.numbers):
            self.violation(station, f"seqNo {number} after {told.numbers}")
        told.numbers.append(number)
        told.seen.append(text)
        kind = payload["eventType"]
        if (kind == "Started") != (number == 0) or told.ended:
            self.violation(station, f"{kind} with seqNo {number}, ended {told.ended}")
        told.started += kind == "Started"
        told.ended += kind == "Ended"
        registers = [
            float(sample["value"])
            for value in payload.get("meterValue", [])
            for sample in value["sampledValue"]
            if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
            and sample.get("context") not in ("Transaction.Begin", "Sample.Periodic")
        ]
        self._progress(station, told, payload["timestamp"], registers[-1] if registers else told.wh)

    def _progress(self, station: str, told: Told, at: str, wh: float) -> None:
        if at < told.at:
            self.violation(station, f"{at} after {told.at}")
        if wh < told.wh:
            self.violation(station, f"{wh} Wh after {told.wh}")
        told.at, told.wh = at, wh

    @property
    def complete(self) -> bool:
        return bool(self.transactions) and all(
            told.started == told.ended == 1 for told in self.transactions.values()
        )


async def _later(link: ServerConnection, text: str) -> None:
    await asyncio.sleep(OVERDUE_S)
    with contextlib.suppress(ConnectionClosed):
        await link.send(text)


def _timestamps(payload: Any) -> list[str]:
    if isinstance(payload, dict):
        own = [payload["timestamp"]] if "timestamp" in payload else []
        return own + [at for value in payload.values() for at in _timestamps(value)]
    return [at for value in payload for at in _timestamps(value)] if isinstance(payload, list) else []
