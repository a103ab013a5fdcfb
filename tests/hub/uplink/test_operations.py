"""What the command door knows stands in the reference."""

from pathlib import Path

import pytest

from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.uplink.operations import camel, camelled, snake

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "mqtt.md"
ACTIONS = sorted({*V16.calls, *V201.calls})


@pytest.mark.parametrize("action", ACTIONS)
def test_every_operation_is_documented(action: str) -> None:
    assert f"`{snake(action)}`" in REFERENCE.read_text(encoding="utf-8")


def test_keys_are_as_on_the_wire_and_content_that_is_not_ours_stays() -> None:
    given = {"id_token": {"id_token": "A", "type": "Central"}, "evseId": 1, "data": {"snake_case": [1]}}
    assert camelled(given) == {
        "idToken": {"idToken": "A", "type": "Central"},
        "evseId": 1,
        "data": {"snake_case": [1]},
    }
    assert camelled([{"connector_id": 0}]) == [{"connectorId": 0}]


def test_names_go_both_ways() -> None:
    assert snake("RequestStartTransaction") == "request_start_transaction"
    assert camel("connector_id") == "connectorId"
    assert camel("already") == "already"
