"""From a register to the CSMS and from `cmd` to a register: real Modbus TCP, WebSocket, MQTT and SQLite."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from hub.app import Hub
from hub.config.kept import load_or_last_good
from hub.config.load import load_config
from hub.control import ask
from hub.errors import ConfigError, HubError
from hub.model.command import Command, CommandResult
from hub.simulate.ev import Car
from tests.e2e.world import World

KEBA = ("keba/p30", {}, "")
FREE = ", tokens: {free: true}"


def versions(version: str) -> str:
    return f", csms: {{versions: [{version}]}}"


async def execute(
    world: World, op: str, message: dict[str, Any] | None = None, charger: str = "garage"
) -> CommandResult:
    assert world.hub is not None
    return await world.hub.registry.execute(Command(charger, op, message or {}))


@pytest.mark.parametrize("version", ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"])
async def test_a_card_at_the_reader_becomes_a_transaction(tmp_path: Path, version: str) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, versions(version))}) as world:
        garage = world.chargers["garage"]
        await world.until(lambda: world.status("garage") == "available" and world.csms.stations)
        garage.plug(Car(needs_wh=3_000))
        await world.until(lambda: world.status("garage") == "preparing")
        garage.swipe("04a2b3c4")
        await world.until(lambda: world.status("garage") == "charging")
        await world.until(lambda: world.status("garage") == "suspended_ev")
        garage.unplug()
        await world.until(lambda: any(t.ended for t in world.csms.transactions.values()))
        (transaction,) = world.csms.transactions.values()
        assert transaction.stop_wh is not None
        assert transaction.start_wh is not None
        assert 2_900 < transaction.stop_wh - transaction.start_wh <= 3_001
        booted = next(payload for _, action, payload in world.csms.messages if action == "BootNotification")
        assert "17619300" in str(booted)  # the charger's own serial number
        assert world.csms.complaints == []
        assert ("enable", 1, 1) in garage.written


async def test_the_csms_starts_limits_and_stops(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": KEBA}) as world:
        garage = world.chargers["garage"]
        await world.until(lambda: world.status("garage") and world.csms.stations)
        garage.plug()
        token = {"idToken": "APP1", "type": "Central"}
        start = {"idToken": token, "remoteStartId": 5, "evseId": 1}
        await world.until(lambda: world.status("garage") == "preparing")
        answer = await world.csms.call("garage", "RequestStartTransaction", start)
        assert answer["status"] == "Accepted"
        await world.until(lambda: garage.outlets[1].current_a == 16)
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}],
        }
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        await world.csms.call("garage", "SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
        await world.until(lambda: garage.outlets[1].limit_a == 9)
        schedule["chargingSchedulePeriod"][0]["limit"] = 4.0  # type: ignore[index]
        await world.csms.call("garage", "SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
        await world.until(lambda: not garage.outlets[1].enabled)
        await world.until(lambda: world.status("garage") == "suspended_evse")
        await world.csms.call("garage", "ClearChargingProfile", {"chargingProfileId": 1})
        await world.until(lambda: garage.outlets[1].enabled)
        (transaction,) = world.csms.transactions.values()
        stopped = await world.csms.call("garage", "RequestStopTransaction", {"transactionId": transaction.id})
        assert stopped["status"] == "Accepted"
        await world.until(lambda: not garage.outlets[1].enabled and transaction.ended)
        unlocked = await world.csms.call("garage", "UnlockConnector", {"evseId": 1, "connectorId": 1})
        assert unlocked["status"] == "Unlocked"
        assert await world.csms.call("garage", "GetLocalListVersion", {}) == {"versionNumber": 0}
        with pytest.raises(HubError, match="NotSupported"):
            await world.csms.call("garage", "Heartbeat", {})
        assert world.csms.complaints == []


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp1.6"])
async def test_a_hub_that_is_stopped_goes_on_with_the_transaction(tmp_path: Path, version: str) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, versions(version) + FREE)}) as world:
        world.chargers["garage"].plug(Car(needs_wh=50_000))
        await world.until(lambda: world.status("garage") == "charging" and world.csms.transactions)
        await world.stop_hub()
        await world.start_hub()
        await world.until(lambda: world.status("garage") == "charging")
        assert world.chargers["garage"].outlets[1].enabled
        world.chargers["garage"].unplug()
        await world.until(lambda: any(t.ended for t in world.csms.transactions.values()))
        assert len(world.csms.transactions) == 1
        assert world.csms.complaints == []


async def test_a_session_without_the_csms_is_told_when_it_is_back(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE)}) as world:
        await world.until(lambda: world.csms.stations)
        await world.csms.close()
        world.chargers["garage"].plug(Car(needs_wh=300))
        await world.until(lambda: world.status("garage") == "suspended_ev")
        world.chargers["garage"].unplug()
        await world.until(lambda: world.status("garage") == "available")
        assert not world.csms.transactions
        await world.stop_hub()
        await world.csms.start(port=world.csms_port)
        await world.start_hub()
        await world.until(lambda: any(t.ended for t in world.csms.transactions.values()))
        assert world.csms.complaints == []
        assert all(p["offline"] for _, a, p in world.csms.messages if a == "TransactionEvent")


async def test_a_silent_charger_is_faulted_and_comes_back(tmp_path: Path) -> None:
    async with World(
        tmp_path, {"garage": ("keba/p30", {}, FREE), "other": ("abb/terra_ac", {}, FREE)}
    ) as world:
        await world.until(
            lambda: world.status("garage") == "available" and world.status("other") == "available"
        )
        world.chargers["garage"].silent = True
        await world.until(lambda: world.status("garage") == "faulted", 40)
        assert world.state("garage", "power") is None
        assert world.status("other") == "available"
        world.chargers["garage"].silent = False
        await world.until(lambda: world.status("garage") == "available", 30)


@pytest.mark.parametrize(
    ("blueprint", "inputs"),
    [
        ("alfen/eve", {"sockets": 2}),
        ("phoenix/charx", {"sockets": 2}),
        ("webasto/next", {}),
        ("abb/terra_ac", {}),
    ],
)
async def test_every_blueprint_charges_and_follows_a_limit(
    tmp_path: Path, blueprint: str, inputs: dict[str, Any]
) -> None:
    async with World(tmp_path, {"garage": (blueprint, inputs, FREE)}, csms=False) as world:
        evse = inputs.get("sockets", 1)
        garage = world.chargers["garage"]
        garage.plug(Car(needs_wh=100_000), evse)
        await world.until(lambda: world.status("garage", evse) == "charging")
        await execute(world, "set_limit", {"evse": evse, "current": 8})
        await world.until(lambda: garage.outlets[evse].limit_a == 8)
        await execute(world, "pause", {"evse": evse})
        await world.until(lambda: garage.outlets[evse].current_a == 0)
        await execute(world, "resume", {"evse": evse})
        await world.until(lambda: garage.outlets[evse].current_a > 0)
        garage.fault(True, evse)
        await world.until(lambda: world.status("garage", evse) == "faulted" or blueprint == "abb/terra_ac")
        garage.fault(False, evse)
        garage.unplug(evse)
        await world.until(lambda: world.status("garage", evse) == "available")


async def test_an_ems_commands_by_mqtt_and_reads_the_state(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE)}, csms=False) as world:
        garage = world.chargers["garage"]
        garage.plug(Car(needs_wh=100_000))
        await world.until(lambda: world.status("garage") == "charging")
        assert world.hub is not None
        assert world.hub.mqtt.listener is not None
        async with aiomqtt.Client("127.0.0.1", world.hub.mqtt.listener.port) as client:
            await client.subscribe("evhub/garage/#", qos=1)
            command = {"op": "set_limit", "message": {"current": 7}, "id": "a1"}
            for _ in range(2):
                await client.publish("evhub/garage/cmd", json.dumps(command), qos=1)
            await client.publish("evhub/garage/evse/1/set/charging", "false", qos=1)
            results: list[dict[str, Any]] = []
            states: dict[str, str] = {}
            async with asyncio.timeout(10):
                async for message in client.messages:
                    topic, payload = str(message.topic), bytes(message.payload)  # type: ignore[arg-type]
                    if topic.endswith("cmd_result"):
                        results.append(json.loads(payload))
                    elif "/evse/1/state/" in topic:
                        states[topic.rpartition("/")[2]] = payload.decode()
                    if (
                        len(results) == 3
                        and states.get("current_limit") == "7.0"
                        and states.get("status") == "suspended_evse"
                    ):
                        break
        assert [result["status"] for result in results] == ["accepted"] * 3
        assert len([w for w in garage.written if w[0] == "current_limit" and w[2] == 7]) <= 1
        assert states["voltage_l1"] == "230.0"


async def test_every_topic_of_a_charger_is_there(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE)}) as world:
        world.chargers["garage"].plug(Car(needs_wh=100_000))
        assert world.hub is not None
        assert world.hub.mqtt.listener is not None
        seen: dict[str, Any] = {}
        wanted = {"availability", "info", "state", "update", "session", "event", "meter", "cmd_result"}
        async with aiomqtt.Client("127.0.0.1", world.hub.mqtt.listener.port) as client, asyncio.timeout(20):
            await client.subscribe("evhub/garage/+", qos=1)
            await world.until(lambda: world.status("garage") == "charging" and world.csms.stations)
            await client.publish("evhub/garage/update/set", "install", qos=1)
            async for message in client.messages:
                body = bytes(message.payload)  # type: ignore[arg-type]
                seen[str(message.topic).rpartition("/")[2]] = json.loads(body) if body[:1] == b"{" else body
                if wanted <= set(seen) and seen["state"].get("csms_connected"):
                    break
        assert seen["state"]["ocpp_version"] == "2.0.1"
        assert seen["update"]["in_progress"] is False
        assert seen["meter"]["values"][0]["measurand"] == "Energy.Active.Import.Register"
        assert (seen["cmd_result"]["op"], seen["cmd_result"]["status"]) == ("update_firmware", "rejected")


async def test_frames_are_on_the_bus_for_who_wants_them(tmp_path: Path) -> None:
    chargers = {"garage": ("keba/p30", {}, ", raw: true"), "street": ("keba/p30", {}, "")}
    async with World(tmp_path, chargers, csms=False) as world:
        assert world.hub is not None
        heard: list[str] = []
        world.hub.bus.subscribe("evhub/+/raw/+", lambda message: heard.append(message.topic))
        await world.until(lambda: len(heard) >= 4)
        assert set(heard) == {"evhub/garage/raw/up", "evhub/garage/raw/down"}


async def test_a_charger_is_taken_out_of_service_by_a_switch(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": KEBA}, csms=False) as world:
        await world.until(lambda: world.status("garage") == "available")
        for operative, status in (("false", "unavailable"), ("true", "available")):
            done = await execute(world, "set", {"evse": 1, "values": {"operative": operative}})
            assert done.outcome.value == "accepted"
            await world.until(lambda status=status: world.status("garage") == status)  # type: ignore[misc]


async def test_operations_in_the_words_of_both_versions(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, ", tokens: {free: false}")}, csms=False) as world:
        world.chargers["garage"].plug(Car(needs_wh=100_000))
        await world.until(lambda: world.status("garage"))
        start = await execute(world, "remote_start_transaction", {"connector_id": 1, "id_tag": "EMS"})
        assert start.result == {"status": "Accepted"}
        await world.until(lambda: world.status("garage") == "charging")
        told = await execute(world, "get_configuration", {"key": ["HeartbeatInterval"]})
        assert told.result["configurationKey"]
        data = [{"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}]
        assert (await execute(world, "get_variables", {"get_variable_data": data})).outcome == "accepted"
        assert (await execute(world, "reset", {"type": "Gentle"})).code == "PropertyConstraintViolation"
        assert (
            await execute(world, "change_availability", {"connectorId": 1, "type": "Operative"})
        ).outcome == "accepted"
        assert (await execute(world, "data_transfer", {"vendor_id": "x"})).outcome == "rejected"
        assert (await execute(world, "limit_transaction", {"energy": "much"})).code == "bad_value"
        limited = await execute(world, "limit_transaction", {"evse": 1, "energy": 50, "time": 3600})
        assert limited.result == {"evse": 1, "energy": 50.0, "time": 3600.0}
        assert (await execute(world, "stop", {"evse": 1})).outcome == "accepted"
        await world.until(lambda: world.state("garage", "transaction_id") is None)
        assert (await execute(world, "stop")).outcome == "rejected"
        assert (await execute(world, "limit_transaction", {"time": 60})).code == "no_transaction"
        assert (await execute(world, "start")).outcome == "accepted"
        assert (await execute(world, "authorize", {"evse": 9, "id_token": "x"})).code == "bad_value"
        assert (await execute(world, "authorize", {"id_token": ""})).code == "bad_value"
        assert (await execute(world, "start", {"evse": 0})).code == "bad_value"
        assert (await execute(world, "uplink", {"enabled": True})).code == "no_csms"
        assert (await execute(world, "unlock_connector", {"connector_id": 1})).result == {
            "status": "Unlocked"
        }
        assert (await execute(world, "fly")).code == "unknown_op"
        assert (await execute(world, "refresh", charger="nobody")).code == "unknown_charger"
        assert (await execute(world, "refresh")).outcome == "accepted"
        assert (await execute(world, "set_limit", {"current": -1})).code == "bad_value"
        assert (await execute(world, "set", {"values": {"colour": 1}})).code == "bad_value"


async def test_the_uplink_can_be_taken_down_and_up(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": KEBA}) as world:
        await world.until(lambda: any(action == "StatusNotification" for _, action, _ in world.csms.messages))
        await execute(world, "uplink", {"enabled": False})
        await world.until(lambda: not world.csms.stations)
        assert (await execute(world, "uplink", {"enabled": "yes"})).code == "bad_value"
        await execute(world, "uplink", {"enabled": True})
        await world.until(lambda: world.csms.stations)
        reset = await world.csms.call("garage", "Reset", {"type": "Immediate"})
        assert reset["status"] == "Accepted"
        await world.until(lambda: [a for _, a, _ in world.csms.messages].count("BootNotification") == 2)


async def test_a_reload_applies_the_difference_and_refuses_what_is_bad(tmp_path: Path) -> None:
    chargers = {"garage": ("keba/p30", {}, FREE), "street": ("webasto/next", {}, FREE)}
    async with World(tmp_path, chargers) as world:
        world.chargers["street"].plug(Car(needs_wh=100_000))
        await world.until(lambda: world.state("street", "transaction_id") and len(world.csms.stations) == 2)
        assert world.hub is not None
        socket = tmp_path / "state" / "control.sock"
        world.write_config(without=("street",))
        with pytest.raises(HubError, match="has a transaction"):
            await ask(socket, "reload")
        world.write_config(without=("garage",), mqtt=", users: {ems: {password: secret}}")
        assert await ask(socket, "reload") == {
            "added": [],
            "removed": ["garage"],
            "changed": [],
            "blueprints": [],
            "mqtt": True,
            "circuits": False,
        }
        await world.until(lambda: world.csms.stations == ["street"])
        assert list(world.hub.bus.retained("evhub/garage/#")) == []
        world.path.write_text("chargers: {street: {use_blueprint: {path: keba/p31}}}")
        with pytest.raises(HubError, match="did you mean"):
            await ask(socket, "reload")
        world.path.write_text("chargers: {street: {use_bluprint: {path: keba/p30}}}")
        with pytest.raises(ConfigError):
            await world.hub.reload()
        world.write_config()
        changes = await world.hub.reload()
        assert changes.added == ("garage",)
        told = await ask(socket, "status")
        assert {charger["id"] for charger in told["chargers"]} == {"garage", "street"}
        done = await ask(socket, "cmd", charger="street", operation="set_limit", message={"current": 9})
        assert done["status"] == "accepted"
        with pytest.raises(HubError, match="JSON object"):
            await ask(socket, "cmd", charger="street", operation="set_limit", message=[1])
        with pytest.raises(HubError, match="expected an op"):
            await ask(socket, "fly")


async def test_a_charger_that_went_while_the_hub_was_off_leaves_no_session_open(tmp_path: Path) -> None:
    chargers = {"garage": ("keba/p30", {}, FREE), "street": ("webasto/next", {}, FREE)}
    async with World(tmp_path, chargers, csms=False) as world:
        for charger in world.chargers.values():
            charger.plug()
        await world.until(lambda: all(world.state(name, "session_start") for name in chargers))
        await world.stop_hub()
        world.write_config(without=("street",))
        world.hub = Hub(load_config(world.path), jitter_s=0.0, logs=False)
        await world.hub.start()
        told = await ask(tmp_path / "state" / "control.sock", "sessions/query")
        assert [session["charger"] for session in told["sessions"]] == ["street"]


async def test_a_bad_charger_does_not_hide_the_others(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE), "Bad Id": KEBA}) as world:
        await world.until(lambda: world.status("garage") == "available")
        assert world.hub is not None
        assert list(world.hub.config.bad_chargers) == ["Bad Id"]


async def test_a_bad_blueprint_at_the_start_is_logged_with_its_place_in_the_configuration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "evhub.yaml").write_text(
        "hub: {state_dir: state}\nmqtt: {listen: '127.0.0.1:0'}\n"
        "chargers:\n  garage:\n    use_blueprint: {path: keba/p31, input: {host: 127.0.0.1}}\n"
    )
    hub = Hub(load_config(tmp_path / "evhub.yaml"), logs=False)
    await hub.start()
    await hub.stop()
    (line,) = [line for line in caplog.messages if "p31" in line]
    assert line.startswith(f"charger garage: {tmp_path}/evhub.yaml:5:")
    assert "did you mean 'keba/p30'?" in line


async def test_a_file_that_is_broken_while_the_hub_runs_is_told_until_it_is_mended(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE)}) as world:
        await world.until(lambda: world.status("garage") == "available")
        hub = world.hub
        assert hub is not None
        good = world.path.read_text()
        for text, mistakes in ((good.replace("chargers:", "chargrs:"), 1), (good, 0)):
            world.path.write_text(text)
            with suppress(ConfigError):
                await hub.reload()
            (info,) = hub.bus.retained("evhub/bridge/info")
            told = await ask(tmp_path / "state" / "control.sock", "status")
            assert len(info.payload["config_problems"]) == mistakes  # type: ignore[index, call-overload, arg-type]
            assert len(told["config_problems"]) == mistakes


async def test_a_hub_with_a_broken_file_starts_with_the_last_good_one_and_says_so(tmp_path: Path) -> None:
    async with World(tmp_path, {"garage": ("keba/p30", {}, FREE)}) as world:
        await world.until(lambda: world.status("garage") == "available")
        await world.stop_hub()
        good = world.path.read_text()
        world.path.write_text(good.replace("chargers:", "chargrs:"))
        said: list[Any] = []
        world.hub = Hub(load_or_last_good(world.path), jitter_s=0.0, logs=False)
        world.hub.bus.subscribe("evhub/bridge/event", lambda message: said.append(message.payload))
        await world.hub.start()
        await world.until(lambda: world.status("garage") == "available")

        def problems() -> Any:
            assert world.hub is not None
            (info,) = world.hub.bus.retained("evhub/bridge/info")
            return info.payload["config_problems"]  # type: ignore[index]

        assert "did you mean 'chargers'" in problems()[0]
        told = await ask(tmp_path / "state" / "control.sock", "status")
        assert told["config_problems"] == list(problems())
        assert [event["type"] for event in said] == ["bad_config"]
        with pytest.raises(ConfigError):
            await world.hub.reload()
        world.path.write_text(good)
        assert not await world.hub.reload()
        assert not problems()
