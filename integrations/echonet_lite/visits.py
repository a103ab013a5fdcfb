"""How one object of another node is stayed with: found, followed until it is silent, looked for again."""

import asyncio
from collections.abc import Awaitable, Callable

from hub.errors import DeviceOffline

FIRST_PROBE_S, LONGEST_PROBE_S = 1.0, 60.0


async def stay_with(
    visit: Callable[[], Awaitable[None]],
    *,
    there: Callable[[], bool],
    lost: Callable[[str], None],
    wake: asyncio.Event,
) -> None:
    """For ever. `visit` raises DeviceOffline when it is silent; `there`: had it answered? `wake` ends a pause early."""
    probe_s = FIRST_PROBE_S
    while True:
        wake.clear()
        try:
            await visit()
        except DeviceOffline as error:
            probe_s = FIRST_PROBE_S if there() else min(probe_s * 2, LONGEST_PROBE_S)
            lost(str(error))
        try:
            async with asyncio.timeout(probe_s):
                await wake.wait()
        except TimeoutError:
            continue
