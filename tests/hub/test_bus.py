"""The bus and its topics."""

import pytest

from hub.bus import Bus, Inbox, Message, freeze
from hub.topics import Address, Topics, matches, valid_filter


@pytest.mark.parametrize(
    ("pattern", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+/b", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("a/b/c", "a/b", False),
    ],
)
def test_wildcards_match_as_in_mqtt(pattern: str, topic: str, fits: bool) -> None:
    assert matches(pattern, topic) is fits


@pytest.mark.parametrize("pattern", ["", "a/#/b", "a+", "#a", "a\0"])
def test_bad_filters_are_refused(pattern: str) -> None:
    assert not valid_filter(pattern)
    with pytest.raises(ValueError, match="filter"):
        Bus().subscribe(pattern, lambda message: None)


def test_a_failing_subscriber_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    heard: list[Message] = []

    def fail(message: Message) -> None:
        raise ValueError

    bus.subscribe("a", fail)
    end = bus.subscribe("a", heard.append)
    bus.publish("a", 1)
    end()
    bus.publish("a", 2)
    assert [message.payload for message in heard] == [1]
    assert "subscriber failed" in caplog.text


def test_payloads_are_frozen_and_retained_ones_can_be_taken_away() -> None:
    bus = Bus()
    body = {"list": [1], "map": {"x": 1}}
    bus.publish("a", body, retain=True)
    body["list"].append(2)  # type: ignore[attr-defined]
    (message,) = bus.retained("a")
    assert message.payload == {"list": (1,), "map": {"x": 1}}
    with pytest.raises(TypeError):
        message.payload["list"] = 1  # type: ignore[index]
    assert freeze(message.payload) is message.payload
    bus.publish("a", None, retain=True)
    assert not list(bus.retained("#"))
    with pytest.raises(TypeError):
        bus.publish("a", object())
    with pytest.raises(ValueError, match="topic"):
        bus.publish("a/#", 1)


def test_a_slow_reader_loses_only_its_own_oldest_news() -> None:
    bus, wakes = Bus(), []
    inbox = Inbox(2, lambda: wakes.append(1))
    bus.subscribe("a", inbox)
    for number in range(3):
        bus.publish("a", number)
    assert [message.payload for message in inbox.drain()] == [1, 2]
    assert (inbox.dropped, len(wakes)) == (1, 3)


def test_topics_are_spelled_and_parsed_in_one_place() -> None:
    topics = Topics("ev/hub")
    assert topics.parse(topics.evse("garage", 2, "state", "power")) == Address(
        "garage", 2, ("state", "power")
    )
    assert topics.parse(topics.bridge("request", "reload")) == Address(None, None, ("request", "reload"))
    assert topics.parse(topics.charger("garage")) == Address("garage", None, ())
    assert topics.parse("other/x") is None
