"""How many properties one Get may ask of an object: learnt from what it answers. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.echonet_lite.frame import Esv, Frame

MOST = 10
MOST_BYTES = 1100
"""Of an answer's properties: what passes a small MTU in one piece."""
UNKNOWN_SIZE = 17


@dataclass(slots=True)
class Got:
    """`values`: what was read. `unreadable`: PDC 0, or nothing at all when it was asked for alone. `at`: when each
    was answered, for what takes several requests ends long after it has begun."""

    values: dict[int, bytes] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    at: dict[int, float] = field(default_factory=dict)


class Batches:
    """One object's. `proven`: so many were answered at once already. `halves`: is silence a reason to ask for less?"""

    def __init__(self, most: int = MOST, *, halves: bool = True) -> None:
        self.most = most
        self._halves = halves
        self.proven = 0
        self._sizes: dict[int, int] = {}

    def next(self, epcs: Sequence[int]) -> tuple[int, ...]:
        """Which to ask next: never none, when there are any."""
        chosen: list[int] = []
        room = MOST_BYTES
        for epc in epcs[: self.most]:
            room -= 2 + self._sizes.get(epc, UNKNOWN_SIZE)
            if room < 0 and chosen:
                break
            chosen.append(epc)
        return tuple(chosen)

    def answered(self, asked: Sequence[int], frame: Frame, got: Got) -> list[int]:
        """Takes what the answer holds; returns what must be asked again."""
        told = {item.epc: item.edt for item in frame.properties if item.epc in asked}
        for epc, edt in told.items():
            if edt:
                got.values[epc] = edt
                self._sizes[epc] = len(edt)
        missing = [epc for epc in asked if epc not in told]
        empty = [epc for epc, edt in told.items() if not edt]
        if len(asked) == 1:
            got.unreadable.update((*missing, *empty))
            return []
        if not any(told.values()):
            # Nothing at all: perhaps it was too much at once.
            if len(asked) > self.proven:
                self.most = (len(asked) + 1) // 2
                return list(asked)
            got.unreadable.update(asked)
            return []
        self.proven = max(self.proven, len(told))
        got.unreadable.update(empty)
        if missing and set(missing) == set(asked[-len(missing) :]):
            # Fewer than were asked: that many is what it can do.
            self.most = self.proven
            return missing
        # Where others behind them were told, these are none of its: some stacks leave out what they don't know.
        got.unreadable.update(missing)
        return []

    def unanswered(self, asked: Sequence[int]) -> bool:
        """Is it worth while to ask for less at once?"""
        if len(asked) <= max(self.proven, 1) or not self._halves:
            return False
        self.most = max(self.proven, len(asked) // 2, 1)
        return True

    def tries(self, asked: Sequence[int], patience_s: tuple[float, ...]) -> tuple[float, ...]:
        """More than it ever answered at once gets one try."""
        return patience_s if len(asked) <= max(self.proven, 1) else patience_s[:1]


@dataclass(frozen=True, slots=True)
class Written:
    """Rule 5: a result for each property."""

    accepted: frozenset[int]
    rejected: frozenset[int]


def written(asked: Mapping[int, bytes], frame: Frame) -> Written:
    """What became of a SetC. In a refusal accepted ones have PDC 0, rejected ones what was sent; a refusal that
    names none as rejected rejects all. What no answer names wasn't set."""
    told = {item.epc: item.edt for item in frame.properties}
    if frame.esv is Esv.SET_RES:
        accepted = frozenset(asked) & frozenset(told)
        return Written(accepted, frozenset(asked) - accepted)
    accepted = frozenset(epc for epc in asked if told.get(epc) == b"")
    if len(accepted) == len(asked):
        return Written(frozenset(), frozenset(asked))
    return Written(accepted, frozenset(asked) - accepted)


def unique(epcs: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(epcs))
