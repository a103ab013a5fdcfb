"""The one stack of the hub with its discovery, for as long as anybody uses it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.tasks import supervise
from integrations.echonet_lite.discovery import Discovery
from integrations.echonet_lite.place import Place
from integrations.echonet_lite.stack import Stack, StackSettings


class Network:
    """Made by `Networks`. `places`: where each configured charger is looked for, by its id."""

    def __init__(self, settings: StackSettings | None) -> None:
        self.stack = Stack(settings)
        self.stack.open()
        self.discovery = Discovery(self.stack, configured=self.stack.settings.instances)
        self.places: dict[str, Place] = {}
        self.users = 0
        self.task = asyncio.get_running_loop().create_task(
            supervise("ECHONET Lite discovery", self.discovery.run), name="echonet_lite"
        )

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.stack.close()


class Networks:
    """One for each event loop."""

    def __init__(self) -> None:
        self._networks: dict[int, Network] = {}

    @asynccontextmanager
    async def use(self, settings: StackSettings | None = None) -> AsyncIterator[Network]:
        """Opened by whoever comes first, with its settings; closed by who goes last."""
        key = id(asyncio.get_running_loop())
        network = self._networks.get(key)
        if network is None:
            network = self._networks[key] = Network(settings)
        network.users += 1
        try:
            yield network
        finally:
            network.users -= 1
            if not network.users:
                del self._networks[key]
                await network.close()


NETWORKS = Networks()
