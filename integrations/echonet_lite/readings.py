"""The properties of one object as flat named values: what a meter, a battery or a PV system shows on the bus. Pure.

Every property that is read stands there under its own name (`epc_f0` with raw hex for what nobody defined); what all
of a kind have stands under the names that chargers use, too: power W, energy kWh.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hub.model.catalog import BY_KEY, BY_POINT
from hub.model.entity import Scalar
from integrations.echonet_lite.edt import AnyOf, Fields, Items, Type, Value
from integrations.echonet_lite.properties import ObjectClass, PropertyType, numbers

NEVER_SHOWN = frozenset({0x82, 0x83, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x97, 0x98, 0x9D, 0x9E, 0x9F})
"""Who it is and what it can do stands elsewhere; its clock would only fill the bus."""
LONGEST = 60
"""Of a list so much is shown."""
GRID = {
    "power": "instantaneous_electric_power",
    "energy_total": "normal_direction_cumulative_electric_energy",
    "energy_export": "reverse_direction_cumulative_electric_energy",
    "current_l1": "instantaneous_current_r_phase",
    "current_l2": "instantaneous_current_t_phase",
    "voltage_l1": "instantaneous_voltage_r_s",
    "voltage_l2": "instantaneous_voltage_s_t",
}
SOLAR = {
    "power": "instantaneous_electric_power_generation",
    "energy_total": "cumulative_electric_energy_of_generation",
    "energy_export": "cumulative_electric_energy_sold",
}
BATTERY = {
    "power": "instantaneous_charging_and_discharging_electric_power",
    "energy_total": "cumulative_charging_electric_energy",
    "energy_export": "cumulative_discharging_electric_energy",
    "soc": "remaining_capacity3",
}
COMMON: Mapping[int, Mapping[str, str]] = {
    0x0288: GRID,
    0x028D: GRID,
    0x0287: GRID,
    0x0279: SOLAR,
    0x027D: BATTERY,
}
CHANNEL_LISTS = frozenset({0xB3, 0xB5, 0xB7, 0xBA, 0xBC, 0xBE})
PAGES = {
    0xB2: (0xB1, 60),
    0xB4: (0xB1, 60),
    0xB6: (0xB1, 60),
    0xB9: (0xB8, 30),
    0xBB: (0xB8, 60),
    0xBD: (0xB8, 60),
}
"""Of a distribution board: what says which channels a list shows, by the number of channels, at most so many."""
FAST: Mapping[int, frozenset[int]] = {
    0x0288: frozenset({0xE0, 0xE3, 0xE7, 0xE8}),
    0x028D: frozenset({0xE1, 0xE3, 0xE7, 0xE8, 0xE9}),
    0x0287: frozenset({*CHANNEL_LISTS, *PAGES, 0xC0, 0xC1, 0xC6, 0xC7, 0xC8, *range(0xD0, 0xF0)}),
    0x0279: frozenset({0xE0, 0xE1, 0xE3}),
    0x027D: frozenset({0xCF, 0xD3, 0xD4, 0xD5, 0xD6, 0xD8, 0xE2, 0xE4}),
}
"""What moves."""
MEANT = frozenset({*BY_KEY, *BY_POINT, "limit_applied", "energy_session", "rfid"})
HISTORIES = re.compile(r"_log\d?$|_at_every_minute$")
MEASURED = {
    "electric_energy": "energy",
    "current_rphase": "current_l1",
    "current_tphase": "current_l2",
    "r_phase": "current_l1",
    "t_phase": "current_l2",
    "instantaneous_electric_power": "power",
}
MOST_CHANNELS = 252
CHANNEL = re.compile(r"channel_(\d+)_(\w+)")
WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """camelCase of the appendix as evhub spells keys."""
    return WORD.sub("_", name).lower()


def shown(known: ObjectClass, epcs: Iterable[int]) -> list[int]:
    """Which of the readable properties are worth reading again and again."""
    return [epc for epc in epcs if epc not in NEVER_SHOWN and not HISTORIES.search(_key(known, epc))]


def flat(known: ObjectClass, image: Mapping[int, bytes]) -> dict[str, Scalar]:
    """`image`: EPC -> EDT. What the object has nothing to say about is None."""
    factors = _factors(known, image)
    values: dict[str, Scalar] = {}
    for epc in shown(known, sorted(image)):
        name, value = known.spell(epc, image[epc], factors)
        values.update(_named(known.code, epc, snake(name), value))
    common = COMMON.get(known.code, {})
    values.update({key: values[source] for key, source in common.items() if source in values})
    return values


def pages(class_code: int, image: Mapping[int, bytes]) -> dict[int, bytes]:
    """What is to be set so that a board's lists show all of its channels."""
    if class_code != 0x0287:
        return {}
    wanted = {
        epc: bytes((1, min(image[count][0], most)))
        for epc, (count, most) in PAGES.items()
        if len(image.get(count, b"")) == 1 and 1 <= image[count][0] <= 252
    }
    return {epc: edt for epc, edt in wanted.items() if image.get(epc, edt) != edt}


def beside(known: ObjectClass, image: Mapping[int, bytes]) -> dict[str, Scalar]:
    """Of a charger: what its blueprint doesn't map. Names that mean something to the hub stay the blueprint's."""
    return {name: value for name, value in flat(known, image).items() if name not in MEANT}


def _key(known: ObjectClass, epc: int) -> str:
    found = known.properties.get(epc)
    return snake(found.key) if found is not None else ""


def _factors(known: ObjectClass, image: Mapping[int, bytes]) -> dict[int, float]:
    wanted = {epc for each in known.properties.values() for epc in each.coefficients}
    found = {epc: known.spell(epc, image[epc])[1] for epc in wanted if image.get(epc)}
    return {
        epc: float(value)
        for epc, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _named(class_code: int, epc: int, name: str, value: Value) -> Iterator[tuple[str, Scalar]]:
    """Channels of a distribution board are named alike, whichever property they came with."""
    if class_code == 0x0287 and 0xD0 <= epc <= 0xEF and isinstance(value, Mapping):
        yield from _channel(epc - 0xD0 + 1, value)
    elif class_code == 0x0287 and epc in CHANNEL_LISTS and isinstance(value, Mapping):
        start = value.get("startChannel")
        key, listed = next((item for item in value.items() if isinstance(item[1], list)), ("", []))
        for number, each in enumerate(listed, start if isinstance(start, int) else 1):
            yield from _channel(number, each if isinstance(each, Mapping) else {key: each})
    else:
        yield from _flattened(name, value)


def _channel(number: int, measured: Mapping[str, Value]) -> Iterator[tuple[str, Scalar]]:
    for key, value in measured.items():
        name = MEASURED.get(snake(key), snake(key))
        yield from _flattened(f"channel_{number}_{name}", value)


def _flattened(name: str, value: Value) -> Iterator[tuple[str, Scalar]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flattened(f"{name}_{snake(key)}", each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value[:LONGEST], 1):
            yield from _flattened(f"{name}_{number}", each)
    else:
        yield name, value


def keys(known: ObjectClass) -> set[str]:
    """All that `flat` may ever tell of what is defined."""
    found: set[str] = set()
    for epc in shown(known, known.properties):
        about = known.properties[epc]
        sample = _sample(about.type)
        found.update(name for name, _ in _named(known.code, epc, snake(about.key), sample))
    channels = {match[2] for name in found if (match := CHANNEL.fullmatch(name))}
    found |= {f"channel_{number}_{name}" for name in channels for number in range(1, MOST_CHANNELS + 1)}
    return found | {key for key, source in COMMON.get(known.code, {}).items() if source in found}


def _sample(kind: Type) -> Value:
    """A value with all of the parts that there may be."""
    match kind:
        case Fields(fields=fields):
            return {key: _sample(each) for key, each in fields.items()}
        case Items(item=item, most=most):
            return [_sample(item) for _ in range(most)]
        case AnyOf(of=of):
            # No property has a choice of two that have parts.
            samples = [_sample(each) for each in of]
            return next((each for each in samples if isinstance(each, Mapping | list)), 0)
        case _:
            return 0


def named(known: ObjectClass, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """What people read for the keys of `flat`, by language, and the unit where there is one."""
    sources = COMMON.get(known.code, {})
    spelt = {snake(each.key): each for each in known.properties.values()}
    found = {}
    for key in keys:
        about = _about(spelt, sources.get(key, key))
        if about is not None:
            found[key] = about
    return found


def _about(spelt: Mapping[str, PropertyType], name: str) -> dict[str, str] | None:
    """Of a part of a value: the name of the whole, and which part."""
    channel = CHANNEL.fullmatch(name)
    if channel:
        name = f"measurement_channel{channel[1]}_{channel[2]}"
    whole = max((key for key in spelt if name == key or name.startswith(f"{key}_")), key=len, default=None)
    if whole is None:
        return None
    part = name[len(whole) + 1 :].replace("_", " ")
    names = {language: f"{text}: {part}" if part else text for language, text in spelt[whole].names.items()}
    units = {number.unit for number in numbers(spelt[whole].type) if number.unit}
    return {**names, "unit": units.pop()} if len(units) == 1 else names
