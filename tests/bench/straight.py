"""The straight-line program: the wire work alone, with no checks, no journal, no features.

Polls N chargers each second; for each poll one MQTT message, each minute (or for each poll) one OCPP frame on TLS,
a change of state at once to both, and a charging profile back to a register.

usage: python -m tests.bench.straight CA_FILE CSMS_PORT MQTT_PORT FRAME_EVERY_S MODBUS_PORT ...
"""

import asyncio
import ssl
import struct
import sys
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from hub.cli.run import run_loop
from tests.bench.peers import LOCK, STATUS

READ = struct.pack(">BBHH", 1, 3, LOCK, 22)
STATUSES = {0x0400: ("charging", "Charging"), 0x0200: ("suspended_ev", "SuspendedEV")}


class Charger:
    def __init__(self, number: int, mqtt: asyncio.StreamWriter) -> None:
        self.id, self.mqtt = f"c{number}", mqtt
        self.topic = f"evhub/{self.id}/evse/1/state".encode()
        self.number = 0
        self.lock = asyncio.Lock()

    async def ask(self, request: bytes) -> bytes:
        async with self.lock:
            self.number = self.number % 65535 + 1
            self.writer.write(struct.pack(">HHH", self.number, 0, len(request)) + request)
            head = await self.reader.readexactly(6)
            return await self.reader.readexactly(head[5])

    async def run(self, port: int, csms: int, tls: ssl.SSLContext, every_s: int) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        url = f"wss://127.0.0.1:{csms}/{self.id}"
        async with connect(url, subprotocols=["ocpp2.0.1"], ssl=tls, compression=None) as ws:  # type: ignore[list-item]
            self.ws = ws
            boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "a", "model": "b"}}
            await self.say("BootNotification", boot)
            asyncio.create_task(self.listen(ws))  # noqa: RUF006 - it ends with the process
            await self.poll(every_s)

    async def poll(self, every_s: int) -> None:
        turn, before, loop = 0, 0, asyncio.get_running_loop()
        # Spread over the second on a grid of 50 ms, as the hub does it.
        due = loop.time() + int(self.id[1:]) % 20 * 0.05
        await asyncio.sleep(due - loop.time())
        while True:
            words = struct.unpack_from(">22H", await self.ask(READ), 3)
            status, power, energy = words[STATUS - LOCK + 1], words[19], words[21]
            self.publish({"status": STATUSES[status][0], "power": power, "energy": energy / 1000})
            if status != before or turn % every_s == 0:
                trigger = "MeterValuePeriodic" if status == before else "ChargingStateChanged"
                await self.say(
                    "TransactionEvent", self.event(turn, trigger, STATUSES[status][1], power, energy)
                )
            before, turn, due = status, turn + 1, due + 1
            await asyncio.sleep(due - loop.time())

    def publish(self, state: dict[str, Any]) -> None:
        body = orjson.dumps(state)
        packet = struct.pack(">H", len(self.topic)) + self.topic + body
        assert len(packet) < 128
        self.mqtt.write(bytes([0x30, len(packet)]) + packet)

    def event(self, turn: int, trigger: str, state: str, power: int, energy: int) -> dict[str, Any]:
        values = [
            {"value": power, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
            {"value": energy, "measurand": "Energy.Active.Import.Register"},
        ]
        at = "2026-01-01T00:00:00.000Z"
        return {
            "eventType": "Updated" if turn else "Started",
            "timestamp": at,
            "triggerReason": trigger,
            "seqNo": turn,
            "transactionInfo": {"transactionId": self.id, "chargingState": state},
            "meterValue": [{"timestamp": at, "sampledValue": values}],
        }

    async def say(self, action: str, payload: dict[str, Any]) -> None:
        self.number += 1
        await self.ws.send(orjson.dumps([2, f"{self.id}-{self.number}", action, payload]).decode())

    async def listen(self, ws: ClientConnection) -> None:
        async for text in ws:
            frame = orjson.loads(text)
            if frame[0] == 2:
                await ws.send(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
                schedule = frame[3]["chargingProfile"]["chargingSchedule"][0]
                milliamperes = int(schedule["chargingSchedulePeriod"][0]["limit"] * 1000)
                await self.ask(struct.pack(">BBHHBI", 1, 16, 0x4100, 2, 4, milliamperes))


async def main() -> None:
    ca, csms, mqtt, every_s, *ports = sys.argv[1:]
    tls = ssl.create_default_context(cafile=ca)
    _, broker = await asyncio.open_connection("127.0.0.1", int(mqtt))
    broker.write(b"\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06bench1")
    chargers = [Charger(number, broker) for number in range(len(ports))]
    await asyncio.gather(
        *(
            charger.run(int(port), int(csms), tls, int(every_s))
            for charger, port in zip(chargers, ports, strict=True)
        )
    )


if __name__ == "__main__":
    run_loop(main)
