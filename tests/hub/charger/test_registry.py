"""The one door: every command is answered, once."""

import asyncio
from typing import Any

import pytest

from hub.model.command import Command, CommandResult, Outcome
from tests.hub.charger.world import Broken, World


def results(world: World) -> list[Any]:
    return [message.payload for message in world.published if message.topic.endswith("/cmd_result")]


async def run(world: World, op: str = "test", **more: Any) -> CommandResult:
    return await world.registry.execute(Command("garage", op, **more))


class Counted:
    """An operation that counts its runs, and may break or wait."""

    def __init__(self, breaks: BaseException | None = None) -> None:
        self.runs, self.breaks = 0, breaks
        self.go = asyncio.Event()

    async def __call__(self, command: Command) -> CommandResult:
        self.runs += 1
        if self.breaks:
            raise self.breaks
        await self.go.wait()
        return CommandResult(Outcome.ACCEPTED, {"run": self.runs})


async def test_a_charger_or_operation_that_nobody_knows() -> None:
    world = World()
    assert (await world.registry.execute(Command("nowhere", "pause"))).code == "unknown_charger"
    assert (await run(world, "dance")).outcome is Outcome.UNSUPPORTED
    assert [result["error"]["code"] for result in results(world)] == ["unknown_charger", "unknown_op"]


@pytest.mark.parametrize(
    ("breaks", "code"),
    [(Broken("no"), "failed"), (KeyError("a bug"), "internal"), (TimeoutError(), "timeout")],
)
async def test_an_operation_that_breaks_is_answered_all_the_same(breaks: Exception, code: str) -> None:
    world = World()
    world.runtime.operations["test"] = Counted(breaks)
    result = await run(world, id="a")
    assert (result.code, results(world)[0]["error"]["code"]) == (code, code)
    assert (await run(world, id="a")).code == code


async def test_an_operation_that_takes_too_long() -> None:
    world = World()
    world.runtime.operations["test"] = Counted()
    assert (await run(world, timeout_s=0.001)).outcome is Outcome.TIMEOUT


async def test_the_same_id_is_executed_once_and_answered_each_time() -> None:
    world, operation = World(), Counted()
    world.runtime.operations["test"] = operation
    first, second = (asyncio.create_task(run(world, id="a")) for _ in range(2))
    await world.calm()
    operation.go.set()
    assert (await first).result == (await second).result == {"run": 1}
    assert (await run(world, id="a")).result == {"run": 1}
    assert len(results(world)) == 3
    world.clock.advance(601)
    assert (await run(world, id="a")).result == {"run": 2}
    assert (await run(world)).result == {"run": 3}
    assert (await run(world)).result == {"run": 4}


async def test_who_waits_for_a_cancelled_command_is_told() -> None:
    world = World()
    world.runtime.operations["test"] = Counted()
    first, second = (asyncio.create_task(run(world, id="a")) for _ in range(2))
    await world.calm()
    first.cancel()
    assert (await second).code == "cancelled"


async def test_only_so_many_results_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.charger.registry.REMEMBERED", 5)
    world, operation = World(), Counted()
    world.runtime.operations["test"] = operation
    operation.go.set()
    for number in range(20):
        await run(world, id=str(number))
    assert len(world.registry._past) <= 5
    assert (await run(world, id="19")).result == {"run": 20}


async def test_the_chargers_are_listed() -> None:
    world = World()
    world.see()
    assert world.registry.listing() == [
        {"id": "garage", "name": "Garage", "protocol": "modbus", "blueprint": "acme/one", "online": True}
    ]
    assert world.registry.states()["garage"]["1"]["status"] == "available"  # type: ignore[index]
    assert world.registry.all() == [world.runtime]
    world.registry.remove("garage")
    assert world.registry.get("garage") is None
