"""bridge/*: what the hub says of itself."""

import asyncio
import logging
from collections.abc import Mapping

from hub.bus import Bus, Message
from hub.clock import ManualClock
from hub.errors import HubError
from hub.mqtt.bridge import About, Bridge, BusLog
from hub.topics import Topics


def bridge(bus: Bus, clock: ManualClock) -> Bridge:
    async def reload(body: Mapping[str, object]) -> Mapping[str, object]:
        if body.get("bad"):
            raise HubError("evhub.yaml:3:1: no")
        return {"changed": ["garage"]}

    about = About(
        clock.now(),
        "en",
        "Depot",
        "Asia/Tokyo",
        "embedded",
        ("modbus",),
        lambda: "abc",
        lambda: [
            {"id": "garage", "name": "Garage", "protocol": "modbus", "blueprint": "keba/p30", "online": True}
        ],
        lambda: {"clients": 1},
    )
    return Bridge(bus, Topics(), clock, about, {"reload": reload})


def kept(bus: Bus, topic: str) -> object:
    return next(message.payload for message in bus.retained(topic))


async def test_the_hub_says_what_it_is_and_goodbye() -> None:
    bus, clock = Bus(), ManualClock()
    subject = bridge(bus, clock)
    subject.start()
    assert kept(bus, "evhub/bridge/state") == "online"
    assert kept(bus, "evhub/bridge/info")["features"] == ("modbus",)  # type: ignore[index]
    assert kept(bus, "evhub/bridge/info")["timezone"] == "Asia/Tokyo"  # type: ignore[index]
    assert kept(bus, "evhub/bridge/info")["name"] == "Depot"  # type: ignore[index]
    assert kept(bus, "evhub/bridge/chargers")[0]["id"] == "garage"  # type: ignore[index]
    await subject.close()
    assert kept(bus, "evhub/bridge/state") == "offline"


async def test_health_is_told_at_once() -> None:
    bus, clock = Bus(), ManualClock()
    subject = bridge(bus, clock)
    task = asyncio.create_task(subject.run())
    await asyncio.sleep(0)
    clock.advance(5)
    health = kept(bus, "evhub/bridge/health")
    assert health["chargers_online"] == 1  # type: ignore[index]
    clock.jump(-3600)
    assert subject.health()["uptime_s"] == 5
    task.cancel()


async def test_requests_are_answered() -> None:
    bus, clock = Bus(), ManualClock()
    subject = bridge(bus, clock)
    subject.start()
    heard: list[Message] = []
    bus.subscribe("evhub/bridge/response/#", heard.append)
    bus.publish("evhub/bridge/request/reload", b'{"id":"1"}')
    bus.publish("evhub/bridge/request/reload", b'{"id":"2","bad":true}')
    bus.publish("evhub/bridge/request/health_check", b"")
    bus.publish("evhub/bridge/request/backup/now", b"{")
    bus.publish("evhub/bridge/request/reload", b"[]", properties={"retained": True})
    while len(heard) < 5:
        await asyncio.sleep(0)
    answers = {
        (message.topic.rpartition("response/")[2], message.payload["id"]): message.payload
        for message in heard
    }  # type: ignore[index,call-overload]
    assert answers["reload", "1"] == {"id": "1", "status": "ok", "data": {"changed": ("garage",)}}
    assert answers["reload", "2"]["error"] == {"code": "failed", "message": "evhub.yaml:3:1: no"}  # type: ignore[index,call-overload]
    assert answers["health_check", None]["status"] == "ok"  # type: ignore[index,call-overload]
    assert answers["backup/now", None]["error"]["code"] == "unsupported"  # type: ignore[index,call-overload]
    assert answers["reload", None]["error"]["code"] == "retained_command"  # type: ignore[index,call-overload]
    await subject.close()


async def test_a_charger_that_comes_or_goes_is_listed_anew_and_events_are_told() -> None:
    bus, clock = Bus(), ManualClock()
    subject = bridge(bus, clock)
    subject.start()
    heard: list[str] = []
    bus.subscribe("evhub/bridge/+", lambda message: heard.append(message.topic))
    heard.clear()
    bus.publish("evhub/garage/availability", "offline", retain=True)
    subject.event("reloaded", {"changed": 1})
    assert heard == ["evhub/bridge/chargers", "evhub/bridge/event"]
    await subject.close()


def test_warnings_are_told_but_not_without_end() -> None:
    bus, clock = Bus(), ManualClock()
    heard: list[Message] = []

    def receive(message: Message) -> None:
        heard.append(message)
        logger.warning("a subscriber that complains")

    bus.subscribe("evhub/bridge/logging", receive)
    logger = logging.getLogger("test-bus-log")
    handler = BusLog(bus, Topics(), clock, most=4)
    logger.addHandler(handler)
    logger.propagate = False
    logger.info("not this")
    for _ in range(9):
        logger.warning("charger %s is gone", "garage", extra={"charger": "garage"})
    assert heard[0].payload["charger"] == "garage"  # type: ignore[index,call-overload]
    assert heard[0].payload["message"] == "charger garage is gone"  # type: ignore[index,call-overload]
    assert len(heard) == 2
    clock.advance(61)
    logger.error("again")
    assert len(heard) == 3
    logger.removeHandler(handler)
