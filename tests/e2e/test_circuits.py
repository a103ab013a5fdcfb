"""Three chargers on one circuit, with real registers, a CSMS and MQTT: the fuse holds at every moment."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from hub.control import ask
from hub.model.command import Command, CommandResult
from tests.e2e.circuits import CIRCUITS, FUSE_A, Shed, Witness
from tests.integrations.echonet_lite.peer import Peer, interface

BOARD = 0x028701


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
        await world.plug("left", "middle")
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
        await world.plug("left", "middle")
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
        await world.plug("left", "middle")
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


def led(left: str, middle: str, right: str) -> str:
    """The shed, with the phases that its members lead to."""
    members = ", ".join(
        f"{{member: {name}, phases: {phases}}}"
        for name, phases in (("left", left), ("middle", middle), ("right", right))
    )
    return f"circuits: {{shed: {{max_current: 32, members: [{members}], raise_delay: 1}}}}"


async def test_each_phase_is_shared_by_itself(tmp_path: Path) -> None:
    async with Shed(tmp_path, also=led("L1", "L2", "[L2, L3, L1]")) as world:
        assert world.hub is not None
        await world.idle()
        await world.plug("left", "middle", phases=1)
        await world.until(lambda: world.offers() == [32, 32, 0])
        await world.plug("right")
        await world.until(lambda: world.offers() == [16, 16, 16])
        await world.until(
            lambda: [told["allocated"] for told in shown(world)["phases"].values()] == [32, 32, 16]
        )
        world.chargers["right"].unplug()
        await world.until(lambda: world.offers() == [32, 32, 0])
        world.also = led("L1", "L1", "L3")
        world.write_config()
        assert str(await world.hub.reload()) == "circuits"
        await world.until(lambda: world.offers() == [16, 16, 0])


async def test_cars_that_draw_where_nobody_has_said_so_count_everywhere(tmp_path: Path) -> None:
    async with Shed(tmp_path, also=led("L1", "L2", "L3")) as world:
        assert world.hub is not None
        events: list[Any] = []
        world.hub.bus.subscribe("evhub/circuit/shed/event", lambda message: events.append(message.payload))
        await world.idle()
        await world.plug("left", "middle", phases=3)
        await world.until(lambda: world.offers() == [16, 16, 0])
        await world.until(lambda: [event["event_type"] for event in events] == ["miswired"])
        assert events[0]["chargers"] == ("left", "middle")


async def test_single_phase_cars_at_rotated_boxes_get_their_own_phase_each(tmp_path: Path) -> None:
    seen = led("[L1, L2, L3]", "[L2, L3, L1]", "[L3, L1, L2]").replace(
        "max_current", "car_phases: seen, max_current"
    )
    async with Shed(tmp_path, also=seen) as world:
        await world.idle()
        await world.plug("left", "middle", phases=1)
        await world.until(lambda: world.offers() == [16, 16, 0])
        await world.until(lambda: world.offers() == [32, 32, 0], 120)
        await world.stop_hub()
        await world.start_hub()
        await world.until(lambda: world.status("left") == world.status("middle") == "charging")
        await world.until(lambda: [each["share"] for each in shown(world)["members"]] == [32, 32, 0], 60)
        assert world.offers() == [32, 32, 0]
        world.chargers["left"].unplug()
        await world.until(lambda: world.offers() == [0, 32, 0])
        await world.plug("left", phases=3)
        await world.until(lambda: world.offers() == [16, 16, 0])


def board(power_w: float) -> dict[int, bytes]:
    """An ECHONET Lite distribution board (0287) with its main power."""
    return {
        0x80: b"\x30",
        0x82: b"\0\0R\0",
        0x88: b"\x42",
        0x8A: b"\x00\x00\x0b",
        0xC2: b"\x02",
        0xC6: round(power_w).to_bytes(4, "big"),
    }


class Panel:
    """Measures a house with the chargers in it."""

    def __init__(self, peer: Peer, world: Shed) -> None:
        self._peer, self._world, self.house_w = peer, world, 0.0

    def look(self) -> None:
        drawn = sum(outlet.power_w for c in self._world.chargers.values() for outlet in c.outlets.values())
        self._peer.objects[BOARD] = board(self.house_w + drawn)

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.05)


async def test_the_house_s_own_current_is_measured_and_left_to_it(tmp_path: Path) -> None:
    """An ECHONET Lite board on UDP measures; chargers on Modbus follow."""
    async with Peer(objects={BOARD: board(0)}) as peer:
        panel = f"{{eoj: 0x0287, host: {peer.host}, poll: 1, timeout: 0.5, retries: 1}}"
        shed = "{max_current: 32, members: [left, middle, right], raise_delay: 1, meter: panel/power}"
        also = f"""echonet_lite: {{interfaces: ['{interface()}'], discover: false}}
devices: {{panel: {{integration: echonet_lite, input: {panel}}}}}
circuits: {{shed: {shed}}}"""
        world = Shed(tmp_path, also=also)
        measuring = Panel(peer, world)
        measuring.house_w = 6_900.0
        async with world:
            work = asyncio.create_task(measuring.run())
            await world.idle()
            await world.until(lambda: shown(world)["other"] == 10.0)
            await world.plug("left")
            await world.until(lambda: world.offers() == [22, 0, 0])
            await world.plug("middle")
            await world.until(lambda: world.offers() == [11, 11, 0])
            measuring.house_w = 10_350.0
            await world.until(lambda: world.offers() == [8.5, 8.5, 0], 60)
            measuring.house_w = 0.0
            await world.until(lambda: world.offers() == [16, 16, 0], 60)
            peer.silent = True
            await world.until(lambda: sum(world.offers()) == 6, 200)
            await world.until(lambda: shown(world)["meter"] == "silent")
            work.cancel()


async def test_cars_that_do_not_all_fit_take_turns_and_their_stations_say_so(tmp_path: Path) -> None:
    also = "circuits: {shed: {max_current: 8, members: [left, middle, right], rotate: 10, raise_delay: 1}}"
    async with Shed(tmp_path, also=also) as world:
        await world.idle()
        await world.until(lambda: len(world.csms.stations) == 3)
        await world.plug("right")
        await world.until(lambda: world.offers() == [0, 0, 8])
        await world.plug("left")
        await world.until(lambda: world.status("left") == "suspended_evse")
        await world.until(
            lambda: any(
                payload.get("status") == "SuspendedEVSE"
                for payload in told(world, "left", "StatusNotification")
            )
        )
        assert world.offers() == [0, 0, 8]
        await world.until(lambda: world.offers() == [8, 0, 0], 60)
        await world.until(lambda: world.status("right") == "suspended_evse")
        assert len(world.csms.transactions) == 2
        assert not any(transaction.ended for transaction in world.csms.transactions.values())
        assert world.csms.complaints == []


async def test_an_ems_on_mqtt_reads_a_circuit_and_limits_it(tmp_path: Path) -> None:
    async with Shed(tmp_path) as world:
        assert world.hub is not None
        assert world.hub.mqtt.listener is not None
        await world.idle()
        answers: list[dict[str, Any]] = []
        limits: list[float] = []
        asked = [
            {"op": "set_limit", "message": {"current": 20, "expires_in": 60}, "id": "1", "source": "ems"},
            {"op": "set_limit", "message": {"curent": 20}, "id": "2"},
            {"op": "start", "id": "3"},
        ]
        async with aiomqtt.Client("127.0.0.1", world.hub.mqtt.listener.port) as client, asyncio.timeout(20):
            await client.subscribe("evhub/circuit/#", qos=1)
            for each in asked:
                await client.publish("evhub/circuit/shed/cmd", json.dumps(each), qos=1)
            await client.publish("evhub/circuit/nowhere/cmd", json.dumps(asked[0]), qos=1)
            async for message in client.messages:
                body = json.loads(bytes(message.payload))  # type: ignore[arg-type]
                if str(message.topic).endswith("/cmd_result"):
                    answers.append(body)
                elif str(message.topic) == "evhub/circuit/shed/state":
                    limits.append(body["limit"])
                if len(answers) == 4 and 20.0 in limits:
                    break
        found = {(answer["id"], answer["status"], (answer["error"] or {}).get("code")) for answer in answers}
        assert found == {
            ("1", "accepted", None),
            ("2", "rejected", "unknown_key"),
            ("3", "unsupported", "unknown_op"),
            ("1", "error", "unknown_charger"),
        }
