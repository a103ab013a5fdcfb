"""What belongs to the site and isn't a charger: a meter, a distribution board, PV, a battery. It is read, not told,
but for which channels the lists of a board show.

Theory: as for a charger, `run` looks for the node, learns which properties the object has, and reads what falls due
until the node is silent; then it looks again, at growing intervals or as soon as something is found.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from hub.errors import DeviceOffline, Unsupported
from hub.integration.api import Device, DeviceSetup, Reading, Sink
from hub.model.charger import Abilities, Identity, Ratings
from hub.model.entity import Scalar
from integrations.echonet_lite.makers import maker
from integrations.echonet_lite.network import NETWORKS, Network
from integrations.echonet_lite.place import Place
from integrations.echonet_lite.profile import words
from integrations.echonet_lite.properties import EPCS, Classes, own_classes
from integrations.echonet_lite.readings import CHANNEL_LISTS, FAST, flat, keys, named, pages, shown
from integrations.echonet_lite.remote import Remote
from integrations.echonet_lite.schema import appliance_link
from integrations.echonet_lite.stack import Manners
from integrations.echonet_lite.transactions import patience
from integrations.echonet_lite.visits import stay_with

log = logging.getLogger(__name__)

SLOW_S = 300.0
WHO = (0x8A, 0x8C, 0x8D)
METER = 0x0288
METER_PATIENCE_S = 20.0
"""A smart meter behind its own radio link may take so long."""


@dataclass(frozen=True, slots=True)
class _Settings:
    place: Place
    every_s: float
    manners: Manners
    most: int

    @classmethod
    def of(cls, link: Mapping[str, Any]) -> "_Settings":
        first_s = link.get("timeout", METER_PATIENCE_S if link["eoj"] == METER else 3.0)
        manners = Manners(patience(first_s, link.get("retries", 3)), link.get("gap", 0.1))
        return cls(Place.of(link), link.get("poll", 10.0), manners, link.get("max_props", 10))


class EchonetAppliance:
    """Implements `integration.api.Device` without any EVSE: all of its values are shared."""

    evses = 0
    abilities = Abilities(frozenset(), frozenset())
    ratings = Ratings()

    def __init__(self, name: str, settings: Mapping[str, Any], classes: Classes) -> None:
        self._name, self._classes = name, classes
        self._link = appliance_link(settings)
        self._settings = _Settings.of(self._link)
        self._remote: Remote | None = None
        self._sink: Sink | None = None
        self._told_loss = False
        self._refused: frozenset[int] = frozenset()
        """Pages that the board doesn't turn."""
        self._wake = asyncio.Event()

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        async with NETWORKS.use() as network:
            end = network.discovery.on_change(self._wake.set)
            try:
                if self._settings.place.host is not None:
                    network.stack.allow(self._settings.place.host)
                await stay_with(
                    lambda: self._visit(network),
                    there=lambda: self._remote is not None,
                    lost=self._lost,
                    wake=self._wake,
                )
            finally:
                end()
                self._remote = None

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        raise Unsupported(f"{self._name} is only read")

    async def refresh(self) -> None:
        if self._remote is None:
            raise DeviceOffline(f"{self._name} is offline")
        await self._remote.read(self._remote.schedule.epcs)
        self._tell(self._remote)

    def describe(self) -> Mapping[str, Mapping[str, str]]:
        """What people read for its values, by language, and their units."""
        remote = self._remote
        if remote is None:
            return {}
        known = self._classes.any(remote.eoj >> 8, remote.release)
        return named(known, flat(known, remote.image))

    def keys(self) -> set[str]:
        """In whichever release of the appendix it follows."""
        code = int(self._link["eoj"])
        cuts = [self._classes.any(code, release) for release in (None, *ascii_uppercase)]
        return {key for known in cuts for key in keys(known)}

    def set_context(self, evse: int, *, transaction: bool) -> None:
        """Nothing of it depends on a transaction."""

    async def _visit(self, network: Network) -> None:
        """Until it is silent. Raises DeviceOffline."""
        settings = self._settings
        node, eoj = await settings.place.find(network.discovery)
        remote = Remote(
            network.discovery,
            node,
            eoj,
            manners=settings.manners,
            most=settings.most,
            wake=self._wake.set,
        )
        try:
            await remote.begin(dict.fromkeys(WHO, 0.0), also=self._periods(eoj >> 8))
            await remote.read(remote.schedule.epcs)
            self._remote, self._told_loss = remote, False
            log.info("%s is %s", self._name, remote.name)
            await self._poll(remote)
        finally:
            remote.close()

    async def _poll(self, remote: Remote) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = remote.schedule.due(loop.time())
            if due:
                await remote.read(due)
            await self._turn_pages(remote)
            self._tell(remote)
            wait_s = max(0.0, remote.schedule.next() - loop.time())
            try:
                async with asyncio.timeout(min(wait_s, SLOW_S)):
                    await self._wake.wait()
                self._wake.clear()
            except TimeoutError:
                continue

    async def _turn_pages(self, remote: Remote) -> None:
        """A board that somebody has told to show other channels. Raises DeviceOffline."""
        wanted = {
            epc: edt
            for epc, edt in pages(remote.eoj >> 8, remote.image).items()
            if remote.takes(epc) and epc not in self._refused
        }
        if wanted:
            told = await remote.write(wanted)
            self._refused |= told.rejected
            await remote.read([*wanted, *(epc for epc in CHANNEL_LISTS if remote.has(epc))])

    def _periods(self, class_code: int) -> dict[int, float]:
        epcs = shown(self._classes.any(class_code), EPCS)
        fast = FAST.get(class_code, frozenset())
        return {epc: self._settings.every_s if epc in fast else SLOW_S for epc in epcs}

    def _lost(self, reason: str) -> None:
        self._remote = None
        if not self._told_loss:
            self._told_loss = True
            assert self._sink is not None
            self._sink.offline(reason)

    def _tell(self, remote: Remote) -> None:
        known = self._classes.any(remote.eoj >> 8, remote.release)
        who = Identity(
            maker(int.from_bytes(remote.image.get(0x8A, b"")[:3], "big")),
            words(remote.image.get(0x8C, b"")) or known.names.get("en", ""),
            words(remote.image.get(0x8D, b"")),
        )
        assert self._sink is not None
        self._sink.reading(Reading({}, who, flat(known, remote.image)))


def make_appliance(setup: DeviceSetup) -> Device:
    """Raises HubError for settings that can't be, and for a class file of the user's that has a mistake."""
    return EchonetAppliance(setup.charger, setup.settings, own_classes(setup.folder))
