"""How old each value of a charger is: for who wants to know, never a part of its state, which would change always."""

from collections.abc import Mapping

from hub.integration.api import Dated, Device
from hub.model.catalog import BY_POINT

Ages = Mapping[str, Mapping[str, float]]
"""Seconds, by EVSE and by key as in its state (a point that has none: by its own name)."""


def ages(device: Device, now: float) -> Ages:
    """`now` on the loop's clock. Empty: the device doesn't note when it reads."""
    found: dict[str, dict[str, float]] = {}
    if not isinstance(device, Dated):
        return found
    for (element, evse), at in device.read_at.items():
        entity = BY_POINT.get(element)
        key = element if entity is None else entity.key
        for number in [evse] if evse else range(1, device.evses + 1):
            found.setdefault(str(number), {})[key] = round(max(0.0, now - at), 2)
    return found
