"""By what a charger is known: the few registers of each blueprint that tell products apart; pure.

Theory: texts come first, for one that names the maker settles it; then numbers that a blueprint knows the meaning of
(maps, valid ranges), which a stranger's registers seldom have; and a register that isn't there speaks against.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.planner import rules_of
from integrations.modbus.spans import Span, spans

MOST = 8
"""Marks of one blueprint; a look at a stranger is short."""
NAMED, READABLE, KNOWN = 6, 1, 1
MISSING, NONSENSE = -2, -2
Place = tuple[int, str, int, int]
"""(unit, table, address, words)"""


@dataclass(frozen=True, slots=True)
class Product:
    """A blueprint that a stranger may be. `path`: as a configuration names it."""

    path: str
    mapping: BlueprintMapping
    marks: tuple[Span, ...]
    names: frozenset[str] = frozenset()
    """Words by which its maker and models call themselves, in small letters."""


@dataclass(slots=True)
class Look:
    """What a stranger's registers said; None: refused."""

    words: dict[Place, list[int] | None] = field(default_factory=dict)

    def score(self, product: Product) -> int:
        return sum(
            _worth(product, mark, self.words[at])
            for mark in product.marks
            if (at := place(mark)) in self.words
        )

    def answered(self, product: Product) -> int:
        return sum(self.words.get(place(mark)) is not None for mark in product.marks)

    def best(self, products: Iterable[Product]) -> list[tuple[int, Product]]:
        """The likeliest first; none that more speaks against than for."""
        scored = [(self.score(each), each) for each in products if self.answered(each)]
        likely = [pair for pair in scored if pair[0] >= 0]
        return sorted(likely, key=lambda pair: (-pair[0], -self.answered(pair[1]), pair[1].path))

    def raw(self, product: Product) -> Mapping[tuple[str, int], object]:
        """What the blueprint makes of it, by element and EVSE."""
        found: dict[tuple[str, int], object] = {}
        for mark in product.marks:
            words = self.words.get(place(mark))
            if words is not None:
                found[mark.element, mark.evse] = mark.decode(words)
        return found


def product(path: str, mapping: BlueprintMapping, brands: Iterable[str] = ()) -> Product:
    candidates = [item for item in spans(mapping) if item.evse in (0, 1) and _tells(mapping, item)]
    never = rules_of(mapping.link).never
    allowed = [item for item in candidates if not never.intersection(range(item.address, item.end))]
    names = {mapping.identity.vendor, *mapping.identity.model.split(), *brands}
    return Product(
        path,
        mapping,
        tuple(sorted(allowed, key=_order)[:MOST]),
        frozenset(name.lower() for name in names if len(name) > 2),
    )


def place(mark: Span) -> Place:
    return mark.unit, mark.table, mark.address, mark.words


def never_read(products: Iterable[Product]) -> frozenset[int]:
    """What no stranger is asked for, because it would harm one of them."""
    return frozenset[int]().union(*(rules_of(product.mapping.link).never for product in products))


def is_text(mark: Span) -> bool:
    return mark.point.keys.get("type") == "string"


def _tells(mapping: BlueprintMapping, item: Span) -> bool:
    conversion = item.point.conversion
    return (
        is_text(item)
        or item.point.poll == "once"
        or item.point.name == mapping.state.source
        or conversion.map is not None
        or conversion.valid is not None
    )


def _order(item: Span) -> tuple[bool, bool, int]:
    return not is_text(item), item.point.poll != "once", item.address


def _worth(product: Product, mark: Span, words: list[int] | None) -> int:
    if words is None:
        return 0 if mark.point.optional else MISSING
    raw = mark.decode(words)
    if is_text(mark):
        text = str(raw)
        if not text:
            return 0
        if not text.isprintable() or "\ufffd" in text:
            return NONSENSE
        return NAMED if any(name in text.lower() for name in product.names) else READABLE
    known = _meanings(product.mapping, mark)
    if known is None:
        return 0
    return (
        KNOWN
        if (raw in known if isinstance(known, frozenset) else mark.point.conversion.value(raw) is not None)
        else NONSENSE
    )


def _meanings(mapping: BlueprintMapping, mark: Span) -> frozenset[object] | bool | None:
    """Raw values that mean something; True: the conversion says which; None: all may."""
    conversion = mark.point.conversion
    if conversion.map is not None and conversion.bits is None:
        return frozenset(conversion.map)
    if mark.point.name == mapping.state.source and mapping.state.map and conversion.map is None:
        return frozenset(mapping.state.map)
    return True if conversion.valid is not None else None
