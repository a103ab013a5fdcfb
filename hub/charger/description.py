"""What a charger is: by its configuration, its blueprint, and by what its device says."""

import math
from dataclasses import dataclass, field, replace

from hub.charger.limits import Fallback
from hub.charger.snapshot import exposed
from hub.model.charger import Abilities, Identity, Ratings


@dataclass(frozen=True, slots=True)
class Description:
    """What the configuration says of a charger."""

    name: str
    protocol: str
    blueprint: str | None = None
    identity: Identity = field(default_factory=Identity)
    max_current: float | None = None
    fallback: Fallback = field(default_factory=Fallback)
    raw: bool = False
    """Are the frames of its protocol wanted on the bus?"""


def info(
    description: Description, who: Identity, abilities: Abilities, ratings: Ratings, evses: int
) -> dict[str, object]:
    """As the `info` topic wants it."""
    return {
        "name": description.name,
        "vendor": who.vendor,
        "model": who.model,
        "serial": who.serial,
        "firmware": who.firmware,
        "protocol": description.protocol,
        "blueprint": description.blueprint,
        "capabilities": sorted(abilities.actions),
        "evses": list(range(1, evses + 1)),
        "exposes": exposed(abilities.readings),
        "limits": {
            "min_current": ratings.min_current,
            "max_current": ratings.max_current,
            "step": ratings.step,
        },
    }


def merged(before: Identity, told: Identity) -> Identity:
    """What the device says of itself goes before what its blueprint says."""
    return Identity(
        told.vendor or before.vendor,
        told.model or before.model,
        told.serial or before.serial,
        told.firmware or before.firmware,
    )


def rated(told: Ratings, max_current: float | None) -> Ratings:
    """The device's own limits, lowered by the configuration. Raises ValueError for what are none."""
    if not all(math.isfinite(value) and value >= 0 for value in (told.min_current, told.max_current)):
        raise ValueError(f"{told} are no ratings")
    return told if max_current is None else replace(told, max_current=min(told.max_current, max_current))
