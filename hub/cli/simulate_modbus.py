"""evhub simulate modbus: a charger on TCP or on a pseudo terminal, served from its blueprint."""

import argparse
import asyncio
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.errors import HubError
from hub.integration.loader import load_codec, manifests
from hub.shipped import shipped
from hub.simulate.control import Control
from hub.simulate.ev import Car


def add(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("modbus", help="a Modbus charger, served from its blueprint")
    parser.add_argument("path", help="the blueprint, as in keba/p30")
    parser.add_argument("--listen", default="127.0.0.1:5020")
    parser.add_argument("--framer", choices=("tcp", "rtu", "ascii"), help="instead of the blueprint's own")
    parser.add_argument("--serial", action="store_true", help="on a pseudo terminal instead of TCP")
    parser.add_argument("--baudrate", type=int, default=19200, help="whose timing the terminal has")
    parser.add_argument(
        "--strict", action="store_true", help="frames that begin before 3.5 characters are lost"
    )
    parser.add_argument("--control", metavar="HOST:PORT", help="JSON lines that say what happens")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the car's life in a second")
    parser.add_argument(
        "--car", type=float, default=20.0, metavar="KWH", help="what the car that comes and goes needs"
    )
    parser.add_argument("--no-cars", action="store_true", help="nobody comes but by the control port")
    parser.set_defaults(work=lambda given: asyncio.run(serve(given)))


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


async def serve(given: argparse.Namespace) -> int:
    charger = simulated(given.path, _inputs(given.input), speed=given.speed)
    control = Control(import_module(f"{manifests()[charger.mapping.protocol]}.orders").orders(charger))
    where = await _opened(charger, given)
    try:
        print(f"{given.path} is served on {where}. Ctrl-C ends it.", flush=True)
        if given.control:
            host, port = address(given.control)
            print(f"control: {host}:{await _listening(control, host, port)}", flush=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(charger.run())
            if not given.no_cars:
                group.create_task(_cars(charger, given.car * 1000))
    finally:
        await control.close()
        await charger.close()
    return 0


async def _opened(charger: Any, given: argparse.Namespace) -> str:
    """Where it is served."""
    if given.serial:
        charger.served.framer = given.framer or ("ascii" if charger.served.framer == "ascii" else "rtu")
        path: str = charger.served.open_pty(baudrate=given.baudrate, strict=given.strict)
        return f"{path} ({charger.served.framer}, {given.baudrate} baud)"
    charger.served.framer = given.framer or charger.served.framer
    host, port = address(given.listen)
    return f"{host}:{await _listening(charger, host, port)}"


async def _listening(server: Any, host: str, port: int) -> int:
    try:
        return int(await server.start(host, port))
    except OSError as error:
        raise HubError(f"{host}:{port}: {error.strerror}") from error


async def _cars(charger: Any, needs_wh: float) -> None:
    """One after the other."""
    while True:
        await asyncio.sleep(60 / charger.speed)
        charger.plug(Car(needs_wh=needs_wh))
        print("a car plugs in", flush=True)
        while charger.outlets[1].state not in ("full", "faulted"):
            await asyncio.sleep(1)
        print("the car is full", flush=True)
        await asyncio.sleep(300 / charger.speed)
        charger.unplug()
        print("the car leaves", flush=True)
