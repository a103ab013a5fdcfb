"""Which blocks to read for the points that are due: few requests, and never a register that nobody declared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.spans import Span, spans


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One read request and the points it brings. Two requests of the same registers for other points differ."""

    unit: int
    table: str
    address: int
    count: int
    spans: tuple[Span, ...]
    port: int | None = None
    """The TCP port of a socket that has its own."""

    def overlaps(self, other: "Block") -> bool:
        return (
            self.address < other.address + other.count
            and other.address < self.address + self.count
            and (self.unit, self.table, self.port) == (other.unit, other.table, other.port)
        )


@dataclass(slots=True)
class Rules:
    """What a device allows. `never`: addresses that must not be read. `splits`: (unit, table, address) before
    which a block must end, learnt from exception 2."""

    max_block: int = 125
    max_hole: int = 16
    never: frozenset[int] = frozenset()
    splits: set[tuple[int, str, int]] = field(default_factory=set)
    absent: set[tuple[str, int]] = field(default_factory=set)
    """(element, EVSE) that the device doesn't have."""


def rules_of(link: Mapping[str, Any]) -> Rules:
    """As a blueprint's link says."""
    return Rules(link.get("max_block", 125), link.get("max_hole", 16), forbidden(link.get("never", ())))


def forbidden(listed: Sequence[Any]) -> frozenset[int]:
    """The addresses that a `never` list names: single ones, and ranges such as 730-740. Raises ValueError."""
    found: set[int] = set()
    for item in listed:
        low, dash, high = str(item).partition("-")
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise ValueError(f"expected addresses or ranges such as 730-740, not {item!r}")
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)


def plan(due: Sequence[Span], declared: Iterable[Span], rules: Rules) -> list[Block]:
    """`declared`: registers of other groups may be read along; holes of undeclared ones may not."""
    known = {
        (span.unit, span.table, address)
        for span in declared
        if _there(span, rules)
        for address in range(span.address, span.end)
    }
    blocks: list[Block] = []
    current: list[Span] = []
    for span in sorted((span for span in due if _there(span, rules)), key=_order):
        if current and not _fits(current, span, known, rules):
            blocks.append(_block(current))
            current = []
        current.append(span)
    if current:
        blocks.append(_block(current))
    return blocks


def told(mapping: BlueprintMapping) -> list[str]:
    """The plan of each poll group, in words."""
    declared, rules = spans(mapping), rules_of(mapping.link)
    lines = []
    for group, every in mapping.groups.items():
        blocks = plan([item for item in declared if item.point.poll == group], declared, rules)
        when = f"every {every:g} s" if every else "once"
        lines.append(f"{group} ({when}): {len(blocks)} request{'' if len(blocks) == 1 else 's'}")
        for block in blocks:
            names = ", ".join(dict.fromkeys(item.element for item in block.spans))
            lines.append(f"  unit {block.unit} {block.table} {block.address}+{block.count}: {names}")
    return lines


def halves(block: Block) -> list[Block]:
    """After exception 2: the points of a block in two; a block of one point can't be split."""
    starts = sorted({span.address for span in block.spans})
    if len(starts) < 2:
        return []
    middle = starts[len(starts) // 2]
    parts = ([s for s in block.spans if s.address < middle], [s for s in block.spans if s.address >= middle])
    return [_block(part) for part in parts]


def _there(span: Span, rules: Rules) -> bool:
    if (span.element, span.evse) in rules.absent:
        return False
    return not rules.never.intersection(range(span.address, span.end))


def _order(span: Span) -> tuple[int, int, str, int, int]:
    return span.port or 0, span.unit, span.table, span.address, span.end


def _fits(current: list[Span], span: Span, known: set[tuple[int, str, int]], rules: Rules) -> bool:
    first = current[0]
    start, end = first.address, max(item.end for item in current)
    if (first.port, first.unit, first.table) != (span.port, span.unit, span.table) or max(
        end, span.end
    ) - start > rules.max_block:
        return False
    same = (span.address, span.end) == (start, end)
    if (first.alone or span.alone) and not same:
        return False
    if any(
        (span.unit, span.table, address) in rules.splits for address in range(start + 1, span.address + 1)
    ):
        return False
    hole = range(end, span.address)
    return len(hole) <= rules.max_hole and all((span.unit, span.table, address) in known for address in hole)


def _block(spans: list[Span]) -> Block:
    start, end = min(span.address for span in spans), max(span.end for span in spans)
    return Block(spans[0].unit, spans[0].table, start, end - start, tuple(spans), spans[0].port)
