"""Values from before an action's first step."""

from typing import Any

from hub.blueprint.since import since


def test_values_follow_and_those_from_before_stay() -> None:
    env: dict[str, Any] = {"enable": 1}
    seen = since(env)
    env["enable"] = 0
    assert (seen["enable"], seen["before.enable"]) == (0, 1)


def test_an_action_within_an_action_sees_what_was_before_the_whole() -> None:
    env: dict[str, Any] = {"enable": 1}
    outer = since(env)
    env["enable"] = 0
    assert since(outer)["before.enable"] == 1
