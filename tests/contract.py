"""Every message that the hub publishes in a test is held against the contract of its topic."""

from functools import cache

import jsonschema_rs
import orjson

from hub.bus import Bus, Message
from hub.mqtt.payload import render
from hub.mqtt.topic_table import TOPICS, Topic, find

COMPLAINTS: list[str] = []
"""Of the test that runs; conftest.py asks for them."""


def watch(bus: Bus, base: str = "evhub") -> None:
    bus.subscribe(f"{base}/#", lambda message: COMPLAINTS.extend(complaints(message, base)))


def complaints(message: Message, base: str = "evhub") -> list[str]:
    if message.properties and "origin" in message.properties:
        return []  # a client's
    if message.payload is None or message.payload == b"":
        return []  # what was retained is taken away
    topic = find(message.topic.removeprefix(f"{base}/"))
    if topic is None:
        return [f"{message.topic} stands in no contract"]
    if topic.inward:
        return [] if isinstance(message.payload, bytes) else [f"{message.topic} is the clients'"]
    found = [str(error) for error in _validator(topic.pattern).iter_errors(value(topic, message))]
    if (message.retain, message.qos) != (topic.retain, topic.qos):
        found.append(f"retain {message.retain}, QoS {message.qos}")
    return [f"{message.topic}: {words}" for words in found]


def value(topic: Topic, message: Message) -> object:
    """As a client reads it."""
    text = render(message.payload)
    if not topic.plain:
        return orjson.loads(text)
    return message.payload if isinstance(message.payload, str) else orjson.loads(text)


@cache
def _validator(pattern: str) -> "jsonschema_rs.Draft202012Validator":
    (schema,) = [entry.schema for entry in TOPICS if entry.pattern == pattern]
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
