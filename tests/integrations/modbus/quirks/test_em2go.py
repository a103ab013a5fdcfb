"""EM2GO's firmware is told apart by what it makes of 6.1 A."""

from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.errors import DeviceOffline, DeviceRefused
from hub.integration.loader import load_codec
from hub.shipped import shipped
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.jobs import Manner
from integrations.modbus.quirks.em2go import Em2goProbe
from integrations.modbus.registers import Registers

LIMIT = 91


class Box:
    """A `Link` with one register; `keeps`: what it makes of a written value."""

    def __init__(self, keeps: Any) -> None:
        self.limit = 160
        self.written: list[int] = []
        self.silent = 0
        self._keeps = keeps

    async def ask(
        self, request: Request, priority: int, *, tries: int = 1, manner: Manner, newest: bool = False
    ) -> list[int]:
        assert request.address == LIMIT
        if not request.words:
            return [self.limit]
        self.written.append(request.words[0])
        self.limit = self._keeps(request.words[0])
        if self.silent:
            self.silent -= 1
            raise DeviceOffline("no answer")
        return []


def probe(box: Box) -> tuple[Em2goProbe, list[Any]]:
    mapping = load_blueprint("em2go/pro_power", {"host": "192.0.2.1"}, (shipped("blueprints"),), load_codec)
    registers = Registers("garage", mapping, Manner())
    registers.links[None] = box
    given: list[Any] = []
    return Em2goProbe(mapping, registers, lambda evse, name, value: given.append((evse, name, value))), given


@pytest.mark.parametrize(("keeps", "fine"), [(lambda raw: raw, True), (lambda raw: raw // 10 * 10, False)])
async def test_the_tenth_stays_or_goes_and_the_limit_is_put_back(keeps: Any, fine: bool) -> None:
    box = Box(keeps)
    quirk, given = probe(box)
    await quirk.came()
    assert given == [(1, "fine_steps", fine)]
    assert box.written == [61, 160]
    assert box.limit == 160


async def test_a_lost_answer_is_no_lost_write() -> None:
    box = Box(lambda raw: raw)
    box.silent = 1
    quirk, given = probe(box)
    await quirk.came()
    assert given == [(1, "fine_steps", True)]


async def test_what_is_neither_says_nothing() -> None:
    box = Box(lambda raw: 320)
    quirk, given = probe(box)
    with pytest.raises(DeviceRefused, match=r"current_limit is 32\.0 after 6\.1 was written"):
        await quirk.came()
    assert given == []
    assert box.written == [61, 160]


async def test_a_refusal_is_told() -> None:
    def refuses(raw: int) -> int:
        raise ModbusException(2)

    quirk, given = probe(Box(refuses))
    with pytest.raises(DeviceRefused, match="illegal data address"):
        await quirk.came()
    assert given == []
