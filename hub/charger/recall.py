"""A charger's EVSEs as they were kept, when a hub starts again."""

import logging
from collections.abc import Iterator, Mapping

from hub.charger.evse import Evse
from hub.charger.limits import HOUSE
from hub.charger.memory import PAUSE, Body, Remembered
from hub.charger.sessions import restored
from hub.model.moment import Moment

log = logging.getLogger(__name__)

SESSION, METER = "\0session", "\0meter"
"""Beside the sources of limits, which can't have such names."""


def recall(charger: str, evses: Mapping[int, Evse], kept: Remembered, now: Moment) -> None:
    """What can't be used is said and left out; what belongs to an EVSE that is no more, too."""
    for number, kind, body in _all(kept):
        evse = evses.get(number)
        if evse is None:
            continue
        try:
            _restore(evse, kind, body, now)
        except ValueError as error:
            log.error("charger %s: what was kept of evse %d can't be used: %s", charger, number, error)


def _all(kept: Remembered) -> Iterator[tuple[int, str, Body]]:
    yield from ((number, SESSION, body) for number, body in kept.sessions.items())
    yield from ((number, METER, body) for number, body in kept.meters.items())
    yield from ((number, source, body) for (number, source), body in kept.limits.items())


def _restore(evse: Evse, kind: str, body: Body, now: Moment) -> None:
    if kind == SESSION:
        evse.session = restored(body, now)
    elif kind == METER:
        evse.meter.restore(body, now)
    elif kind in HOUSE:
        return  # of a time when this was anybody's name
    elif kind == PAUSE:
        evse.control.paused = bool(body.get("paused"))
    else:
        evse.limits.restore(kind, body, now)
