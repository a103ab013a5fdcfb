"""Open sessions that nobody can follow any further: of an EVSE or a charger that the configuration no longer has.
They end as they were seen last, when that is noticed."""

import logging
from collections.abc import Container, Iterator

from hub.charger.memory import Remembered, StoredMemory
from hub.charger.meter import Meter
from hub.charger.sessions import Session, left, restored
from hub.errors import StoreError
from hub.model.moment import Moment
from hub.store.database import Database

log = logging.getLogger(__name__)


def ends(
    charger: str, kept: Remembered, evses: Container[int], now: Moment
) -> Iterator[tuple[int, Session | None]]:
    """What was kept open of EVSEs that aren't among `evses`, as it ends; None: it can't be used."""
    for evse, body in kept.sessions.items():
        if evse in evses:
            continue
        meter = Meter(0.0)
        try:
            if evse in kept.meters:
                meter.restore(kept.meters[evse], now)
            yield evse, left(restored(body, now), meter.total, now)
        except ValueError as error:
            log.error("charger %s: the session kept of evse %d can't be used: %s", charger, evse, error)
            yield evse, None


async def close(database: Database, chargers: Container[str], now: Moment) -> None:
    """Those of chargers that aren't among `chargers`. A store that can't be written has them another time."""
    try:
        for (charger,) in await database.read("SELECT DISTINCT charger FROM session_open"):
            if charger not in chargers:
                await _close(StoredMemory(database, charger), charger, now)
    except StoreError as error:
        log.error("sessions of chargers that are no more stay open: %s", error)


async def _close(memory: StoredMemory, charger: str, now: Moment) -> None:
    for evse, closed in ends(charger, await memory.remembered(), (), now):
        memory.session(evse, None, closed)
    await memory.written()
    log.warning("charger %s is no more: its open sessions end as they were seen last", charger)
