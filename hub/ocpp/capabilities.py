"""What a charger lets its station offer, by the features of the official certification, and which cases that selects.

The rest of the station is the same for every charger; only what stands here follows from the blueprint.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hub.model.charger import Abilities

ENERGY = frozenset({"energy", "energy_session", "power", "current_l1"})
"""With any of these there is energy to tell of."""


@dataclass(frozen=True, slots=True)
class Capability:
    """`code`: the certification's feature, or its profile. `cases`: only with it; `others`: only without it."""

    code: str
    says: str
    has: Callable[[Abilities, int], bool]
    cases: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


def _action(name: str) -> Callable[[Abilities, int], bool]:
    return lambda abilities, _evses: name in abilities.actions


def _cases(*blocks: str) -> frozenset[str]:
    """`E:14 24` is TC_E_14_CS and TC_E_24_CS; `056 017_1` are 1.6's."""
    names = []
    for block in blocks:
        letter, _, numbers = block.rpartition(":")
        names += [f"TC_{letter + '_' if letter else ''}{number}_CS" for number in numbers.split()]
    return frozenset(names)


SMART = _cases(
    "K:01 02 03 04 05 06 07 08 09 10 11 12 13 14 16 19 21 22 23 24 28 29 30 31 32 33 34 35 36 37 39 40 41 42 47 60",
    "056 057 058_1 058_2 059 060 066 067 072 082",
)
METERED = _cases("J:01 02 03 06 07 08 09 10", "070 071")
CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        "HFS-1",
        "the cable can be unlocked",
        _action("unlock"),
        _cases("E:14 24", "F:05 06 07 10", "005_1 017_1 018_1 030"),
        _cases("017_2 018_2"),
    ),
    Capability("HFS-8", "more than one EVSE", lambda _abilities, evses: evses > 1, _cases("B:41", "K:24")),
    Capability(
        "C-13", "one EVSE alone can be reset", _action("reset_evse"), _cases("B:25 26 27"), _cases("B:28 29")
    ),
    Capability(
        "C-40", "energy is measured", lambda abilities, _evses: bool(abilities.readings & ENERGY), METERED
    ),
    Capability("Smart Charging", "limits can be set", _action("set_limit"), SMART, _cases("K:38")),
    Capability("Phases", "the charger switches between one phase and three", _action("set_phases")),
    Capability("Reset", "the charger itself can be restarted", _action("reset")),
    Capability("Pause", "energy can be held back", _action("pause")),
    Capability(
        "Reader", "it tells which card was presented", lambda abilities, _evses: "rfid" in abilities.readings
    ),
)


def told(abilities: Abilities, evses: int) -> list[tuple[Capability, bool]]:
    return [(capability, capability.has(abilities, evses)) for capability in CAPABILITIES]


def left_out(abilities: Abilities, evses: int) -> frozenset[str]:
    """The cases that don't apply to such a charger."""
    return frozenset(
        case
        for capability, has in told(abilities, evses)
        for case in (capability.others if has else capability.cases)
    )
