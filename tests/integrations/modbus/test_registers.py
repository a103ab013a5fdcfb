"""What a device refused: split, left out, and asked for again after growing times."""

import asyncio
import functools
import tempfile
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.integration.loader import load_codec
from integrations.modbus.frame import ModbusException, Request
from integrations.modbus.links import POLL, Link, Manner
from integrations.modbus.registers import FIRST_RETRY_S, RETRY_ABSENT_S, Registers

BLUEPRINT = """
blueprint: {name: T, domain: charger, vendor: A, model: T}
protocol: modbus
link: {host: h}
points:
  here: {at: 100, poll: fast}
  there: {at: 101, poll: fast}
state: {else: available}
tests: [{name: t, expect: {state: available}}]
"""


class Device:
    """Has what `words` has; refuses a request that asks for anything else."""

    def __init__(self) -> None:
        self.words = {100: 1}
        self.code = 2
        self.asked: list[tuple[int, int]] = []

    async def ask(self, request: Request, priority: int, **_: Any) -> list[int]:
        self.asked.append((request.address, request.count))
        wanted = range(request.address, request.address + request.count)
        if any(address not in self.words for address in wanted):
            raise ModbusException(self.code)
        return [self.words[address] for address in wanted]


@pytest.fixture
def mapping(tmp_path: Path) -> BlueprintMapping:
    (tmp_path / "t.yaml").write_text(BLUEPRINT, encoding="utf-8")
    return load_blueprint("t", {}, (tmp_path,), load_codec)


def reader(mapping: BlueprintMapping, device: Device) -> Registers:
    registers = Registers("garage", mapping, Manner())
    registers.links[None] = cast(Link, device)
    return registers


@pytest.mark.parametrize("code", [1, 2])
async def test_what_a_booting_charger_refuses_is_asked_for_again_and_again(
    mapping: BlueprintMapping, code: int
) -> None:
    device = Device()
    device.code = code
    registers = reader(mapping, device)
    retried, now = [], 0.0
    while now <= 8 * FIRST_RETRY_S:
        await registers.read_groups(("fast",), POLL, now)
        if (101, 1) in device.asked or (100, 2) in device.asked:
            retried.append(now)
        device.asked.clear()
        now += 1.0
    assert retried == [0.0, FIRST_RETRY_S, 3 * FIRST_RETRY_S, 7 * FIRST_RETRY_S]
    device.words[101] = 7
    await registers.read_groups(("fast",), POLL, 15 * FIRST_RETRY_S + 1)
    assert (registers.raw["here", 1], registers.raw["there", 1]) == (1, 7)


async def test_what_a_device_never_has_is_asked_for_once_a_day_in_the_end(mapping: BlueprintMapping) -> None:
    device = Device()
    registers = reader(mapping, device)
    now, rounds = 0.0, 0
    while now < 30 * RETRY_ABSENT_S:
        await registers.read_groups(("fast",), POLL, now)
        rounds += (100, 2) in device.asked
        device.asked.clear()
        now += 3600.0
    assert rounds <= 30 + 14


async def test_a_device_that_was_away_is_asked_anew(mapping: BlueprintMapping) -> None:
    device = Device()
    registers = reader(mapping, device)
    for now in (0.0, FIRST_RETRY_S, 3 * FIRST_RETRY_S):
        await registers.read_groups(("fast",), POLL, now)
    registers.forget()
    device.asked.clear()
    await registers.read_groups(("fast",), POLL, 4 * FIRST_RETRY_S)
    assert (100, 2) in device.asked


LAYERS = """
blueprint: {name: T, domain: charger, vendor: A, model: T}
protocol: modbus
link: {host: h}
poll: {fast: 1s, normal: 10s}
points:
  state: {at: 100, poll: fast}
  limit: {at: 101, poll: fast}
  meter: {at: 102, poll: normal}
state: {else: available}
tests: [{name: t, expect: {state: available}}]
"""


@given(st.lists(st.tuples(st.sampled_from(["fast", "both", "point"]), st.integers(0, 2)), max_size=12))
def test_what_was_read_last_counts_whichever_request_brought_it(turns: list[tuple[str, int]]) -> None:
    """Requests of several poll groups overlap, and so do those for one point."""
    mapping = layers()

    async def played() -> None:
        device = Device()
        device.words = {100: 0, 101: 0, 102: 0}
        registers = reader(mapping, device)
        await registers.read_groups(("fast", "normal"), POLL, 0.0)
        for what, value in turns:
            device.words[100] = value
            if what == "point":
                await registers.read_points(("state",), 1, POLL, 0.0)
            else:
                await registers.read_groups(("fast", "normal") if what == "both" else ("fast",), POLL, 0.0)
            assert registers.raw["state", 1] == value

    asyncio.run(played())


@functools.cache
def layers() -> BlueprintMapping:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "t.yaml").write_text(LAYERS, encoding="utf-8")
        return load_blueprint("t", {}, (Path(folder),), load_codec)
