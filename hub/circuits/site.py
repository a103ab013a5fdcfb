"""The circuits while they run: they watch what the chargers would like and do, and give each its share."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from hub.bus import Bus
from hub.charger.registry import Registry
from hub.charger.runtime import ChargerRuntime
from hub.circuits.balance import Given, Step
from hub.circuits.board import Board
from hub.circuits.circuit import Circuit
from hub.circuits.commands import operations
from hub.circuits.kept import Kept, Share
from hub.circuits.patience import Patience
from hub.circuits.shares import Leaf
from hub.circuits.tree import NOBODY, Tree, roots
from hub.circuits.troubles import Troubles
from hub.clock import Clock
from hub.config.circuits import missing_evses
from hub.config.settings import CircuitSettings
from hub.errors import StoreError
from hub.model.moment import Moment
from hub.store.database import Database
from hub.topics import Topics, circuit_owner

log = logging.getLogger(__name__)

LONGEST_S = 3600.0
NOTHING = Share(0.0, 0.0)
STILL = Given(0.0, False, False)


class Site:
    """`use` and `join` before the chargers run: none is told anything before it has its share."""

    def __init__(
        self, bus: Bus, topics: Topics, clock: Clock, registry: Registry, database: Database
    ) -> None:
        self._clock, self._registry = clock, registry
        self._board, self._kept = Board(bus, topics, clock), Kept(database)
        self._trees: list[Tree] = []
        self._ends: list[Callable[[], None]] = []
        self._joined: dict[str, ChargerRuntime] = {}
        self._applied: dict[Leaf, Given] = {}
        self._touched: set[str] = set()
        """Chargers whose claims may be others now."""
        self._patience = Patience(clock.now().mono)
        self._troubles = Troubles()
        self._work = asyncio.Event()
        self._busy = asyncio.Lock()

    async def open(self, settings: Mapping[str, CircuitSettings]) -> None:
        """Raises StoreError."""
        await self._kept.read()
        await self.use(settings)

    async def use(self, settings: Mapping[str, CircuitSettings]) -> None:
        """These circuits from now on. Chargers go on with what they have as far as it fits. Raises StoreError."""
        async with self._busy:
            await self._use(settings)
        await self.look()
        self._look()  # `run` still sleeps by what was before

    def join(self, runtime: ChargerRuntime) -> Callable[[], Awaitable[None]]:
        """A charger that is about to run; what it returns takes it out again."""
        self._joined[runtime.id] = runtime
        self._patience.expect(runtime.id, self._clock.now().mono)
        for evse in range(1, runtime.evses + 1):
            self._applied.pop((runtime.id, evse), None)
        self._begin(runtime)
        end = runtime.watch_claims(lambda: self._touch(runtime.id))
        self._placed(runtime.id)

        async def leave() -> None:
            end()
            if self._joined.get(runtime.id) is runtime:
                del self._joined[runtime.id]
            self._patience.expect(runtime.id, self._clock.now().mono)
            self._placed(runtime.id)

        return leave

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            wait = await self.look()
            try:
                async with asyncio.timeout(max(wait, 0.0)):
                    await self._work.wait()
            except TimeoutError:
                continue

    async def look(self) -> float:
        """Gives what is to be given now; returns in how many seconds time alone may change something."""
        self._work.clear()
        now = self._clock.now()
        self._touched |= set(self._patience.lose(now.mono))
        async with self._busy:
            touched, self._touched = self._touched, set()
            dues = [await self._balance(tree, touched) for tree in self._trees]
        wakes = (*dues, *self._patience.ends(), *self._troubles.due(), now.mono + LONGEST_S)
        return min(wakes) - self._clock.now().mono

    def close(self) -> None:
        for end in self._ends:
            end()
        self._ends = []

    def listing(self) -> dict[str, object]:
        """For `evhub status`."""
        return {circuit: tree.body(circuit) for tree in self._trees for circuit in tree.circuits}

    # The configuration

    async def _use(self, settings: Mapping[str, CircuitSettings]) -> None:
        before = self._circuits()
        trees = [Tree(root, settings) for root in roots(settings)]
        for circuit in before.keys() - settings.keys():
            self._registry.withdraw(circuit_owner(circuit))
            self._board.clear(circuit)
            await self._kept.forget(circuit)
        for tree in trees:
            tree.take_over(before)
            for circuit in tree.circuits.keys() - before.keys():
                await self._kept.restore(tree.circuits[circuit], self._clock.now())
        for tree in trees:
            tree.place(self._evses)
        self._trees, self._troubles = trees, Troubles()
        self._patience.begin(self._clock.now().mono)
        for circuit, known in self._circuits().items():
            self._registry.serve(circuit_owner(circuit), operations(known, self._limited, self._clock))
        self._listen()
        for runtime in list(self._joined.values()):
            self._begin(runtime)
        self._touch(*(charger for tree in trees for charger in tree.of))
        await self._kept.drop({leaf for tree in trees for leaf in tree.places})

    # The chargers

    def _begin(self, runtime: ChargerRuntime) -> None:
        """With what it has: by its register, by what was kept of it; or with nothing."""
        mine = {leaf: tree for tree in self._trees for leaf in tree.of.get(runtime.id, ())}
        for evse in range(1, runtime.evses + 1):
            leaf = (runtime.id, evse)
            if leaf not in mine:
                if leaf in self._applied:
                    self._apply(leaf, None)
                continue
            known = self._applied.get(leaf)
            if known is None:
                held, kept = runtime.claim(evse).held_a, self._kept.shares.get(leaf, NOTHING)
                known = Given(kept.given_a if held is None else held, False, False)
                self._apply(leaf, known)
            mine[leaf].balance.begin(leaf, known.current_a)
            mine[leaf].seen.begin(leaf, self._kept.shares.get(leaf, NOTHING).phases)

    def _placed(self, charger: str) -> None:
        """It has come or gone."""
        for tree in self._trees:
            tree.place(self._evses)
        runtime = self._joined.get(charger)
        if runtime is not None:
            self._begin(runtime)
            settings = {circuit: known.settings for circuit, known in self._circuits().items()}
            for problem in missing_evses(settings, {charger: runtime.evses}):
                log.error("%s", problem)
        self._touch(charger)

    def _evses(self, charger: str) -> int | None:
        """Of one that isn't there now: those that were ever given something."""
        if charger in self._joined:
            return self._joined[charger].evses
        return max((evse for name, evse in self._kept.shares if name == charger), default=None)

    def _take(self, tree: Tree, leaf: Leaf) -> None:
        runtime, kept = self._joined.get(leaf[0]), self._kept.shares.get(leaf)
        claim = NOBODY if runtime is None else runtime.claim(leaf[1])
        held = claim.rated_a if kept is None else kept.held_a
        unknown = held if self._patience.expects(leaf[0]) else max(held, claim.safe_a)
        tree.take(leaf, claim, unknown, self._clock.now().mono)

    def _apply(self, leaf: Leaf, given: Given | None) -> None:
        runtime = self._joined.get(leaf[0])
        if given is None:
            self._applied.pop(leaf, None)
        elif self._applied.get(leaf) == given:
            return
        else:
            self._applied[leaf] = given
        if runtime is not None:
            current = None if given is None else given.current_a
            runtime.wishes.grant(leaf[1], current, restrained=given is not None and given.restrained)

    # The balance

    async def _balance(self, tree: Tree, touched: set[str]) -> float:
        now = self._clock.now()
        await self._expire(tree, now)
        for charger in touched & tree.of.keys():
            for leaf in tree.of[charger]:
                self._take(tree, leaf)
        tree.had = {leaf: self._applied.get(leaf, STILL) for leaf in tree.members}
        if not tree.settled and self._patience.settled(tree, now.mono):
            tree.settle(now.mono)
        if not tree.settled:
            tree.wait(self._patience.next(now.mono))
        elif tree.due(now.mono):
            touched |= tree.of.keys()
            await self._give(tree.step(now), tree)
        due = []
        for circuit in tree.circuits:
            if touched & tree.of.keys():
                self._board.touch(circuit)
            due.append(self._board.state(circuit, partial(tree.body, circuit), now))
        for circuit, known in tree.circuits.items():
            for event, details in self._troubles.look(known, now.mono):
                self._board.event(circuit, event, **details)
        return min([*due, *([] if tree.wake_at is None else [tree.wake_at])])

    async def _give(self, step: Step, tree: Tree) -> None:
        """Cuts first; a raise when the disk knows of it."""
        for leaf, given in step.given.items():
            known = self._applied.get(leaf)
            if known is not None and given.current_a <= known.current_a:
                self._apply(leaf, given)
        shares = {
            leaf: Share(
                given.current_a,
                round(max(given.current_a, tree.members[leaf].held_a), 3),
                tuple(sorted(tree.seen.used(leaf) or ())),
            )
            for leaf, given in step.given.items()
            if tree.members[leaf].claim.known
        }
        await self._kept.keep(shares)
        for leaf, given in step.given.items():
            self._apply(leaf, given)

    async def _expire(self, tree: Tree, now: Moment) -> None:
        for circuit, known in tree.circuits.items():
            over = known.limits.expire(now)
            for source in over:
                self._board.event(circuit, "limit_expired", source=source)
            for source in (*over, *known.limits.follow_clock(now)):
                await self._keep(known, source, now)

    async def _limited(self, circuit: Circuit, source: str) -> None:
        """Somebody has set a limit: it is in force and on disk when this returns. Raises StoreError."""
        self._look()
        await self._kept.limit(circuit, source, self._clock.now())

    async def _keep(self, circuit: Circuit, source: str, now: Moment) -> None:
        try:
            await self._kept.limit(circuit, source, now)
        except StoreError as error:
            log.error("circuit %s: the limit of %s can't be kept: %s", circuit.settings.id, source, error)

    # The rest

    def _circuits(self) -> dict[str, Circuit]:
        return {circuit: known for tree in self._trees for circuit, known in tree.circuits.items()}

    def _listen(self) -> None:
        self.close()
        for tree in self._trees:
            for known in tree.circuits.values():
                for device in known.meter.devices:
                    self._ends.append(self._board.listen(device, self._hearer(tree, known, device)))

    def _hearer(self, tree: Tree, circuit: Circuit, device: str) -> Callable[[Mapping[str, object]], None]:
        def hear(state: Mapping[str, object]) -> None:
            now = self._clock.now().mono
            tree.measure(now)
            circuit.hear(device, state, now)
            self._board.touch(circuit.settings.id)
            self._look()

        return hear

    def _touch(self, *chargers: str) -> None:
        shared = [charger for charger in chargers if any(charger in tree.of for tree in self._trees)]
        self._touched.update(shared)
        if shared:
            self._work.set()

    def _look(self) -> None:
        self._work.set()
