"""One link for each wire, shared by all chargers on it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from integrations.modbus.address import Address
from integrations.modbus.links import BusLink

log = logging.getLogger(__name__)


class Links:
    """The links of a hub, shared by what speaks over the same wire."""

    def __init__(self) -> None:
        self._links: dict[tuple[int, tuple[str, str]], BusLink] = {}
        self._users: dict[tuple[int, tuple[str, str]], int] = {}
        self._tasks: dict[tuple[int, tuple[str, str]], asyncio.Task[None]] = {}

    def used(self) -> list[BusLink]:
        return list(self._links.values())

    @contextlib.asynccontextmanager
    async def open(self, address: Address, *, reconnect_s: float = 0.0) -> AsyncIterator[BusLink]:
        """The link to an address for as long as it is used."""
        key = (id(asyncio.get_running_loop()), address.key)
        if key not in self._links:
            link = self._links[key] = BusLink(address, reconnect_s=reconnect_s)
            self._tasks[key] = asyncio.create_task(link.run(), name=f"modbus {address}")
        elif self._links[key].address != address:
            log.warning("%s is used as %s by others already", address, self._links[key].address)
        self._users[key] = self._users.get(key, 0) + 1
        try:
            yield self._links[key]
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._links[key], self._users[key]
                task = self._tasks.pop(key)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


LINKS = Links()
