"""evhub simulate modbus: one charger, served from its blueprint, with cars, faults and a control port."""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.errors import HubError, reason
from hub.integration.loader import load_codec, manifests
from hub.shipped import shipped
from hub.simulate.ev import Car
from hub.simulate.lines import Lines

FRAMERS = ("tcp", "rtu", "ascii")


def add(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("modbus", help="a Modbus charger, served from its blueprint")
    parser.add_argument("path", help="the blueprint, as in keba/p30")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE")
    wire = parser.add_argument_group("the wire")
    wire.add_argument("--listen", metavar="HOST:PORT", help="TCP (default: 127.0.0.1:5020)")
    wire.add_argument("--pty", metavar="PATH", help="a pseudo-terminal instead, with a link to it at PATH")
    wire.add_argument("--framer", choices=FRAMERS, help="default: tcp on TCP, rtu on a pseudo-terminal")
    wire.add_argument(
        "--faults", default="", metavar="NAME=SHARE,...", help="drop, delay, short, unit, crc, ..."
    )
    wire.add_argument("--seed", type=int, default=0, help="of the faults")
    cars = parser.add_argument_group("the cars")
    cars.add_argument("--speed", type=float, default=1.0, help="seconds of a car's life in a second")
    cars.add_argument("--car", type=float, default=20.0, metavar="KWH", help="what one needs")
    cars.add_argument("--no-cars", action="store_true", help="nobody comes by himself")
    cars.add_argument("--control", metavar="HOST:PORT", help='takes JSON lines such as {"do": "plug"}')
    parser.set_defaults(work=lambda given: asyncio.run(serve(given)))


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise HubError(f"{text!r}: expected host:port")
    return host, int(port)


def simulated(path: str, inputs: Mapping[str, Any], *, speed: float, seed: int = 0) -> Any:
    """The simulated charger that the blueprint's integration brings along."""
    search = (Path("config/blueprints"), shipped("blueprints"))
    try:
        mapping = load_blueprint(path, example_inputs(path, search) | dict(inputs), search, load_codec)
    except FileNotFoundError as error:
        raise HubError(str(error)) from error
    module = import_module(f"{manifests()[mapping.protocol]}.simulator")
    return module.SimulatedCharger(mapping, speed=speed, seed=seed)


def inputs(pairs: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise HubError(f"--input {pair!r}: expected name=value")
        found[name] = int(value) if value.isdecimal() else value
    return found


def faults(text: str) -> dict[str, float]:
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError as error:
            raise HubError(f"--faults {pair!r}: expected name=number") from error
    return found


async def serve(given: argparse.Namespace) -> int:
    charger = simulated(given.path, inputs(given.input), speed=given.speed, seed=given.seed)
    try:
        charger.faults.set(faults(given.faults))
    except ValueError as error:
        raise HubError(f"--faults: {error}") from error
    async with AsyncExitStack() as stack:
        stack.push_async_callback(charger.close)
        where = await _opened(charger, given, stack)
        print(f"{given.path} is served on {where}. Ctrl-C ends it.", flush=True)
        if given.control:
            await _controlled(charger, given, stack)
        await asyncio.gather(charger.run(), *([] if given.no_cars else [_cars(charger, given)]))
    return 0


async def _opened(charger: Any, given: argparse.Namespace, stack: AsyncExitStack) -> str:
    """In words. Raises HubError."""
    if given.pty:
        terminal = await charger.start_terminal(given.framer or "rtu")
        stack.callback(_linked(given.pty, terminal))
        return str(given.pty)
    host, port = address(given.listen or "127.0.0.1:5020")
    try:
        port = await charger.start(host, port, given.framer or "tcp")
    except OSError as error:
        raise HubError(f"{host}:{port}: {reason(error)}") from error
    return f"{host}:{port}"


def _linked(path: str, terminal: str) -> Callable[[], None]:
    """Returns what removes the link again. Raises HubError."""
    link = Path(path)
    try:
        link.symlink_to(terminal)
    except OSError as error:
        raise HubError(f"--pty {link}: {reason(error)}") from error
    return lambda: link.unlink(missing_ok=True)


async def _controlled(charger: Any, given: argparse.Namespace, stack: AsyncExitStack) -> None:
    host, port = address(given.control)
    steering = import_module(f"{manifests()[charger.mapping.protocol]}.steering")
    lines = Lines(lambda message: steering.steer(charger, message))
    stack.push_async_callback(lines.close)
    try:
        port = await lines.start(host, port)
    except OSError as error:
        raise HubError(f"--control {host}:{port}: {reason(error)}") from error
    print(f"JSON lines are taken on {host}:{port}.", flush=True)


async def _cars(charger: Any, given: argparse.Namespace) -> None:
    """One comes and goes by itself, at the first socket."""
    outlet, speed = charger.outlets[1], max(0.001, given.speed)
    while True:
        await asyncio.sleep(60 / speed)
        charger.plug(Car(needs_wh=given.car * 1000))
        print("a car plugs in", flush=True)
        while outlet.state not in ("full", "faulted", "unplugged"):
            await asyncio.sleep(1)
        print("the car is full", flush=True)
        await asyncio.sleep(300 / speed)
        charger.unplug()
        print("the car leaves", flush=True)
