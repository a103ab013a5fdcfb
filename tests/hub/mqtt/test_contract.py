"""The topics' contract: what a machine makes of it, and that it holds what it says."""

from pathlib import Path

import jsonschema_rs
import orjson
import pytest

from hub.bus import Message
from hub.mqtt.access import COMMANDS
from hub.mqtt.contract import BRIDGE_EVENTS, EVENTS
from hub.mqtt.topic_table import TOPICS, asyncapi, find
from hub.topics import matches
from tests.contract import complaints

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "asyncapi.json"


def test_the_document_in_the_reference_is_the_one_that_the_table_makes() -> None:
    """If not: `evhub topics --asyncapi > docs/reference/asyncapi.json`."""
    assert orjson.loads(DOCUMENT.read_bytes()) == orjson.loads(orjson.dumps(asyncapi(), default=dict))


def test_every_topic_has_a_channel_and_an_operation_of_its_own() -> None:
    document = asyncapi("site/evhub")
    assert len(document["channels"]) == len(document["operations"]) == len(TOPICS)
    state = document["channels"]["charger_evse_state"]
    assert state["address"] == "site/evhub/{charger}/evse/{evse}/state"
    assert set(state["parameters"]) == {"charger", "evse"}
    assert document["operations"]["charger_cmd"]["action"] == "receive"


def test_every_event_stands_in_the_reference() -> None:
    reference = DOCUMENT.with_name("mqtt.md").read_text(encoding="utf-8")
    assert [event for event in (*EVENTS, *BRIDGE_EVENTS) if f"`{event}`" not in reference] == []


def test_every_schema_is_one() -> None:
    for entry in TOPICS:
        jsonschema_rs.Draft202012Validator(dict(entry.schema))


def test_what_clients_write_is_what_the_hub_listens_to() -> None:
    inward = [entry.pattern for entry in TOPICS if entry.inward]
    examples = [pattern.replace("{", "").replace("}", "") for pattern in inward]
    patterns = [pattern.format(base="evhub") for pattern in COMMANDS]
    for example in examples:
        assert any(matches(pattern, f"evhub/{example}") for pattern in patterns), example
    for pattern in patterns:
        assert any(matches(pattern, f"evhub/{example}") for example in examples), pattern


@pytest.mark.parametrize(
    ("topic", "pattern"),
    [
        ("garage/evse/2/state/power", "{charger}/evse/{evse}/state/{key}"),
        ("bridge/request/charger/add", "bridge/request/{op}"),
        ("bridge/state", "bridge/state"),
        ("garage/raw/up", "{charger}/raw/{direction}"),
    ],
)
def test_a_topic_is_found(topic: str, pattern: str) -> None:
    entry = find(topic)
    assert entry is not None
    assert entry.pattern == pattern


@pytest.mark.parametrize(
    "topic", ["garage", "garage/evse/1", "garage/evse/1/state/power/l1", "garage/wishes"]
)
def test_a_topic_of_no_contract_is_not_found(topic: str) -> None:
    assert find(topic) is None


@pytest.mark.parametrize(
    "message",
    [
        Message("evhub/garage/availability", "gone", retain=True),
        Message("evhub/garage/availability", "online"),
        Message("evhub/garage/event", {"event_type": "exploded", "ts": "2026-01-01T00:00:00.000Z"}),
        Message("evhub/garage/event", {"event_type": "plugged", "ts": "yesterday"}),
        Message("evhub/garage/evse/1/state", {"power": 1}, retain=True),
        Message("evhub/garage/cmd", {"op": "x"}),
        Message("evhub/garage/wishes", {}),
    ],
)
def test_what_breaks_the_contract_is_complained_of(message: Message) -> None:
    assert complaints(message)


def test_a_clients_message_is_its_own_business() -> None:
    assert not complaints(Message("evhub/garage/wishes", b"x", properties={"origin": "ems"}))
