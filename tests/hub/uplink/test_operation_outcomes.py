"""The command door's OCPP operations: snake case in, an outcome out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.model.command import Command, CommandResult, Outcome
from hub.uplink.operations import install
from tests.hub.uplink.world import IDLE, World

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
MONITOR = {**POWER, "type": "UpperThreshold", "value": 5000, "severity": 4}
UNKNOWN = {"component": {"name": "Nothing"}, "variable": {"name": "Nothing"}}
MESSAGE = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path) as world:
        world.runtime.show(IDLE)
        runtime: Any = world.runtime
        install(runtime, world.uplink, None)
        yield world


async def ask(world: World, op: str, message: dict[str, Any]) -> CommandResult:
    result: CommandResult = await world.runtime.operations[op](Command("garage", op, message, source="test"))
    return result


@pytest.mark.parametrize(
    ("op", "message", "outcome"),
    [
        ("set_display_message", {"message": MESSAGE}, Outcome.ACCEPTED),
        ("get_display_messages", {"request_id": 1}, Outcome.REJECTED),
        ("set_variable_monitoring", {"set_monitoring_data": [MONITOR]}, Outcome.ACCEPTED),
        ("set_variable_monitoring", {"set_monitoring_data": [MONITOR, MONITOR | UNKNOWN]}, Outcome.REJECTED),
        ("clear_variable_monitoring", {"id": [9]}, Outcome.REJECTED),
        ("set_variables", {"set_variable_data": [{**UNKNOWN, "attribute_value": "1"}]}, Outcome.REJECTED),
        ("get_report", {"request_id": 1, "component_criteria": ["Problem"]}, Outcome.ACCEPTED),
        ("get_diagnostics", {"location": "https://files.example/"}, Outcome.ACCEPTED),
        ("get_log", {}, Outcome.REJECTED),
    ],
)
async def test_the_outcome_is_what_the_station_answered(
    world: World, op: str, message: dict[str, Any], outcome: Outcome
) -> None:
    assert (await ask(world, op, message)).outcome is outcome


async def test_keys_come_in_either_spelling_and_what_is_not_allowed_is_said(world: World) -> None:
    both = {"requestId": 3, "report": True, "clear": False, "id_token": {"idToken": "A", "type": "Central"}}
    assert (await ask(world, "customer_information", both)).outcome is Outcome.ACCEPTED
    refused = await ask(world, "customer_information", {"request_id": "three"})
    assert (refused.outcome, refused.code) == (Outcome.REJECTED, "TypeConstraintViolation")
