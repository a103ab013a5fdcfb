"""When a charger's topics are published."""

from collections import Counter
from types import MappingProxyType

from hub.bus import Bus, Message
from hub.charger.publisher import Publisher
from hub.clock import ManualClock
from hub.topics import Topics


def made() -> tuple[Bus, ManualClock, Publisher]:
    bus, clock = Bus(), ManualClock()
    return bus, clock, Publisher(bus, Topics(), "garage", clock)


def retained(bus: Bus, topic: str) -> object:
    (message,) = bus.retained(f"evhub/garage/{topic}")
    return message.payload


def test_what_is_true_of_the_charger_itself_adds_up() -> None:
    bus, _, publisher = made()
    publisher.availability(True)
    publisher.station({"csms_connected": False})
    publisher.availability(False)
    ts = "2026-01-01T00:00:00.000Z"
    assert retained(bus, "state") == {"available": False, "csms_connected": False, "ts": ts}
    assert retained(bus, "state/csms_connected") is False
    assert retained(bus, "availability") == "offline"


def test_the_firmware_is_told_with_the_info() -> None:
    bus, _, publisher = made()
    publisher.info({"firmware": ""})
    assert retained(bus, "update") == {
        "installed_version": None,
        "latest_version": None,
        "in_progress": False,
    }
    publisher.info({"firmware": "1.2"})
    assert retained(bus, "update") == {
        "installed_version": "1.2",
        "latest_version": "1.2",
        "in_progress": False,
    }


def test_an_update_that_goes_on_is_seen() -> None:
    bus, _, publisher = made()
    publisher.info({"firmware": "1.2"})
    seen = []
    for status in ("DownloadScheduled", "Downloading", "Installing", "Installed"):
        publisher.event("firmware_update", {"status": status})
        seen.append(retained(bus, "update")["in_progress"])  # type: ignore[index]
    publisher.event("firmware", {"before": "1.2", "now": "1.3"})
    assert seen == [False, True, True, False]


def test_meter_values_are_not_retained() -> None:
    bus, _, publisher = made()
    heard: list[Message] = []
    bus.subscribe("evhub/garage/meter", heard.append)
    publisher.meter({"evse": 1})
    assert [(message.payload, message.qos, message.retain) for message in heard] == [({"evse": 1}, 0, False)]


def test_a_hundred_chargers_do_not_say_everything_in_the_same_second() -> None:
    bus, clock = Bus(), ManualClock()
    publishers = [Publisher(bus, Topics(), f"charger-{number}", clock) for number in range(100)]
    seconds: Counter[int] = Counter()
    for second in range(180):
        now = clock.advance(1.0)
        seconds[second] = sum(publisher.tick(now) for publisher in publishers)
    assert sum(seconds.values()) == 300
    assert max(seconds.values()) <= 8


def test_a_refresh_that_was_late_does_not_move_the_next_one() -> None:
    _, clock, publisher = made()
    publisher.evse(1, MappingProxyType({"power": 1.0}), clock.now())
    turns = [publisher.tick(clock.advance(step)) for step in (60.0, 90.0, 60.0, 1.0, 29.0)]
    assert turns == [True, True, True, False, True]


def test_frames_are_told_in_hexadecimal_and_texts_as_they_are() -> None:
    bus, _, publisher = made()
    heard: list[Message] = []
    bus.subscribe("evhub/garage/raw/+", heard.append)
    publisher.raw("up", b"\x00\xff")
    publisher.raw("down", '[2,"1","Heartbeat",{}]')
    assert [(message.topic, message.payload["frame"]) for message in heard] == [  # type: ignore[index, call-overload]
        ("evhub/garage/raw/up", "00ff"),
        ("evhub/garage/raw/down", '[2,"1","Heartbeat",{}]'),
    ]
    assert not any(message.retain or message.qos for message in heard)


def test_of_an_evse_that_the_charger_no_longer_has_nothing_stays_retained() -> None:
    bus, clock, before = made()
    before.info({"firmware": "1.2"})
    for evse in (1, 2, 10):
        before.evse(evse, MappingProxyType({"power": 1.0}), clock.now())
    Publisher(bus, Topics(), "garage", clock).keep_evses(1)
    assert {message.topic for message in bus.retained("evhub/garage/evse/#")} == {
        "evhub/garage/evse/1/state",
        "evhub/garage/evse/1/state/power",
    }
    assert retained(bus, "info") == {"firmware": "1.2"}
