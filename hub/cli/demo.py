"""evhub demo: simulated chargers on the real wires, the embedded broker, a CSMS, and one hub; a day in minutes."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import tempfile
from pathlib import Path
from typing import Any

import orjson

from hub.app import Hub
from hub.cli.run import run_loop
from hub.cli.simulate_modbus import simulated
from hub.config.load import load_config
from hub.errors import HubError
from hub.simulate.csms import Csms, Settings
from hub.simulate.ev import Car

SPEED = 120.0
CHARGERS = {
    "garage": ("keba/p30", {}, "ocpp2.0.1"),
    "street": ("alfen/eve", {"sockets": 2}, "ocpp2.0.1"),
    "yard": ("webasto/next", {}, "ocpp1.6"),
    "carport": ("echonet/ev_charger", {}, "ocpp2.0.1"),
}
FREE = ("yard", "carport")
NETWORK = f"127.77.{os.getpid() % 254 + 1}"
"""Of this demo alone: ECHONET Lite has one port for all."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "demo", help="see it all work: chargers, broker, CSMS and hub in one process"
    )
    parser.add_argument(
        "--port", type=int, default=1883, help="of the embedded MQTT broker (another one if taken)"
    )
    parser.add_argument("--once", action="store_true", help="end after one day instead of Ctrl-C")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.ERROR)
    run_loop(lambda: _demo(given))
    return 0


class Demo:
    """The simulated world, and the hub in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.csms = Csms(Settings(interval_s=60), tell=lambda line: say("csms", line))
        self.chargers = {
            name: simulated(path, inputs, speed=SPEED) for name, (path, inputs, _) in CHARGERS.items()
        }
        self._folder = folder
        self.port = port
        self.hub: Hub | None = None
        self._clocks: list[asyncio.Task[None]] = []
        self._commands = 0

    async def start(self) -> None:
        csms_port = await self.csms.start()
        inputs = {name: await started(charger) for name, charger in self.chargers.items()}
        self._clocks = [asyncio.create_task(charger.run()) for charger in self.chargers.values()]
        path = self._folder / "evhub.yaml"
        path.write_text(config_text(csms_port, inputs, self.port), encoding="utf-8")
        self.hub = Hub(load_config(path), jitter_s=0.5, logs=False)
        await self.hub.start()

    async def stop(self) -> None:
        if self.hub is not None:
            await self.hub.stop()
        for clock in self._clocks:
            clock.cancel()
        await asyncio.gather(*self._clocks, return_exceptions=True)
        for charger in self.chargers.values():
            await charger.close()
        await self.csms.close()

    async def day(self) -> None:
        """What happens, in the order of a day."""
        garage, street, yard, carport = (self.chargers[name] for name in CHARGERS)
        await self._online()
        say("day", "07:00  a car comes to the garage; its driver holds a card to the reader")
        garage.plug(Car(needs_wh=6_000))
        garage.swipe("04a2b3c4")
        await asyncio.sleep(6)
        say("day", "07:30  two cars on the street; the CSMS starts the first one, MQTT the second")
        street.plug(Car(needs_wh=9_000), 1)
        street.plug(Car(needs_wh=5_000, phases=1), 2)
        await asyncio.sleep(3)
        await self._remote_start()
        await self._cmd("street", "authorize", {"evse": 2, "id_token": "FLEET-7"})
        await asyncio.sleep(5)
        say("day", "08:00  the CSMS has too little power: 8 A for the street")
        await self._profile()
        await asyncio.sleep(6)
        say("day", "09:00  a car in the yard, where everybody may charge (OCPP 1.6)")
        yard.plug(Car(needs_wh=4_000))
        await asyncio.sleep(8)
        say("day", "09:30  a car in the carport; that charger speaks ECHONET Lite")
        carport.plug(Car(needs_wh=3_000, phases=1))
        await asyncio.sleep(8)
        say("day", "10:00  an EMS asks for 10 A in the yard, by MQTT")
        await self._cmd("yard", "set_limit", {"current": 10})
        await asyncio.sleep(8)
        say("day", "11:00  the garage's charger loses its network cable for a while")
        garage.silent = True
        await asyncio.sleep(14)
        garage.silent = False
        await asyncio.sleep(8)
        say("day", "12:00  all cars leave")
        for charger in self.chargers.values():
            for evse in charger.outlets:
                charger.unplug(evse)
        await asyncio.sleep(5)
        self._account()

    async def _online(self) -> None:
        assert self.hub is not None
        for _ in range(100):
            if all(charger["online"] for charger in self.hub.registry.listing()) and len(
                self.csms.stations
            ) == len(CHARGERS):
                return
            await asyncio.sleep(0.1)
        raise HubError("the chargers did not come up")

    async def _remote_start(self) -> None:
        token = {"idToken": "APP-4711", "type": "Central"}
        answer = await self.csms.call(
            "street", "RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1}
        )
        say("csms", f"RequestStartTransaction street/1: {answer['status']}")

    async def _profile(self) -> None:
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
        }
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        answer = await self.csms.call(
            "street", "SetChargingProfile", {"evseId": 0, "chargingProfile": profile}
        )
        say("csms", f"SetChargingProfile street, 8 A: {answer['status']}")

    async def _cmd(self, charger: str, op: str, message: dict[str, Any]) -> None:
        assert self.hub is not None
        # What has an id is executed once in ten minutes, and a day is shorter.
        self._commands += 1
        body = orjson.dumps({"op": op, "message": message, "id": f"demo-{self._commands}"})
        say("mqtt", f"evhub/{charger}/cmd  {body.decode()}")
        self.hub.bus.publish(f"evhub/{charger}/cmd", body)
        await asyncio.sleep(0.5)

    def _account(self) -> None:
        done = [transaction for transaction in self.csms.transactions.values() if transaction.ended]
        total = sum((t.stop_wh or 0) - (t.start_wh or 0) for t in done) / 1000
        say(
            "day",
            f"the day is over: {len(done)} transactions, {total:.1f} kWh, {len(self.csms.complaints)} complaints",
        )


async def started(charger: Any) -> dict[str, Any]:
    """By which inputs its blueprint reaches it."""
    if charger.mapping.protocol == "echonet_lite":
        await charger.start(f"{NETWORK}.21")
        return {"host": f"{NETWORK}.21"}
    return {"host": "127.0.0.1", "port": await charger.start("127.0.0.1")}


def say(who: str, line: str) -> None:
    print(f"{who:>5} | {line}", flush=True)


def config_text(csms_port: int, reached_by: dict[str, dict[str, Any]], mqtt_port: int) -> str:
    lines = [
        "hub: {name: evhub demo, state_dir: state}",
        f"mqtt: {{broker: embedded, listen: '127.0.0.1:{mqtt_port}'}}",
        f"csms: {{url: 'ws://127.0.0.1:{csms_port}/ocpp'}}",
        f"echonet_lite: {{interfaces: ['{NETWORK}.1/24'], discover: false}}",
        "chargers:",
    ]
    for name, (path, inputs, version) in CHARGERS.items():
        given = orjson.dumps({**reached_by[name], **inputs}).decode()
        lines += [
            f"  {name}:",
            f"    use_blueprint: {{path: {path}, input: {given}}}",
            f"    csms: {{versions: [{version}], defaults: {{TxUpdatedInterval: 5}}}}",
            f"    tokens: {{free: {str(name in FREE).lower()}}}",
        ]
    return "\n".join(lines) + "\n"


def free_port(wanted: int) -> int:
    """The wanted one, or any that is free."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise HubError("no free port on 127.0.0.1")


async def _demo(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="evhub-demo-") as folder:
        demo = Demo(Path(folder), free_port(given.port))
        await demo.start()
        print_hints(demo.port)
        days = asyncio.create_task(_days(demo, once=given.once))
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait((days, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        days.cancel()
        results = await asyncio.gather(days, ended, return_exceptions=True)
        await demo.stop()
        say("demo", "ended cleanly")
        if isinstance(results[0], Exception):
            raise results[0]


async def _days(demo: Demo, *, once: bool) -> None:
    while True:
        await demo.day()
        if once:
            return
        say("demo", "another day in ten seconds; Ctrl-C ends it")
        await asyncio.sleep(10)


def print_hints(port: int) -> None:
    print(
        f"""evhub demo: three chargers on real Modbus TCP and one on ECHONET Lite, a CSMS, and MQTT on
127.0.0.1:{port}; a day in fast motion.

  watch      mosquitto_sub -p {port} -v -t 'evhub/+/evse/+/state'
  command    mosquitto_pub -p {port} -t evhub/garage/cmd -m '{{"op": "set_limit", "message": {{"current": 8}}}}'
  answer     mosquitto_sub -p {port} -v -t 'evhub/+/cmd_result'
""",
        flush=True,
    )
