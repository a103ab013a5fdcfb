"""What blueprints say of odd chargers, and what then happens on the wire: whole devices in virtual time."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.errors import DeviceOffline, DeviceRefused
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec
from integrations.modbus.device import ModbusDevice, make_device
from tests.integrations.modbus.virtual import Bus, _sealed, in_virtual_time

HEAD = """
blueprint: {name: Odd}
protocol: modbus
state: {from: status, map: {0: available, 1: charging}}
tests: [{name: idle, image: {holding: {0: [0]}}, expect: {state: available}}]
"""


@dataclass
class Charger(Bus):
    """Unit 1 with holding registers; what isn't there is refused with exception 2."""

    words: dict[int, int] = field(default_factory=dict)
    deaf_to: set[int] = field(default_factory=set)
    """Addresses whose writes are done and not answered."""
    writes: list[tuple[float, int, int, list[int]]] = field(default_factory=list)
    """(time, function, address, words)"""

    def _answer(self, message: bytes) -> bytes:
        function, address = message[1], int.from_bytes(message[2:4])
        count = 1 if function == 6 else int.from_bytes(message[4:6])
        if not all(address + offset in self.words for offset in range(count)):
            return _sealed(bytes([1, function | 0x80, 2]))
        if function in (6, 16):
            data = message[4:6] if function == 6 else message[7:-2]
            given = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
            self.writes.append((asyncio.get_running_loop().time(), function, address, given))
            self.words.update({address + offset: word for offset, word in enumerate(given)})
            return b"" if address in self.deaf_to else _sealed(message[:6])
        told = b"".join(self.words[address + offset].to_bytes(2) for offset in range(count))
        return _sealed(bytes([1, function, len(told)]) + told)

    @property
    def reads(self) -> list[tuple[int, int]]:
        return [(int.from_bytes(m[2:4]), int.from_bytes(m[4:6])) for _, m in self.requests if m[1] == 3]


class Sink:
    def __init__(self) -> None:
        self.told: list[Reading] = []
        self.lost: list[str] = []

    @property
    def last(self) -> Reading | None:
        return self.told[-1] if self.told else None

    def reading(self, reading: Reading) -> None:
        self.told.append(reading)

    def offline(self, reason: str) -> None:
        self.lost.append(reason)


@contextlib.asynccontextmanager
async def running(charger: Charger, folder: Path, text: str) -> AsyncIterator[tuple[ModbusDevice, Sink]]:
    (folder / "odd.yaml").write_text(HEAD + text, encoding="utf-8")
    mapping = load_blueprint("odd", {}, (folder,), load_codec)
    device = make_device(DeviceSetup("garage", mapping, {}, SystemClock()))
    assert isinstance(device, ModbusDevice)
    sink = Sink()
    with charger.in_place_of_wires():
        task = asyncio.create_task(device.run(sink))
        await asyncio.sleep(3)
        try:
            yield device, sink
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def charger(**words: int) -> Charger:
    return Charger({1: 0.02}, words={int(name[1:]): word for name, word in words.items()})


def test_requests_keep_the_distance_that_the_charger_needs(tmp_path: Path) -> None:
    odd = charger(r0=0, r9=1)
    text = """
link: {serial: /dev/virtual, min_period: 400ms, max_hole: 0}
poll: {fast: 1s}
points: {status: {at: 0, poll: fast}, other: {at: 9, poll: fast}}
"""

    async def work() -> None:
        async with running(odd, tmp_path, text):
            await asyncio.sleep(10)

    in_virtual_time(work())
    times = [at for at, _ in odd.requests]
    assert len(times) > 20
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.4


def test_one_value_at_a_time(tmp_path: Path) -> None:
    odd = charger(r0=0, r1=1, r2=2, r3=3)
    text = """
link: {serial: /dev/virtual, one_value: true}
points: {status: {at: 0}, power: {at: 1, type: u32}, pair: {at: 3}}
"""

    async def work() -> None:
        async with running(odd, tmp_path, text):
            pass

    in_virtual_time(work())
    assert set(odd.reads) == {(0, 1), (1, 2), (3, 1)}


ACTIONS = """
link: {serial: /dev/virtual, timeout: 300ms}
poll: {fast: 1s, slow: 1min}
points:
  status:  {at: 0, poll: fast}
  forced:  {at: 1, access: rw, write: fc16}
  flags:   {at: 2, access: rw, poll: slow}
  kept:    {at: 3, access: rw, stored: true, poll: slow}
  trigger: {at: 4, access: wo}
  high:    {at: 5, access: wo}
  low:     {at: 6, access: wo}
limits: {min: 6, max: 32}
actions:
  on_connect: {trigger: 1}
  on_release: {trigger: 2}
  set_limit:  {forced: limit}
  start:      {flags: flags | 4}
  pause:      {kept: 0}
  reset:      {trigger: 3}
  wake:       [{trigger: 9}, {wait: 2s}, {until: status == 1, within: 10s}, {trigger: 8}]
  unlock:     {together: {high: 1, low: 2}}
"""


def acted(odd: Charger, folder: Path, work: Any) -> Any:
    async def whole() -> Any:
        async with running(odd, folder, ACTIONS) as (device, sink):
            return await work(device, sink)

    return in_virtual_time(whole())


def full(**more: int) -> Charger:
    return charger(**{f"r{number}": 0 for number in range(7)} | more)


def test_a_write_function_is_forced_and_the_first_and_last_word_are_the_blueprints(tmp_path: Path) -> None:
    odd = full()

    async def work(device: ModbusDevice, _: Sink) -> None:
        await device.execute("set_limit", 1, {"limit": 10})

    acted(odd, tmp_path, work)
    assert [write[1:] for write in odd.writes] == [(6, 4, [1]), (16, 1, [10]), (6, 4, [2])]


KEPT = """
link: {serial: /dev/virtual, timeout: 300ms}
poll: {slow: 1min}
points:
  status: {at: 0, poll: slow}
  held:   {at: 1, access: rw, poll: slow}
limits: {min: 6, max: 32}
actions: {set_limit: {held: limit}, pause: {held: 0}}
keep_alive: {every: 200ms, do: {held: held}}
"""


def test_what_is_repeated_to_keep_a_charger_alive_is_the_newest_set_point(tmp_path: Path) -> None:
    odd = charger(r0=0, r1=16)

    async def work() -> None:
        async with running(odd, tmp_path, KEPT) as (device, _):
            for action, limit in (("pause", 0), ("set_limit", 10)):
                await device.execute(action, 1, {"limit": limit})
                await asyncio.sleep(3)

    in_virtual_time(work())
    told = [given for _, _, _, (given,) in odd.writes]
    assert list(dict.fromkeys(told)) == [16, 0, 10]
    assert told == sorted(told, key=[16, 0, 10].index)


FIRST = """
link: {serial: /dev/virtual, timeout: 300ms}
poll: {fast: 1s, slow: 1min}
points:
  status: {at: 0, poll: fast}
  config: {at: 1, access: rw, poll: fast}
actions:
  on_connect: [{config: config | 128}, {wait: 1s}, {until: config > 127, within: 5s}]
"""


def test_nobody_is_told_of_a_charger_before_it_has_what_it_wants_first(tmp_path: Path) -> None:
    odd = charger(r0=0, r1=1)

    async def work() -> None:
        async with running(odd, tmp_path, FIRST) as (_, sink):
            assert sink.last is not None
            assert sink.told[0].evses[1].values["config"] == 129

    in_virtual_time(work())
    assert [write[2:] for write in odd.writes] == [(1, [129])]


def test_single_bits_are_changed_in_what_the_register_holds_now(tmp_path: Path) -> None:
    odd = full(r2=0x10)

    async def work(device: ModbusDevice, _: Sink) -> None:
        odd.words[2] = 0x31  # Since the last poll the charger has changed it.
        await device.execute("start", 1, {"limit": 10})

    acted(odd, tmp_path, work)
    assert odd.words[2] == 0x35


def test_what_wears_out_is_written_only_when_it_changes_and_seldom(tmp_path: Path) -> None:
    odd = full(r3=1)

    async def work(device: ModbusDevice, _: Sink) -> None:
        await device.execute("pause", 1, {})
        await device.execute("pause", 1, {})
        odd.words[3] = 1
        with pytest.raises(DeviceRefused, match="stored"):
            await device.execute("pause", 1, {})
        await asyncio.sleep(61)
        await device.execute("pause", 1, {})

    acted(odd, tmp_path, work)
    assert len([write for write in odd.writes if write[2] == 3]) == 2


def test_steps_wait_for_time_and_for_a_condition(tmp_path: Path) -> None:
    odd = full()

    async def work(device: ModbusDevice, _: Sink) -> None:
        asyncio.get_running_loop().call_later(5, odd.words.update, {0: 1})
        await device.execute("wake", 1, {})
        odd.words[0] = 0
        with pytest.raises(DeviceRefused, match="did not follow"):
            await device.execute("wake", 1, {})

    acted(odd, tmp_path, work)
    first, second = [at for at, _, _, words in odd.writes if words in ([9], [8])][:2]
    assert 5 <= second - first < 7
    assert [words for _, _, _, words in odd.writes][-2:] == [[9], [2]]


def test_points_that_belong_together_are_one_request(tmp_path: Path) -> None:
    odd = full()

    async def work(device: ModbusDevice, _: Sink) -> None:
        await device.execute("unlock", 1, {})

    acted(odd, tmp_path, work)
    assert (16, 5, [1, 2]) in [write[1:] for write in odd.writes]


def test_a_write_whose_reply_is_lost_is_looked_after_and_a_trigger_is_not_repeated(tmp_path: Path) -> None:
    odd = full()

    async def work(device: ModbusDevice, _: Sink) -> None:
        odd.deaf_to = {1, 4}
        await device.execute("set_limit", 1, {"limit": 12})
        with pytest.raises(DeviceOffline):
            await device.execute("reset", 1, {})
        odd.deaf_to = set()

    acted(odd, tmp_path, work)
    assert [write[1:] for write in odd.writes].count((16, 1, [12])) == 1
    assert [write[1:] for write in odd.writes].count((6, 4, [3])) == 1


def slept(folder: Path, text: str) -> tuple[Sink, bool]:
    odd = charger(r0=0)

    async def work() -> tuple[Sink, bool]:
        async with running(odd, folder, text) as (_, sink):
            odd.units[1] = None
            await asyncio.sleep(120)
            assert sink.last is not None
            return sink, bool(sink.last.evses[1].stale)

    return in_virtual_time(work())


def test_silence_may_be_normal(tmp_path: Path) -> None:
    points = "points: {status: {at: 0}}"
    sink, stale = slept(tmp_path, f"link: {{serial: /dev/virtual, sleeps: status == 0}}\n{points}")
    assert (sink.lost, stale) == ([], True)
    sink, _ = slept(tmp_path, f"link: {{serial: /dev/virtual}}\n{points}")
    assert len(sink.lost) == 1


def test_a_hole_among_eight_points_is_found_once_and_two_blocks_remain(tmp_path: Path) -> None:
    odd = charger(**{f"r{number}": number for number in range(8) if number != 5})
    points = ", ".join(f"p{number}: {{at: {number}}}" for number in range(1, 8))
    text = f"link: {{serial: /dev/virtual}}\npoll: {{normal: 5s}}\npoints: {{status: {{at: 0}}, {points}}}"

    async def work() -> Coroutine[Any, Any, None] | None:
        async with running(odd, tmp_path, text) as (_, sink):
            await asyncio.sleep(15)
            assert sink.last is not None
            assert sink.last.evses[1].values["p7"] == 7
        return None

    in_virtual_time(work())
    assert odd.reads[:7] == [(0, 8), (0, 4), (4, 4), (4, 2), (4, 1), (5, 1), (6, 2)]
    assert odd.reads[7:9] == [(0, 5), (6, 2)]
