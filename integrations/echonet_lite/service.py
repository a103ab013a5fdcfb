"""What ECHONET Lite does once for the hub: its own node, and the list of what was found."""

import asyncio
import logging
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.errors import HubError, reason
from hub.integration.api import Found, Service, ServiceSetup
from integrations.echonet_lite.frame import EOJ, NODE_PROFILE
from integrations.echonet_lite.makers import maker
from integrations.echonet_lite.network import NETWORKS, Network
from integrations.echonet_lite.nodes import KnownNode
from integrations.echonet_lite.profile import instances
from integrations.echonet_lite.properties import Classes
from integrations.echonet_lite.stack import StackSettings

log = logging.getLogger(__name__)

BLUEPRINTS = {0x02A1: "echonet/ev_charger", 0x027E: "echonet/ev_charger_discharger"}
NOT_SHOWN = frozenset({NODE_PROFILE >> 8, 0x05FF})
"""Profiles and controllers."""
NODE_ID = "echonet_node_id"


class EchonetService:
    """Implements `integration.api.Service`."""

    def __init__(self, setup: ServiceSetup) -> None:
        self._setup = setup
        self._network: Network | None = None
        self._classes = Classes()

    async def run(self) -> None:
        async with NETWORKS.use(self._settings()) as network:
            self._network = network
            network.discovery.searching = self._setup.settings.get("discover", True) is not False
            end = network.discovery.on_change(self._setup.changed)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                end()
                self._network = None

    def scan(self) -> None:
        if self._network is not None:
            self._network.stack.search()

    def found(self) -> Sequence[Found]:
        return list(self._found(self._network)) if self._network is not None else []

    def counters(self) -> Mapping[str, int]:
        return dict(self._network.stack.counters) if self._network is not None else {}

    # Inside

    def _found(self, network: Network) -> Iterator[Found]:
        for node in network.stack.nodes:
            shown = [eoj for eoj in node.look.objects if eoj >> 8 not in NOT_SHOWN]
            for eoj in shown:
                places = network.places.items()
                charger = next((name for name, place in places if place.means(node, eoj)), None)
                yield self._one(node, eoj, charger, several=len(shown) > 1)

    def _one(self, node: KnownNode, eoj: EOJ, charger: str | None, *, several: bool) -> Found:
        known = self._classes.get(eoj >> 8)
        kind = known.names["en"] if known is not None else f"class {eoj >> 8:04X}"
        inputs: dict[str, object] = {"host": node.host, "instance": eoj & 0xFF}
        if node.uid is not None and node.key == node.uid:
            inputs["identification"] = node.uid
        return Found(
            key=f"{node.key}/{eoj:06X}",
            address=node.host,
            vendor=maker(node.look.maker),
            model=node.look.product,
            kind=kind,
            name=_name(node) + (f"-{eoj & 0xFF}" if several else ""),
            blueprint=BLUEPRINTS.get(eoj >> 8),
            inputs=inputs,
            charger=charger,
        )

    def _settings(self) -> StackSettings:
        settings = self._setup.settings
        node_id = settings.get("node_id", "auto")
        told = settings.get("instances", {})
        return StackSettings(
            interfaces=tuple(settings.get("interfaces", ())),
            node_id=kept_id(self._setup.state_dir) if node_id == "auto" else bytes.fromhex(node_id),
            broadcast=bool(settings.get("broadcast", False)),
            instances={_known_as(str(where)): _listed(objects) for where, objects in told.items()},
        )


def kept_id(state_dir: Path) -> bytes:
    """13 bytes by which others know this hub: made once, the same ever after."""
    file = state_dir / NODE_ID
    made = secrets.token_bytes(13)
    try:
        if file.is_file():
            known = bytes.fromhex(file.read_text(encoding="ascii").strip())
            if len(known) == 13:
                return known
        file.write_text(made.hex() + "\n", encoding="ascii")
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        log.warning("%s: %s; others will take this hub for a new node each time it starts", file, why)
    return made


def make_service(setup: ServiceSetup) -> Service:
    for where, objects in setup.settings.get("instances", {}).items():
        _checked(where, objects)
    return EchonetService(setup)


def _checked(where: object, objects: Any) -> None:
    try:
        _listed(objects)
    except ValueError as error:
        raise HubError(f"echonet_lite.instances.{where}: {error}") from error


def _listed(objects: Any) -> tuple[EOJ, ...]:
    return instances(str(objects))


def _name(node: KnownNode) -> str:
    """A slug: an address, or the end of the identification."""
    told = node.uid[-6:] if node.uid is not None and node.key == node.uid else node.host
    return "echonet-" + re.sub(r"[^a-z0-9]+", "-", told.lower()).strip("-")[:32]


def _known_as(where: str) -> str:
    """An identification in the spelling of our own; addresses as they are."""
    return where.upper() if len(where) == 34 else where
