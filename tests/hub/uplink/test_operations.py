"""The command door's words and the wire's."""

from hub.uplink.operations import camel, camelled, snake


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
