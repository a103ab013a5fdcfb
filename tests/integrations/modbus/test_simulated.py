"""The registers of a simulated charger, and what it takes and refuses on the wire."""

from pathlib import Path
from struct import pack
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.integration.loader import load_codec
from hub.simulate.ev import Car
from integrations.modbus.simulator import SimulatedCharger

BLUEPRINT = """
blueprint: {name: Small}
protocol: modbus
link: {host: 192.0.2.1, unit_id: 1}
points:
  status:     {at: 0, bits: 0-3, poll: fast}
  flag:       {at: 0, bits: 4, poll: fast}
  power:      {at: 1, unit: W}
  tenth:      {at: 2}
  watts_set:  {at: 10, access: rw}
  watts:      {at: 11}
  allow:      {at: 0, table: coil, type: bool, access: rw}
  phases_set: {at: 20, map: {0: 1, 1: 3}, access: wo, write: fc6}
  card:       {at: 30, type: string, len: 2, access: wo}
  shown:      {at: 32, access: wo}
state: {from: status, map: {0: available, 1: preparing, 2: charging}}
actions: {set_limit: {watts_set: 230 * limit}}
simulate:
  registers: {flag: 1, watts_set: 11040}
  states: {unplugged: {status: 0}, waiting: {status: 1}, charging: {status: 2}}
  enable: {point: allow, allow: true, deny: false}
  limit: watts_set / 690
  mirror: {watts_set: watts}
  shows: {tenth: power / 10}
tests: [{name: idle, image: {holding: {0: [0]}}, expect: {state: available}}]
"""


@pytest.fixture
def charger(tmp_path: Path) -> SimulatedCharger:
    (tmp_path / "small.yaml").write_text(BLUEPRINT, encoding="utf-8")
    return SimulatedCharger(load_blueprint("small", {}, (tmp_path,), load_codec))


def ask(charger: SimulatedCharger, *parts: Any, form: str) -> bytes:
    return charger._answer(1, pack(">" + form, *parts))


def words(charger: SimulatedCharger, address: int, count: int = 1) -> list[int]:
    found = charger.registers.read(1, "holding", address, count)
    assert found is not None
    return found


def test_points_that_share_a_word_leave_each_other_alone(charger: SimulatedCharger) -> None:
    assert words(charger, 0) == [0x10]
    charger.plug(Car())
    assert words(charger, 0) == [0x12]


def test_what_is_written_is_shown_elsewhere_and_limits_by_its_meaning(charger: SimulatedCharger) -> None:
    charger.plug(Car())
    assert ask(charger, 6, 10, 6900, form="BHH") == pack(">BHH", 6, 10, 6900)
    assert words(charger, 11) == [6900]
    assert charger.outlets[1].limit_a == 10
    assert words(charger, 1, 2) == [6900, 690]


def test_a_coil_permits(charger: SimulatedCharger) -> None:
    charger.plug(Car())
    ask(charger, 5, 0, 0, form="BHH")
    assert charger.outlets[1].state == "waiting"
    ask(charger, 15, 0, 1, 1, 1, form="BHHBB")
    assert charger.outlets[1].state == "charging"
    assert ask(charger, 1, 0, 1, form="BHH") == bytes([1, 1, 1])


def test_a_point_takes_the_function_that_it_names(charger: SimulatedCharger) -> None:
    assert ask(charger, 16, 20, 1, 2, 0, form="BHHBH") == bytes([0x90, 1])
    assert ask(charger, 6, 20, 0, form="BHH")[0] == 6
    charger.plug(Car())
    assert charger.outlets[1].phases_used == 1


def test_several_points_may_come_in_one_write(charger: SimulatedCharger) -> None:
    ask(charger, 16, 30, 3, 6, 0x3034, 0x4132, 7, form="BHHBHHH")
    assert charger.written == [("card", 1, "04A2"), ("shown", 1, 7)]


@pytest.mark.parametrize(
    ("parts", "form"),
    [
        ((3, 3, 1), "BHH"),
        ((3, 1, 3), "BHH"),
        ((6, 1, 5), "BHH"),
        ((16, 30, 1, 2, 1), "BHHBH"),
        ((16, 30, 4, 8, 1, 2, 3, 4), "BHHBHHHH"),
    ],
)
def test_what_is_not_declared_or_only_half_of_a_point_is_refused(
    charger: SimulatedCharger, parts: tuple[int, ...], form: str
) -> None:
    assert ask(charger, *parts, form=form) == bytes([parts[0] | 0x80, 2])
    assert charger.refused[0][0] == 2
