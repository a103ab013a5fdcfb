"""The section `circuits`: what several chargers share. One that doesn't check protects nobody: the file is refused."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hub.config import schema
from hub.config.settings import CircuitSettings, Config, MemberSettings
from hub.yaml import Tree, suggestion

LEAST_A = 6.0
"""Below it no car charges (IEC 61851)."""
OUTERMOST = ("rotate", "raise_delay", "car_phases")
THREE = 3
Path = tuple[object, ...]


def circuits(
    tree: Tree, section: Mapping[Any, Any], chargers: Collection[object], devices: Collection[object]
) -> tuple[dict[str, CircuitSettings], list[str], list[str]]:
    """(the circuits, what is wrong, what is odd). With anything wrong there are none."""
    checked: dict[str, Mapping[str, Any]] = {}
    problems: list[str] = []
    for circuit, body in section.items():
        path = ("circuits", circuit)
        wrong = schema.check_id(circuit) or _taken(circuit, chargers, devices)
        if wrong:
            problems.append(f"{tree.where(path)}: circuits.{circuit}: {wrong}")
            continue
        found, mistakes = schema.check(tree, path, schema.CIRCUIT, body)
        problems += mistakes
        if found is not None:
            checked[circuit] = found
    problems += _Members(tree, checked, section, chargers, devices).problems()
    if problems:
        return {}, problems, []
    made = {circuit: _settings(tree, circuit, body) for circuit, body in checked.items()}
    return made, [], list(_odd(tree, made))


def _taken(circuit: object, chargers: Collection[object], devices: Collection[object]) -> str | None:
    kind = "charger" if circuit in chargers else "device" if circuit in devices else None
    return kind and f"{circuit!r} is a {kind}'s id"


def split(member: str) -> tuple[str, int | None]:
    """`box_c/2` -> its charger and EVSE; `box_c`: all of its EVSEs."""
    name, slash, evse = member.partition("/")
    return name, int(evse) if slash else None


class _Members:
    """The checks that need all circuits."""

    def __init__(
        self,
        tree: Tree,
        checked: Mapping[str, Mapping[str, Any]],
        section: Collection[object],
        chargers: Collection[object],
        devices: Collection[object],
    ) -> None:
        self._tree, self._checked, self._section = tree, checked, section
        self._chargers, self._devices = chargers, devices
        self._homes: dict[tuple[str, int | None], str] = {}
        self._parents: dict[str, str] = {}

    def problems(self) -> list[str]:
        found: list[str] = []
        for circuit, body in self._checked.items():
            for number, (name, _, phases) in enumerate(body["members"]):
                words = self._member(circuit, name) or self._phases(body, name, phases)
                if words:
                    found.append(self._say((circuit, "members", number), words))
            found += self._meters(circuit, body)
        found += self._loops()
        found += [
            self._say((circuit, key), "is said at the outermost circuit, for all in it")
            for circuit in self._parents
            for key in OUTERMOST
            if key in self._checked.get(circuit, ())
        ]
        return found

    def _say(self, path: Path, words: str) -> str:
        place = ("circuits", *path)
        return f"{self._tree.where(place)}: {'.'.join(map(str, place))}: {words}"

    def _member(self, circuit: str, member: str) -> str | None:
        name, evse = split(member)
        if name in self._section and evse is None:
            before = self._parents.setdefault(name, circuit)
            return None if before == circuit else f"{name!r} is in {before} already"
        if name not in self._chargers:
            known = [*map(str, self._chargers), *map(str, self._section)]
            return f"there is no charger and no circuit {name!r}{suggestion(name, known)}"
        for (other, number), home in self._homes.items():
            if other == name and (number == evse or number is None or evse is None):
                return f"{member!r} is in {home} already" if home != circuit else f"{member!r} stands twice"
        self._homes[name, evse] = circuit
        return None

    def _phases(self, body: Mapping[str, Any], member: str, phases: Sequence[int]) -> str | None:
        """Do a member's phases lead to such as there are?"""
        there = body.get("phases", THREE)
        if any(phase > there for phase in phases):
            return "phases: the circuit has only L1"
        own = self._checked.get(member, {}).get("phases", THREE) if member in self._section else None
        if phases and own not in (None, len(phases)):
            return f"phases: {member!r} has {own}, and {len(phases)} are named"
        return None

    def _meters(self, circuit: str, body: Mapping[str, Any]) -> Iterator[str]:
        for device, _ in body.get("meter", ()):
            if device not in self._devices:
                words = f"no device {device!r} in devices{suggestion(device, self._devices)}"
                yield self._say((circuit, "meter"), words)

    def _loops(self) -> Iterator[str]:
        """Each loop once, at the circuit of it that stands first."""
        told: set[str] = set()
        for circuit in self._checked:
            way = [circuit]
            while way[-1] in self._parents and self._parents[way[-1]] not in way:
                way.append(self._parents[way[-1]])
            if self._parents.get(way[-1]) == circuit and circuit not in told:
                told |= set(way)
                yield self._say((circuit, "members"), f"goes round: {' in '.join([*way, circuit])}")


def missing_evses(circuits: Mapping[str, CircuitSettings], evses: Mapping[str, int]) -> list[str]:
    """Members that their chargers don't have. `evses`: how many each has, as far as that is known."""
    return [
        f"{member.where}: circuits.{circuit}.members: {member.id} has no EVSE {member.evse}, only {evses[member.id]}"
        for circuit, settings in circuits.items()
        for member in settings.members
        if member.evse is not None and member.evse > evses.get(member.id, member.evse)
    ]


def strange_keys(config: Config, keys: Mapping[str, Collection[str]]) -> list[str]:
    """Meters that nobody will ever hear. `keys`: what each device may tell, as far as that is known."""
    metered = [
        (place, f"circuits.{circuit}.meter", source)
        for circuit, settings in config.circuits.items()
        for place, source in zip(settings.meter_where, settings.meter, strict=True)
    ]
    metered += [
        (settings.where, f"chargers.{charger}.meter.{point}", source)
        for charger, settings in config.chargers.items()
        for point, source in (settings.meter.sources if settings.meter else {}).items()
    ]
    return [
        f"{place}: {name}: {device} tells no {key}{suggestion(key, keys[device])}"
        for place, name, (device, key) in metered
        if keys.get(device) and key not in keys[device]
    ]


def _settings(tree: Tree, circuit: str, body: Mapping[str, Any]) -> CircuitSettings:
    members = tuple(
        MemberSettings(*split(name), priority, phases, tree.where(("circuits", circuit, "members", number)))
        for number, (name, priority, phases) in enumerate(body["members"])
    )
    rest = {key: value for key, value in body.items() if key not in ("members", "name")}
    path = ("circuits", circuit, "meter")
    where = tuple(tree.where((*path, number)) for number, _ in enumerate(body.get("meter", ())))
    return CircuitSettings(circuit, body.get("name", circuit), members=members, meter_where=where, **rest)


def _odd(tree: Tree, made: Mapping[str, CircuitSettings]) -> Iterator[str]:
    for circuit, settings in made.items():
        room = max(settings.max_current - settings.reserve, 0.0)
        leading = [member.phases or range(1, settings.phases + 1) for member in settings.members]
        crowd = max(sum(phase in phases for phases in leading) for phase in range(1, settings.phases + 1))
        place = f"{tree.where(('circuits', circuit, 'max_current'))}: circuits.{circuit}.max_current"
        fits = int(room // LEAST_A)
        if fits == 0:
            yield f"{place}: {room:g} A are too little for any car, which needs {LEAST_A:g} A"
        elif fits < crowd:
            turns = f"{crowd} members will take turns"
            yield f"{place}: {room:g} A are {LEAST_A:g} A each for {fits}: {turns}"
