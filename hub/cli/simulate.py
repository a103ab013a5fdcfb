"""evhub simulate modbus, echonet, csms: stand-ins on the wire."""

import argparse
import asyncio
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.cli import simulate_echonet
from hub.errors import HubError
from hub.integration.loader import load_codec, manifests
from hub.shipped import shipped
from hub.simulate.csms import Csms, Settings
from hub.simulate.ev import Car


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("simulate", help="a charger or a CSMS on the wire")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    modbus = kinds.add_parser("modbus", help="a Modbus TCP charger, served from its blueprint")
    modbus.add_argument("path", help="the blueprint, as in keba/p30")
    modbus.add_argument("--listen", default="127.0.0.1:5020")
    modbus.add_argument("--input", action="append", default=[], metavar="NAME=VALUE")
    modbus.add_argument("--speed", type=float, default=1.0, help="seconds of the car's life in a second")
    modbus.add_argument(
        "--car", type=float, default=20.0, metavar="KWH", help="what the car that comes and goes needs"
    )
    modbus.set_defaults(work=lambda given: asyncio.run(_modbus(given)))
    simulate_echonet.add(kinds)
    csms = kinds.add_parser("csms", help="a CSMS that accepts, records and complains")
    csms.add_argument("--listen", default="127.0.0.1:9100")
    csms.add_argument("--password", help="that every station must have")
    csms.set_defaults(work=lambda given: asyncio.run(_csms(given)))


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise HubError(f"--listen {text!r}: expected host:port")
    return host, int(port)


def simulated(path: str, inputs: Mapping[str, Any], *, speed: float) -> Any:
    """The simulated charger that the blueprint's integration brings along."""
    search = (Path("config/blueprints"), shipped("blueprints"))
    try:
        mapping = load_blueprint(path, example_inputs(path, search) | dict(inputs), search, load_codec)
    except FileNotFoundError as error:
        raise HubError(str(error)) from error
    module = import_module(f"{manifests()[mapping.protocol]}.simulator")
    return module.SimulatedCharger(mapping, speed=speed)


def _inputs(pairs: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise HubError(f"--input {pair!r}: expected name=value")
        found[name] = int(value) if value.isdecimal() else value
    return found


async def _modbus(given: argparse.Namespace) -> int:
    charger = simulated(given.path, _inputs(given.input), speed=given.speed)
    host, port = address(given.listen)
    try:
        port = await charger.start(host, port)
    except OSError as error:
        raise HubError(f"{host}:{port}: {error.strerror}") from error
    print(f"{given.path} is served on {host}:{port}; a car comes and goes by itself. Ctrl-C ends it.")
    clock = asyncio.create_task(charger.run())
    try:
        while True:
            await asyncio.sleep(60 / given.speed)
            charger.plug(Car(needs_wh=given.car * 1000))
            print("a car plugs in")
            while charger.outlets[1].state not in ("full", "faulted"):
                await asyncio.sleep(1)
            print("the car is full")
            await asyncio.sleep(300 / given.speed)
            charger.unplug()
            print("the car leaves")
    finally:
        clock.cancel()
        await charger.close()


async def _csms(given: argparse.Namespace) -> int:
    csms = Csms(Settings(password=given.password), tell=lambda line: print(line, flush=True))
    host, port = address(given.listen)
    try:
        port = await csms.start(host, port)
    except OSError as error:
        raise HubError(f"{host}:{port}: {error.strerror}") from error
    print(f"ws://{host}:{port}/<identity> takes OCPP 2.0.1 and 1.6. Ctrl-C ends it.")
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await csms.close()
    return 0
