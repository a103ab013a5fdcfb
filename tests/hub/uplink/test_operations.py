"""Commands that reach the station without OCPP's words."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hub.model.command import Command
from hub.ocpp.station.messages import Token
from hub.uplink.operations import KEYS, _authorize, camel, camelled, install, snake


class Uplink:
    """What an operation needs of one; `presented`: what the station got."""

    runtime = SimpleNamespace(id="garage", evses=2)

    def __init__(self) -> None:
        self.presented: list[tuple[int, Token]] = []

    def tell(self, what: Callable[[Any, Any], Any]) -> Any:
        return what(self, None)

    def token(self, evse: int, token: Token, _now: Any) -> str:
        self.presented.append((evse, token))
        return "asking"


@pytest.mark.parametrize(
    ("message", "kind"),
    [({"id_token": "04A2B3C4"}, ""), ({"id_token": "1234", "type": "KeyCode"}, "KeyCode")],
)
async def test_a_token_is_called_what_the_command_calls_it(message: dict[str, Any], kind: str) -> None:
    uplink = Uplink()
    result = await _authorize(uplink)(Command("garage", "authorize", message))  # type: ignore[arg-type]
    assert result.outcome == "accepted"
    assert uplink.presented == [(0, Token(message["id_token"], kind))]


async def test_a_token_goes_to_the_evse_that_is_named_in_either_way() -> None:
    uplink = Uplink()
    for key in ("evse", "evse_id"):
        await _authorize(uplink)(Command("garage", "authorize", {"id_token": "A", key: 2}))  # type: ignore[arg-type]
    assert [evse for evse, _ in uplink.presented] == [2, 2]


async def test_every_own_operation_refuses_a_mistyped_key() -> None:
    runtime = SimpleNamespace(operations={})
    install(runtime, Uplink(), None)  # type: ignore[arg-type]
    for op in KEYS:
        result = await runtime.operations[op](Command("garage", op, {"evze": 1}))
        assert (result.outcome, result.code) == ("rejected", "unknown_key")


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
