"""Which blueprint a stranger's registers look like."""

from functools import cache

import pytest

from hub.cli.discover_modbus import products
from integrations.modbus.frame import READ, ModbusException, Request
from integrations.modbus.marks import Look, Product, never_read, place
from integrations.modbus.simulator import SimulatedCharger


@cache
def known() -> tuple[Product, ...]:
    return tuple(products())


def looked_at(product: Product, asked: list[Product]) -> Look:
    charger, look = SimulatedCharger(product.mapping), Look()
    for mark in [mark for each in asked for mark in each.marks if mark.unit in charger._units]:
        request = Request(mark.unit, READ[mark.table], mark.address, mark.words)
        try:
            look.words[place(mark)] = request.read(mark.unit, charger._answer(mark.unit, request.pdu()))
        except ModbusException:
            look.words[place(mark)] = None
    return look


def same_wire(product: Product) -> list[Product]:
    serial = "serial" in product.mapping.link
    return [each for each in known() if ("serial" in each.mapping.link) == serial]


def test_most_chargers_are_told_from_all_others_by_few_registers() -> None:
    first, among = 0, 0
    for product in known():
        asked = same_wire(product)
        best = [each.path for _, each in looked_at(product, asked).best(asked)]
        first += best[:1] == [product.path]
        among += product.path in best[:3]
    assert first >= 0.85 * len(known())
    assert among >= 0.92 * len(known())


def test_who_refuses_everything_is_nobody() -> None:
    look = Look({place(mark): None for product in known() for mark in product.marks})
    assert look.best(known()) == []


def test_what_would_harm_one_of_them_is_never_asked_of_a_stranger() -> None:
    assert all(
        never_read([product]).isdisjoint(range(mark.address, mark.end))
        for product in known()
        for mark in product.marks
    )


@pytest.mark.parametrize("path", ["keba/p30", "alfen/eve"])
def test_a_blueprint_names_its_maker(path: str) -> None:
    product = next(each for each in known() if each.path == path)
    assert path.split("/")[0] in product.names
    assert 0 < len(product.marks) <= 8
