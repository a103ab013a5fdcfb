"""evhub discover: what integrations find on their wires, and how it becomes a charger."""

import argparse
import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

from hub.bus import Bus
from hub.cli import discover_modbus
from hub.clock import SystemClock
from hub.config.load import config_path, load_config
from hub.config.settings import Config
from hub.control import ask
from hub.discovery import Discovery
from hub.topics import Topics

PROTOCOLS = {"echonet": "echonet_lite"}
"""By the word that people use."""
WAIT_S = 6.0


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "discover", help="devices on the wire, and the line that makes one a charger"
    )
    parser.add_argument(
        "what", nargs="?", choices=sorted((*PROTOCOLS, discover_modbus.PROTOCOL)), default="echonet"
    )
    parser.add_argument("-c", "--config", help="evhub.yaml")
    parser.add_argument("--wait", type=float, default=WAIT_S, help="seconds to look (default: %(default)g)")
    parser.add_argument("--accept", metavar="KEY", help="take that device in as a charger")
    parser.add_argument("--as", dest="charger", metavar="ID", help="with --accept: the charger's id")
    parser.add_argument("--ignore", metavar="KEY", help="don't show that device any more")
    parser.add_argument("--json", action="store_true")
    discover_modbus.add(parser)
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    if given.what == discover_modbus.PROTOCOL:
        return discover_modbus.work(given)
    config = _config(given.config)
    told = asyncio.run(_work(given, config))
    if given.json:
        print(json.dumps(told))
        return 0
    if given.accept:
        print(f"charger {told['charger']} is taken in")
    elif given.ignore:
        print(f"{told['key']} isn't shown any more")
    else:
        _show(told["devices"])
    return 0


def _config(path: str | None) -> Config:
    """A look around needs no configuration."""
    file = config_path(path)
    return load_config(file) if path or file.is_file() else Config(file)


async def _work(given: argparse.Namespace, config: Config) -> Any:
    """By the running hub if there is one: two programs can't both hear what is meant for one."""
    socket = config.hub.state_dir / "control.sock"
    if await _running(socket):
        return await _by_hub(given, socket)
    discovery = Discovery(Bus(), Topics(), SystemClock(), config.hub.state_dir, lambda: (), _nothing)
    try:
        protocol = PROTOCOLS[given.what]
        settings: dict[str, Any] = {**config.protocols.get(protocol, {}), "discover": True}
        if not config.hub.state_dir.is_dir():
            settings.setdefault("node_id", secrets.token_hex(13))  # no hub is known by one here yet
        discovery.need(protocol, settings)
        await asyncio.sleep(given.wait)
        if given.accept:
            return {"charger": await discovery.accept(given.accept, given.charger)}
        if given.ignore:
            return {"key": await discovery.ignore(given.ignore)}
        return {"devices": discovery.listing()}
    finally:
        await discovery.close()


async def _by_hub(given: argparse.Namespace, socket: Path) -> Any:
    if given.accept:
        return await ask(socket, "discovery/accept", key=given.accept, charger=given.charger)
    if given.ignore:
        return await ask(socket, "discovery/ignore", key=given.ignore)
    await ask(socket, "discovery/scan")
    await asyncio.sleep(given.wait)
    return await ask(socket, "discovery/list")


async def _running(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def _nothing() -> None:
    """No hub runs that could reload."""


def _show(devices: list[dict[str, Any]]) -> None:
    if not devices:
        print("nothing was found")
    for device in devices:
        maker = " ".join(word for word in (device["vendor"], device["model"]) if word)
        state = f"charger {device['charger']}" if device["charger"] else "new"
        print(f"{device['address']:<16}{device['kind']:<28}{maker:<32}{state}")
        print(f"  {device['key']}")
        if device["config"] and not device["charger"]:
            print(f"  {device['config']}")
