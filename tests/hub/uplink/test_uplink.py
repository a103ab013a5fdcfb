"""Committed before it is sent, answered before it is followed up, and nothing lost on the way."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hub.charger.limits import Outside
from hub.model.command import CommandResult, Outcome
from hub.model.moment import rfc3339
from hub.ocpp.errors import ErrorCode
from hub.ocpp.station.messages import Token
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink import commit, uplink
from tests.hub.uplink.world import CHARGING, IDLE, PLUGGED, SETUP, World

UNLOCK = {"evseId": 1, "connectorId": 1}
FREE = replace(SETUP, free=True)


async def test_nothing_is_sent_or_permitted_before_it_is_on_disk(tmp_path: Path) -> None:
    async with World(tmp_path, setup=FREE) as world:
        link = await world.boot()
        world.gate.open.clear()
        world.gate.asked.clear()
        world.runtime.told.clear()
        world.runtime.show(PLUGGED)
        await world.gate.asked.wait()
        await world.quiet()
        assert world.runtime.told == []
        assert link.frames.empty()
        world.gate.open.set()
        assert await world.serve() == "StatusNotification"
        action, payload = await world.exchange()
        assert (action, payload["eventType"]) == ("TransactionEvent", "Started")
        assert "permit" in world.runtime.kinds()


async def test_an_input_is_committed_in_one_transaction(tmp_path: Path) -> None:
    async with World(tmp_path, setup=FREE) as world:
        await world.boot()
        world.gate.writes.clear()
        world.runtime.show(PLUGGED)
        await world.serve()
        first = world.gate.writes[0]
        assert first.count("INSERT outbox") >= 1
        assert first.count("INSERT station") >= 2  # the counter, and the transaction that it leaves


async def test_while_the_store_fails_the_hub_waits_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(commit, "AGAIN_S", 0)
    async with World(tmp_path, setup=FREE) as world:
        await world.boot()
        world.gate.fails = 5
        world.runtime.show(PLUGGED)
        assert [await world.serve(), await world.serve()] == ["StatusNotification", "TransactionEvent"]
        assert world.gate.fails == 0
        assert caplog.text.count("waits until the store") == 1
        assert caplog.text.count("can be written again") == 1


async def test_the_answer_leaves_before_what_the_call_has_caused(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        world.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        assert await link.next() == [3, "1", {"status": "Accepted"}]
        assert await world.serve() == "Heartbeat"


async def test_a_token_is_asked_about_at_once(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.boot()
        said = world.uplink.tell(lambda station, now: station.token(1, Token("CARD1"), now))
        assert said == "asking"
        assert await world.serve() == "Authorize"


async def test_a_state_without_effects_wakes_nobody(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.boot()
        await world.quiet()
        wakened = world.uplink._work
        for power in (0.0, 1.0, 2.0):
            world.runtime.show({**IDLE, "power": power})
            assert not wakened.is_set()


async def test_a_call_that_was_fetched_for_a_link_that_went_is_not_lost(tmp_path: Path) -> None:
    async with World(tmp_path, setup=FREE) as world:
        await world.boot("ocpp1.6")
        world.disconnect()
        world.runtime.show(PLUGGED)
        world.runtime.show(CHARGING)
        world.runtime.show(IDLE)
        await world.quiet()
        assert len(await world.outbox()) >= 3
        # StartTransaction's answer is the first write. The second settles an event that 1.6 has no words for, while
        # the next CALL is at hand: here the link goes.
        world.gate.asked.clear()
        world.gate.open.clear()
        world.gate.pass_on = 1
        world.connect("ocpp1.6")
        assert await world.serve() == "StartTransaction"
        await world.gate.asked.wait()
        assert world.uplink._next is not None
        world.disconnect()
        link = world.connect("ocpp1.6")
        world.gate.open.set()
        assert await world.serve() == "StopTransaction"
        await world.quiet()
        assert await world.outbox() == []
        assert link.frames.empty()


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp1.6"])
async def test_a_transaction_without_csms_survives_a_restart_and_is_told_in_order(
    tmp_path: Path, version: str
) -> None:
    async with World(tmp_path, setup=FREE) as world:
        await world.boot(version)
        world.disconnect()
        world.runtime.show(PLUGGED)
        world.runtime.show(CHARGING)
        await world.quiet()
        await world.stop()
        await world.start()
        world.runtime.show(CHARGING)
        world.runtime.show(IDLE)
        await world.quiet()
        ids = [row[0] for row in await world.outbox()]
        assert ids == list(range(1, len(ids) + 1))
        link = world.connect(version)
        told = [await world.exchange()]
        while told[-1][0] != "StopTransaction" and told[-1][1].get("eventType") != "Ended":
            told.append(await world.exchange())
        events = [payload for action, payload in told if action == "TransactionEvent"]
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        assert all(event["offline"] for event in events)
        assert len({event["transactionInfo"]["transactionId"] for event in events}) == (version != "ocpp1.6")
        await world.quiet()
        assert await world.outbox() == []
        assert link.frames.empty()


async def test_a_message_in_vain_waits_is_repeated_and_buried_at_last(tmp_path: Path) -> None:
    setup = replace(
        FREE, defaults={"MessageAttempts": "2", "MessageAttemptInterval": "7", "MessageTimeout": "5"}
    )
    async with World(tmp_path, setup=setup) as world:
        link = await world.boot()
        world.runtime.show(PLUGGED)
        await world.serve()
        kind, first, *_ = await link.next()
        world.clock.advance(5.1)
        world.uplink._tick()
        await world.quiet()
        assert await world.outbox() == [(1, 1)]
        assert link.frames.empty()
        world.clock.advance(7.1)
        world.uplink._tick()
        kind, second, *_ = await link.next()
        assert kind == 2
        assert second != first
        world.uplink.received(f'[4, "{second}", "InternalError", "no", {{}}]')
        await world.quiet()
        assert await world.outbox() == []
        rows = await world.database.read("SELECT id, reason FROM dead_letters")
        assert rows == [(1, "InternalError")]


async def test_without_csms_nothing_is_owed_but_the_station_remembers(tmp_path: Path) -> None:
    async with World(tmp_path, setup=FREE, remember=False) as world:
        for _ in range(3):
            world.runtime.show(PLUGGED)
            world.runtime.show(CHARGING)
            world.runtime.show(IDLE)
        world.runtime.show(CHARGING)
        await world.quiet()
        assert await world.outbox() == []
        assert len(world.uplink.station.outbox) == 0
        kept = await world.database.read("SELECT kind FROM station")
        assert ("transaction",) in kept
        transaction = world.runtime.told[-1]
        await world.stop()
        await world.start()
        world.runtime.show(CHARGING)
        await world.quiet()
        assert any(entry[:2] == transaction[:2] for entry in world.runtime.told)


async def test_no_id_of_the_csms_passes_for_a_command(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.connect()
        now = rfc3339(world.clock.now().wall)
        await world.exchange(status="Rejected", currentTime=now, interval=60)
        assert await world.ask("ClearCache", {}, "cmd:mqtt:1") == "SecurityError"


async def test_a_command_is_answered_by_the_station_and_the_device(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.runtime.show(IDLE)
        world.runtime.acting = asyncio.get_running_loop().create_future()
        answer = world.uplink.call(V201, "UnlockConnector", UNLOCK, by="test")
        await world.quiet()
        assert ("act", 1, "unlock") in world.runtime.told
        assert not answer.done()
        world.runtime.acting.set_result(CommandResult(Outcome.ACCEPTED))
        assert await answer == ({"status": "Unlocked"}, None, "")
        refused = await world.uplink.call(V16, "GetCompositeNonsense", {}, by="test")
        assert refused[:2] == (None, ErrorCode.NOT_SUPPORTED)


async def test_a_csms_gets_the_devices_answer_and_a_later_link_does_not(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        world.runtime.acting = asyncio.get_running_loop().create_future()
        world.call("UnlockConnector", UNLOCK)
        await world.quiet()
        world.runtime.acting.set_result(CommandResult(Outcome.REJECTED))
        assert await link.next() == [3, "1", {"status": "UnlockFailed"}]
        world.runtime.acting = asyncio.get_running_loop().create_future()
        world.call("UnlockConnector", UNLOCK, "2")
        await world.quiet()
        world.disconnect()
        world.runtime.acting.set_result(CommandResult(Outcome.ACCEPTED))
        await world.quiet()
        link = world.connect()
        await world.quiet()
        assert all(frame[0] == 2 for frame in link.frames._queue)  # type: ignore[attr-defined]


async def test_who_gives_up_waiting_and_who_is_left_at_the_end_are_both_settled(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.runtime.show(IDLE)
        world.runtime.acting = asyncio.get_running_loop().create_future()
        left = world.uplink.call(V201, "UnlockConnector", UNLOCK, by="test")
        left.cancel()
        waiting = world.uplink.call(V201, "UnlockConnector", UNLOCK, by="test")
        await world.quiet()
        await world.stop()
        assert (await waiting)[1] is ErrorCode.INTERNAL_ERROR
        assert world.runtime.watchers == []


async def test_what_was_decided_is_kept_when_the_hub_stops(tmp_path: Path) -> None:
    async with World(tmp_path, setup=FREE) as world:
        await world.quiet()
        world.task.cancel()
        world.runtime.show(PLUGGED)
        await world.stop()
        assert await world.outbox() == [(1, 0)]
        world.gate.fails = 1
        await world.start()
        world.runtime.show(PLUGGED)
        world.task.cancel()
        world.runtime.show(IDLE)
        await world.stop()


async def test_a_reset_is_answered_and_registers_anew_on_the_next_link(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        assert await world.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
        async with asyncio.timeout(5):
            await world.uplink.reconnect.wait()
        await world.quiet()
        assert link.frames.empty()
        world.disconnect()
        world.uplink.reconnect.clear()
        world.connect()
        action, payload = await world.exchange()
        assert (action, payload["reason"]) == ("BootNotification", "RemoteReset")


async def test_a_reset_that_ends_a_transaction_is_not_taken_for_a_word_of_the_csms(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with World(tmp_path) as world:
        await world.boot()
        world.runtime.show(CHARGING)
        await world.exchange()  # StatusNotification
        token = {"idToken": "APP1", "type": "Central"}
        started = {"idToken": token, "remoteStartId": 1, "evseId": 1}
        assert (await world.ask("RequestStartTransaction", started))["status"] == "Accepted"
        assert (await world.exchange())[0] == "TransactionEvent"
        assert await world.ask("Reset", {"type": "Immediate"}, "reset") == {"status": "Accepted"}
        while (await world.exchange())[1].get("eventType") != "Ended":
            pass
        async with asyncio.timeout(5):
            await world.uplink.reconnect.wait()
        assert "the CSMS says" not in caplog.text


async def test_a_csms_that_takes_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "SEND_S", 0.01)
    async with World(tmp_path) as world:
        link = await world.boot()
        link.stuck = True
        world.call("ClearCache", {})
        async with asyncio.timeout(5):
            await world.uplink.reconnect.wait()


async def test_frames_that_are_none_are_answered_or_passed_over(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        link = await world.boot()
        world.uplink.received("{")
        assert (await link.next())[:3] == [4, "-1", "RpcFrameworkError"]
        world.uplink.received('[3, "nobody-asked", {}]')
        assert await world.ask("NoSuchThing", {}) == "NotImplemented"
        link.open = False
        world.call("ClearCache", {}, "7")
        await world.quiet()
        world.uplink.disconnected()
        world.uplink.received("[]")
        await world.quiet()


async def test_a_profile_limits_and_time_is_kept_by_the_timer(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.boot()
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
        assert (await world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile}))[
            "status"
        ] == "Accepted"
        await world.quiet()
        assert any(entry[0] == "limit" for entry in world.runtime.told)
        world.clock.advance(301)
        world.uplink._tick()
        assert await world.serve() == "Heartbeat"


async def test_a_limit_from_elsewhere_reaches_the_csms(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.boot()
        world.runtime.limit_watchers[0](1, Outside("ems", 10.0, None))
        action, payload = await world.exchange()
        assert (action, payload["chargingLimit"]) == ("NotifyChargingLimit", {"chargingLimitSource": "EMS"})
        world.runtime.limit_watchers[0](1, None)
        assert await world.serve() == "ClearedChargingLimit"
