"""supervise(): run a part, log its failure, back off, start it again; a broken part never takes the hub down."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


async def supervise(
    name: str, part: Callable[[], Awaitable[None]], *, first_s: float = 1.0, most_s: float = 60.0
) -> None:
    """Runs until `part` returns or this task is cancelled. A run that lasted `most_s` resets the back-off."""
    loop = asyncio.get_running_loop()
    wait = first_s
    while True:
        started = loop.time()
        try:
            await part()
            return
        except Exception:  # the one place that catches all: the supervisor
            if loop.time() - started > most_s:
                wait = first_s
            log.exception("%s failed; starting again in %.0f s", name, wait)
        await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
        wait = min(wait * 2, most_s)


async def contained(name: str, work: Awaitable[T], otherwise: T) -> T:
    """`work`'s result; `otherwise` when it breaks in a way that nobody has foreseen, which is logged."""
    try:
        return await work
    except Exception:  # as above: somebody waits for an answer all the same
        log.exception("%s failed", name)
        return otherwise
