"""evhub discover modbus: chargers on hosts, subnets and serial buses that are named, and the lines that use them."""

import argparse
import asyncio
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.load import available, read_source
from hub.blueprint.testing import example_inputs
from hub.config.accepted import line
from hub.errors import BlueprintError, HubError
from hub.integration.loader import load_codec, manifests
from hub.shipped import shipped

PROTOCOL = "modbus"
SHOWN = 3
"""Candidates of one device."""
BUS_UNITS = "1-16"


def add(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("modbus")
    group.add_argument(
        "where", nargs="*", help="hosts, subnets (192.168.1.0/24), serial ports (/dev/ttyUSB0)"
    )
    group.add_argument("--mdns", action="store_true", help="also those that announce themselves")
    group.add_argument("--units", help=f"unit ids to try, such as 1-10,20 (serial: {BUS_UNITS})")
    group.add_argument("--port", type=int, default=502, help="of the hosts (default: %(default)d)")
    group.add_argument("--framer", choices=("tcp", "rtu", "ascii"), help="default: tcp; on serial ports: rtu")
    group.add_argument("--baudrate", type=int, default=19200)
    group.add_argument("--parity", choices=("none", "even", "odd"), default="even")


def work(given: argparse.Namespace) -> int:
    if not given.where and not given.mdns:
        raise HubError("say where to look: hosts, a subnet, a serial port, or --mdns")
    if not 1 <= given.port <= 65535:
        raise HubError(f"--port {given.port}: expected 1 to 65535")
    devices = asyncio.run(_look(given))
    if given.json:
        print(json.dumps({"devices": devices}))
    else:
        _show(devices)
    return 0


def units(text: str) -> list[int]:
    """1-10,20. Raises HubError."""
    found: list[int] = []
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if not low.isdecimal() or (dash and not high.isdecimal()) or int(high or low) > 255:
            raise HubError(f"--units {text!r}: expected unit ids such as 1-10,20")
        found += range(int(low), int(high or low) + 1)
    return found


def products() -> list[Any]:
    """All blueprints of the protocol; those with mistakes of their own are passed over."""
    marks = import_module(f"{manifests()[PROTOCOL]}.marks")
    search = (Path("config/blueprints"), shipped("blueprints"))
    found = []
    for path, _ in available(search):
        source = read_source(path, search).value
        if source.get("protocol", PROTOCOL) != PROTOCOL:
            continue
        try:
            mapping = load_blueprint(path, example_inputs(path, search), search, load_codec)
        except BlueprintError:
            continue
        about = source.get("blueprint", {})
        found.append(marks.product(path, mapping, [*about.get("brands", ()), *about.get("models", ())]))
    return found


async def _look(given: argparse.Namespace) -> list[dict[str, Any]]:
    discovery = import_module(f"{manifests()[PROTOCOL]}.discovery")
    known = products()
    asked = units(given.units) if given.units else None
    found = []
    for address in await _addresses(given, known):
        serial = str(address).startswith("/")
        fitting = [each for each in known if discovery.fits(each, address)]
        bus_units = asked or (units(BUS_UNITS) if serial else None)
        found += [told(each, given) async for each in discovery.met(address, fitting, bus_units)]
    return found


async def _addresses(given: argparse.Namespace, known: list[Any]) -> list[Any]:
    """Where something listens."""
    address = import_module(f"{manifests()[PROTOCOL]}.address")
    discovery = import_module(f"{manifests()[PROTOCOL]}.discovery")
    ports = [where for where in given.where if where.startswith(("/dev/", "COM"))]
    names = [host for where in given.where if where not in ports for host in discovery.hosts(where)]
    if given.mdns:
        mdns = import_module(f"{manifests()[PROTOCOL]}.mdns")
        words = {name for product in known for name in product.names}
        names += [each.host for each in await mdns.announced(words, given.wait)]
    tcp = [address.TcpAddress(host, given.port, given.framer or "tcp") for host in dict.fromkeys(names)]
    serial = [
        address.SerialAddress(port, given.framer or "rtu", given.baudrate, given.parity) for port in ports
    ]
    return [*await discovery.listening(tcp), *serial]


def told(met: Any, given: argparse.Namespace) -> dict[str, Any]:
    """For people and programs."""
    candidates = [
        {"blueprint": product.path, "maker": product.mapping.identity.vendor, "score": score}
        for score, product in met.candidates[:SHOWN]
    ]
    body: dict[str, Any] = {
        "address": str(met.address),
        "unit": met.unit,
        "candidates": candidates,
        "config": None,
    }
    if met.candidates:
        product = met.candidates[0][1]
        raw = met.look.raw(product)
        says = {name: raw[name, evse] for name, evse in raw if name in ("serial", "model", "firmware")}
        serial = "serial" in product.mapping.link and str(met.address).startswith("/")
        inputs: dict[str, Any] = (
            {"serial": str(met.address).split(" ")[0]}
            if serial
            else {"host": str(met.address).rpartition(":")[0]}
        )
        if met.unit is not None:
            inputs["unit_id"] = met.unit
        if not serial and given.port != 502:
            inputs["port"] = given.port
        use = {"use_blueprint": {"path": product.path, "input": inputs}}
        body |= {"says": says, "config": line(product.path.replace("/", "_"), use)}
    return body


def _show(devices: list[dict[str, Any]]) -> None:
    if not devices:
        print("nothing was found")
    for device in devices:
        unit = "" if device["unit"] is None else f" unit {device['unit']}"
        print(f"{device['address']}{unit}")
        if not device["candidates"]:
            print("  it answers, and no blueprint knows it")
        for candidate in device["candidates"]:
            print(f"  {candidate['blueprint']:<32}{candidate['maker']:<24}score {candidate['score']}")
        if device["config"]:
            print(f"  {device['config']}")
