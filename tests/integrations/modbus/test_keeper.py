"""What keeps a device alive while an action is carried out, and what must wait."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.integration.loader import load_codec
from integrations.modbus.keeper import Keeper
from tests.blueprints.warped import warped

BLUEPRINT = """
blueprint: {name: Small}
protocol: modbus
link: {host: 192.0.2.1}
points:
  status: {at: 0}
  limit_set: {at: 1, access: rw}
  heartbeat: {at: 2, access: wo}
state: {from: status, map: {0: available}}
actions: {set_limit: {limit_set: limit}}
keep_alive: {every: 5s, do: [{heartbeat: 7}, {limit_set: limit_set}]}
tests: [{name: idle, image: {holding: {0: [0]}}, expect: {state: available}}]
"""


class Notes:
    """A writer that notes what it is told."""

    def __init__(self, mapping: BlueprintMapping) -> None:
        self._mapping, self.written = mapping, list[list[str]]()

    async def carry_out(self, plans: Any, *_: Any, **__: Any) -> list[Any]:
        self.written.append([plan.point.name for plan in plans])
        return []


@pytest.fixture
def mapping(tmp_path: Path) -> BlueprintMapping:
    (tmp_path / "small.yaml").write_text(BLUEPRINT, encoding="utf-8")
    return load_blueprint("small", {}, (tmp_path,), load_codec)


async def kept(mapping: BlueprintMapping, env: dict[str, Any], *, acting: bool) -> list[list[str]]:
    """What ten seconds bring."""
    notes: Any = Notes(mapping)
    unused: Any = None
    keeper = Keeper("garage", mapping, unused, notes, lambda _: env, lambda _: acting)
    keeper.online = True
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(10.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    written: list[list[str]] = notes.written
    return written


def test_it_beats_and_repeats_the_set_point(mapping: BlueprintMapping) -> None:
    assert warped(kept(mapping, {"limit_set": 16}, acting=False)) == [["heartbeat", "limit_set"]] * 2


def test_while_an_action_is_carried_out_the_heart_beats_on(mapping: BlueprintMapping) -> None:
    assert warped(kept(mapping, {"limit_set": 16}, acting=True)) == [["heartbeat"]] * 2


def test_a_set_point_that_is_not_known_yet_is_not_repeated(mapping: BlueprintMapping) -> None:
    assert warped(kept(mapping, {}, acting=False)) == [["heartbeat"]] * 2


READING = BLUEPRINT.replace("do: [{heartbeat: 7}, {limit_set: limit_set}]", "read: status")


class Polled:
    """Registers whose status is polled every so many seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s, self.read = every_s, list[float]()
        self._began = asyncio.get_running_loop().time()

    def _since(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def read_at(self, name: str, evse: int) -> float:
        assert (name, evse) == ("status", 1)
        return self._began + self._since() // self._every_s * self._every_s

    async def read_points(self, names: tuple[str, ...], *_: Any) -> None:
        assert names == ("status",)
        self.read.append(round(self._since()))


@pytest.mark.parametrize(("every_s", "read"), [(1.0, []), (12.0, [5, 10, 17, 22])])
def test_what_is_polled_often_enough_is_not_read_to_keep_it_alive(
    tmp_path: Path, every_s: float, read: list[float]
) -> None:
    (tmp_path / "small.yaml").write_text(READING, encoding="utf-8")
    mapping = load_blueprint("small", {}, (tmp_path,), load_codec)

    async def kept_for_a_while() -> list[float]:
        polled, unused = Polled(every_s), cast(Any, None)
        keeper = Keeper("garage", mapping, cast(Any, polled), unused, lambda _: {}, lambda _: False)
        keeper.online = True
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(23.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return polled.read

    assert warped(kept_for_a_while()) == read
