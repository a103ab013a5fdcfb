"""Brings what a station must remember to disk, for as long as that takes."""

import asyncio
import logging
from collections.abc import Iterable

from hub.clock import Clock
from hub.errors import StoreError
from hub.ocpp.station.effects import Durable, Keep
from hub.seldom import Trouble
from hub.store import journal
from hub.store.database import Database

log = logging.getLogger(__name__)

AGAIN_S = 1.0


class Committer:
    """`remember` False: there is no CSMS that anything is owed to, so only the station's own state is kept."""

    def __init__(self, charger: str, database: Database, clock: Clock, *, remember: bool) -> None:
        self._charger = charger
        self._database = database
        self._clock = clock
        self._remember = remember
        self._trouble = Trouble()

    async def commit(self, changes: Iterable[Durable]) -> None:
        """Returns when it is on disk: nothing that follows may happen before."""
        kept = self._kept(changes)
        while kept:
            try:
                await self._write(kept)
            except StoreError as error:
                if self._trouble.comes(self._clock.now().mono):
                    log.error("%s: waits until the store can be written: %s", self._charger, error)
                await asyncio.sleep(AGAIN_S)
            else:
                break
        if kept and self._trouble.goes():
            log.warning("%s: the store can be written again", self._charger)

    async def last(self, changes: Iterable[Durable]) -> None:
        """At the end there is one try."""
        kept = self._kept(changes)
        if kept:
            try:
                await self._write(kept)
            except StoreError as error:
                log.error("%s: the last changes were not written: %s", self._charger, error)

    async def _write(self, changes: list[Durable]) -> None:
        await self._database.write(journal.statements(self._charger, changes, self._clock.now()))

    def _kept(self, changes: Iterable[Durable]) -> list[Durable]:
        return [change for change in changes if self._remember or isinstance(change, Keep)]
