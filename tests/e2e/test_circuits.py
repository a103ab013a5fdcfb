"""Three chargers on one circuit, with real registers, a CSMS and MQTT: the fuse holds at every moment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.control import ask
from hub.model.command import Command, CommandResult
from tests.e2e.circuits import CIRCUITS, FUSE_A, Shed, Witness


def told(world: Shed, station: str, action: str) -> list[Mapping[str, Any]]:
    return [payload for who, what, payload in world.csms.messages if (who, what) == (station, action)]


def shown(world: Shed, circuit: str = "shed") -> Mapping[str, Any]:
    assert world.hub is not None
    (message,) = world.hub.bus.retained(f"evhub/circuit/{circuit}/state")
    assert isinstance(message.payload, Mapping)
    return message.payload


async def command(world: Shed, owner: str, op: str, **message: object) -> CommandResult:
    assert world.hub is not None
    return await world.hub.registry.execute(Command(owner, op, message, source="ems"))


async def test_three_cars_share_a_circuit_and_never_get_more_than_it_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    async with Shed(tmp_path) as world:
        await world.idle()
        await world.plug("left")
        await world.until(lambda: world.offers() == [32, 0, 0])
        assert world.state("left", "limit_source") == "charger"
        await world.plug("middle")
        await world.until(lambda: world.offers() == [16, 16, 0])
        await world.plug("right")
        await world.until(lambda: sum(world.offers()) > 31.9 and min(world.offers()) > 10)
        assert world.state("right", "limit_source") == "circuit"
        await world.until(lambda: [s["state"] for s in shown(world)["members"]] == ["charging"] * 3)
        world.chargers["left"].unplug()
        await world.until(lambda: world.offers() == [0, 16, 16])
        world.chargers["middle"].unplug()
        await world.until(lambda: world.offers() == [0, 0, 32])
        assert witness.most_a <= FUSE_A
        assert world.csms.complaints == []


async def test_the_csms_is_told_of_the_restraint_and_of_its_end(tmp_path: Path) -> None:
    async with Shed(tmp_path) as world:
        await world.idle()
        await world.until(lambda: len(world.csms.stations) == 3)
        await world.plug("right")
        await world.until(lambda: world.offers() == [0, 0, 32])
        assert told(world, "right", "NotifyChargingLimit") == []
        await world.plug("left")
        await world.until(lambda: world.offers() == [16, 0, 16])
        await world.until(lambda: told(world, "right", "NotifyChargingLimit"))
        limit = told(world, "right", "NotifyChargingLimit")[-1]
        assert limit["chargingLimit"]["chargingLimitSource"] == "EMS"
        asked = {"duration": 60, "evseId": 1, "chargingRateUnit": "A"}
        answer = await world.csms.call("right", "GetCompositeSchedule", asked)
        assert answer["schedule"]["chargingSchedulePeriod"][0]["limit"] == 16.0
        asked = {"duration": 60, "connectorId": 1, "chargingRateUnit": "A"}
        answer = await world.csms.call("left", "GetCompositeSchedule", asked)
        assert answer["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 16.0
        world.chargers["left"].unplug()
        await world.until(lambda: told(world, "right", "ClearedChargingLimit"))
        await world.until(lambda: world.offers() == [0, 0, 32])
        assert world.csms.complaints == []


async def test_one_that_falls_silent_keeps_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    async with Shed(tmp_path) as world:
        await world.idle()
        await world.plug("left")
        await world.plug("middle")
        await world.until(lambda: world.offers() == [16, 16, 0])
        world.chargers["middle"].silent = True
        await world.until(lambda: world.status("middle") == "faulted", 60)
        await world.plug("right")
        await world.until(lambda: world.offers() == [8, 16, 8])
        await world.until(
            lambda: [s["state"] for s in shown(world)["members"]] == ["charging", "offline", "charging"]
        )
        world.chargers["middle"].silent = False
        await world.until(lambda: world.status("middle") == "charging", 90)
        await world.until(lambda: min(world.offers()) > 10, 60)
        assert witness.most_a <= FUSE_A


async def test_an_ems_lowers_the_circuit_and_a_restart_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    async with Shed(tmp_path) as world:
        await world.idle()
        await world.plug("left")
        await world.plug("middle")
        result = await command(world, "circuit/shed", "set_limit", current=20, expires_in=3600)
        assert result.result["limit"] == 20.0
        await world.until(lambda: world.offers() == [10, 10, 0])
        await world.stop_hub()
        witness.most_a = 0.0
        await world.start_hub()
        await world.until(lambda: world.status("left") == world.status("middle") == "charging")
        await world.until(lambda: shown(world)["limit_source"] == "ems")
        await world.plug("right")
        await world.until(lambda: min(world.offers()) > 6)
        assert witness.most_a <= 20
        status = await ask(tmp_path / "state" / "control.sock", "status")
        assert status["circuits"]["shed"]["limit"] == 20.0
        await command(world, "circuit/shed", "set_limit", clear=True)
        await world.until(lambda: sum(world.offers()) > 31.9)
        assert witness.most_a <= FUSE_A


async def test_a_changed_circuit_holds_after_a_reload_and_the_sessions_go_on(tmp_path: Path) -> None:
    async with Shed(tmp_path) as world:
        assert world.hub is not None
        await world.idle()
        await world.plug("left")
        await world.plug("middle")
        await world.until(lambda: world.offers() == [16, 16, 0])
        sessions = [world.state(name, "session_start") for name in ("left", "middle")]
        world.also = CIRCUITS.replace("32", "24")
        world.write_config()
        assert str(await world.hub.reload()) == "circuits"
        await world.until(lambda: world.offers() == [12, 12, 0])
        world.also = ""
        world.write_config()
        await world.hub.reload()
        await world.until(lambda: world.offers() == [32, 32, 0])
        assert not list(world.hub.bus.retained("evhub/circuit/#"))
        world.also = CIRCUITS
        world.write_config()
        await world.hub.reload()
        await world.until(lambda: world.offers() == [16, 16, 0])
        assert [world.state(name, "session_start") for name in ("left", "middle")] == sessions
