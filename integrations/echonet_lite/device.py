"""One ECHONET Lite charger: found, polled, listened to, and told what to do.

Theory: `run` looks for the charger's node, learns what its object can do, and then reads what falls due until the
node is silent; then it looks again, at growing intervals or as soon as something is found. A changed state is told
together with what the meters say by then, for both belong to one event.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping
from hub.blueprint.schema import seconds
from hub.clock import Clock
from hub.errors import DeviceOffline, DeviceRefused, HubError, NotConfirmed, Unsupported
from hub.integration.api import Device, DeviceSetup, Reading, Sink, Tracer
from hub.model.charger import Abilities, Identity, Ratings
from hub.model.entity import Scalar
from integrations.echonet_lite.actions import Actor, Proof
from integrations.echonet_lite.batches import MOST
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.makers import maker
from integrations.echonet_lite.network import NETWORKS, Network
from integrations.echonet_lite.place import Place
from integrations.echonet_lite.points import epc_of, raw_values
from integrations.echonet_lite.properties import EPCS, Classes, own_classes
from integrations.echonet_lite.readings import beside, shown
from integrations.echonet_lite.remote import Remote
from integrations.echonet_lite.stack import Manners
from integrations.echonet_lite.transactions import GAP_S, PATIENCE_S, READ_BACK, patience
from integrations.echonet_lite.visits import stay_with

log = logging.getLogger(__name__)

SWITCHES = frozenset({"start", "pause"})
"""Rules ask which of these was done last: a mode that nobody has asked for is the vehicle's or a person's."""
LOST = "lost"
"""Instead of one of them: it has started anew since, and does nothing any more of what it was told."""
RESTART_S = 15.0
"""So soon after it has announced itself its leaving of a mode is no wish of anybody's."""
OTHERS_S = 300.0
"""So often is read what the blueprint doesn't map."""
MAKER = 0x8A


class EchonetDevice:
    """Implements `integration.api.Device`: one object, which is one EVSE."""

    evses = 1

    def __init__(
        self, charger: str, mapping: BlueprintMapping, clock: Clock, classes: Classes | None = None
    ) -> None:
        self._classes = classes or Classes()
        self.abilities: Abilities = mapping.abilities
        self.ratings: Ratings = mapping.ratings
        self._charger, self._mapping, self._clock = charger, mapping, clock
        link = mapping.link
        tries = patience(seconds(link.get("timeout", PATIENCE_S[0])), link.get("retries", len(PATIENCE_S)))
        self._manners = Manners(tries, seconds(link.get("gap", GAP_S)))
        self._place = Place.of(link)
        self._mapped = frozenset(self._periods())
        self._others: tuple[Mapping[int, bytes], Mapping[str, Scalar]] = {}, {}
        self._context: dict[int, dict[str, Any]] = {1: {}}
        self._reading: Reading | None = None
        self._remote: Remote | None = None
        self._sink: Sink | None = None
        self._proof: Proof | None = None
        self._tracer: Tracer | None = None
        self._online = False
        self._told_loss = False
        self._reason = ""
        self._looked: tuple[int, Reading] | None = None
        self._wake = asyncio.Event()
        self._acting = asyncio.Lock()

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        async with NETWORKS.use() as network:
            end = network.discovery.on_change(self._wake.set)
            network.places[self._charger] = self._place
            if self._place.host is not None:
                network.stack.allow(self._place.host)
            try:
                await stay_with(
                    lambda: self._visit(network), there=lambda: self._online, lost=self._lost, wake=self._wake
                )
            finally:
                end()
                del network.places[self._charger]
                self._online = False

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        if action not in self._mapping.actions:
            raise Unsupported(f"the blueprint {self._mapping.path} has no action {action!r}")
        remote = self._remote
        if remote is None or not self._online:
            raise DeviceOffline(f"{self._charger} is offline")
        async with self._acting:
            if action in SWITCHES:
                self._note("told", None)
            actor = self._actor(remote, arguments)
            before, self._proof = self._proof, Proof.NOT_CONFIRMED
            try:
                self._proof = await actor.act(self._mapping.steps(action, self._env(arguments)))
                if action in SWITCHES:
                    self._note("told", action)
            except DeviceRefused as error:
                if not isinstance(error, NotConfirmed):
                    self._proof = Proof.REJECTED
                raise
            except Unsupported:
                self._proof = before
                raise
            finally:
                self._looked = None
                if self._online:
                    self._tell(self._look())

    async def refresh(self) -> None:
        if self._remote is None or not self._online:
            raise DeviceOffline(f"{self._charger} is offline")
        await self._remote.read(self._remote.schedule.epcs, manners=self._urgent)
        self._tell(self._look())

    def set_context(self, evse: int, *, transaction: bool) -> None:
        if self._context[evse].get("tx") != transaction:
            self._note("tx", transaction)
            self._wake.set()

    def trace(self, tracer: Tracer | None) -> None:
        self._tracer = tracer

    @property
    def raw_values(self) -> Mapping[tuple[str, int], Raw]:
        """As they were read, by element and EVSE (0: shared)."""
        return raw_values(self._mapping, {1: self._remote.image}) if self._remote else {}

    # Finding and losing

    async def _visit(self, network: Network) -> None:
        """Until it is silent. Raises DeviceOffline."""
        node, eoj = await self._place.find(network.discovery)
        end_of_trace = network.stack.trace(node.key, self._tracer) if self._tracer else _nothing
        remote = Remote(
            network.discovery,
            node,
            eoj,
            manners=self._manners,
            most=self._mapping.link.get("max_props", MOST),
            wake=self._wake.set,
        )
        try:
            await remote.begin(
                self._periods(),
                also=dict.fromkeys(shown(self._classes.any(eoj >> 8), EPCS), OTHERS_S),
                force_polling=self._mapping.link.get("force_polling", False),
            )
            self._remote, self._looked = remote, None
            self._note("settable", self._settable(remote))
            await remote.read(remote.schedule.epcs)
            await self._came(remote)
            await self._poll(remote, network.discovery)
        finally:
            remote.close()
            end_of_trace()

    async def _came(self, remote: Remote) -> None:
        self._reading = self._look()
        self._online, self._told_loss, self._reason = True, False, ""
        log.info("charger %s is %s", self._charger, remote.name)
        if "on_connect" in self._mapping.actions:
            try:
                await self._actor(remote, {}).act(self._mapping.steps("on_connect", self._env({})))
            except (DeviceRefused, Unsupported) as error:
                log.warning("charger %s: on_connect: %s", self._charger, error)
        self._tell(self._look())

    def _lost(self, reason: str) -> None:
        self._online = False
        self._remote = None
        self._note("told", None)
        if reason != self._reason:
            self._reason = reason
            log.info("charger %s isn't there: %s", self._charger, reason)
        if not self._told_loss:
            self._told_loss = True
            assert self._sink is not None
            self._sink.offline(reason)

    # Polling

    async def _poll(self, remote: Remote, discovery: Discovery) -> None:
        loop = asyncio.get_running_loop()
        started_at, missed = remote.node.started_at, False
        while True:
            if remote.node.started_at != started_at:
                started_at = remote.node.started_at
                remote.schedule.all_now()
            due = remote.schedule.due(loop.time())
            try:
                if due:
                    await remote.read(due, manners=self._urgent if remote.schedule.urgent else None)
                await self._show(remote, due)
                missed = False
            except DeviceOffline:
                # On a bad network all tries of one request may be lost.
                if missed or await discovery.look(remote.node.host) is not remote.node:
                    raise
                missed = True
                continue
            await self._rest(remote.schedule.next() - loop.time())

    async def _show(self, remote: Remote, fresh: Collection[int] = ()) -> None:
        """A new status is told together with the meters. Raises DeviceOffline."""
        reading = self._look()
        rest = [epc for epc in self._meters(remote) if epc not in fresh] if self._moved(reading) else []
        if rest:
            await remote.read(rest, manners=self._urgent)
            reading = self._look()
        if self._forgot(remote, reading):
            log.warning("charger %s has started anew, and doesn't charge any more", self._charger)
            self._note("told", LOST)
            reading = self._look()
        self._tell(reading)

    async def _rest(self, wait_s: float) -> None:
        if wait_s <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(wait_s if wait_s != float("inf") else None):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _periods(self) -> dict[int, float]:
        """The shortest period of the points of each EPC."""
        periods: dict[int, float] = {}
        for point in self._mapping.points.values():
            if point.access != "wo":
                epc, every = epc_of(point), self._mapping.groups[point.poll]
                known = periods.get(epc)
                periods[epc] = every if not known else min(known, every or known)
        return periods

    def _meters(self, remote: Remote) -> Iterable[int]:
        return [epc for epc, every in self._periods().items() if every and remote.has(epc)]

    def _moved(self, reading: Reading) -> bool:
        """Has it another status than was told last?"""
        told = self._reading.evses if self._reading else {}
        return any(
            number in told and told[number].status != seen.status for number, seen in reading.evses.items()
        )

    def _forgot(self, remote: Remote, reading: Reading) -> bool:
        """A charger that was told to start, and that a restart and nobody else has stopped."""
        if self._context[1].get("told") != "start" or self._reading is None:
            return False
        since = asyncio.get_running_loop().time() - remote.node.started_at
        return since < RESTART_S and bool(self._reading.evses[1].enabled) and not reading.evses[1].enabled

    # Telling

    @property
    def _urgent(self) -> Manners:
        return replace(self._manners, priority=READ_BACK)

    def _note(self, name: str, value: object) -> None:
        """What rules may ask beside the points; None: nothing is known."""
        if value is None:
            self._context[1].pop(name, None)
        else:
            self._context[1][name] = value
        self._looked = None

    def _look(self) -> Reading:
        """Most polls find what the one before has found: that isn't worked out again."""
        version = self._remote.version if self._remote is not None else -1
        if self._looked is None or self._looked[0] != version:
            self._looked = version, self._completed(self._mapping.reading(self.raw_values, self._context))
        return self._looked[1]

    def _completed(self, reading: Reading) -> Reading:
        """With its proof, and with what only the object itself tells."""
        beside = self._beside() if self._remote is not None else {}
        if self._proof is not None:
            beside["last_command"] = self._proof.value
        evses = {
            number: replace(seen, values={**beside, **seen.values}) for number, seen in reading.evses.items()
        }
        return replace(reading, evses=evses, identity=self._who(reading.identity))

    def _beside(self) -> dict[str, Scalar]:
        """What the object says that the blueprint doesn't map: it's seldom read, and seldom worked out."""
        remote = self._remote
        assert remote is not None
        image = {epc: edt for epc, edt in remote.image.items() if epc not in self._mapped}
        if self._others[0] != image:
            self._others = image, beside(self._classes.any(remote.eoj >> 8, remote.release), image)
        return dict(self._others[1])

    def _who(self, told: Identity | None) -> Identity | None:
        """A maker is known by its code."""
        code = int.from_bytes(self._remote.image.get(MAKER, b"")[:3], "big") if self._remote else 0
        return told if told is None or told.vendor else replace(told, vendor=maker(code))

    def _tell(self, reading: Reading) -> None:
        self._reading = reading
        assert self._sink is not None
        self._sink.reading(reading)

    def _env(self, arguments: Mapping[str, Scalar]) -> dict[str, Any]:
        assert self._reading is not None
        return self._mapping.env(self._reading, 1, **{**self._context[1], **arguments})

    def _settable(self, remote: Remote) -> frozenset[str]:
        """What this very object takes, by its map 9E."""
        points = self._mapping.points.values()
        return frozenset(
            point.name for point in points if point.access != "ro" and remote.takes(epc_of(point))
        )

    def _actor(self, remote: Remote, arguments: Mapping[str, Scalar]) -> Actor:
        return Actor(
            self._mapping,
            remote,
            self._urgent,
            lambda: self._env(arguments),
            lambda: self._show(remote),
        )


def make_device(setup: DeviceSetup) -> Device:
    mapping = setup.blueprint
    assert isinstance(mapping, BlueprintMapping)
    if mapping.evses != 1:
        raise HubError(f"charger {setup.charger}: an ECHONET Lite object is one EVSE")
    return EchonetDevice(setup.charger, mapping, setup.clock, own_classes(setup.folder))


def _nothing() -> None: ...
