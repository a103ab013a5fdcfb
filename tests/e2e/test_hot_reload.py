"""A blueprint that is edited while a car charges."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub import chargers
from hub.bus import Message
from hub.control import ask
from hub.shipped import shipped
from hub.simulate.ev import Car
from tests.e2e.world import World

SHIPPED = (shipped("blueprints") / "keba/p30.yaml").read_text(encoding="utf-8")
DOUBLED = SHIPPED.replace("scale: 0.001, unit: W", "scale: 0.002, unit: W")
WEAKER = SHIPPED.replace("limits: {min: 6, max:", "limits: {min: 8, max:")


def boots(world: World) -> int:
    return [action for _, action, _ in world.csms.messages].count("BootNotification")


async def test_what_is_saved_in_a_blueprint_holds_at_once_and_the_transaction_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SHIPPED not in (DOUBLED, WEAKER)
    monkeypatch.setattr(chargers, "LOOK_S", 0.05)
    file = tmp_path / "blueprints/keba/p30.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SHIPPED, encoding="utf-8")
    async with World(tmp_path, {"garage": ("keba/p30", {}, ", tokens: {free: true}")}) as world:
        assert world.hub is not None
        told: list[Mapping[str, Any]] = []
        world.hub.bus.subscribe("evhub/bridge/event", lambda message: told.append(_body(message)))
        world.chargers["garage"].plug(Car(needs_wh=1_000_000))
        await world.until(lambda: world.state("garage", "power") == 11040.0)
        await world.until(lambda: world.csms.transactions)

        file.write_text(DOUBLED, encoding="utf-8")
        await world.until(lambda: world.state("garage", "power") == 22080.0)
        assert boots(world) == 1

        file.write_text(SHIPPED.replace("at: 1000", "at: here"), encoding="utf-8")
        await world.until(lambda: any(body["type"] == "bad_charger" for body in told))
        (bad,) = [body["data"] for body in told if body["type"] == "bad_charger"]
        assert bad["charger"] == "garage"
        assert re.match(rf"{re.escape(str(world.path))}:\d+:\d+: {re.escape(str(file))}:", bad["problems"][0])
        assert world.state("garage", "power") == 22080.0

        file.write_text(WEAKER, encoding="utf-8")
        await world.until(lambda: boots(world) == 2)
        await world.until(lambda: world.state("garage", "power") == 11040.0)
        (transaction,) = world.csms.transactions.values()
        assert not transaction.ended
        assert world.csms.complaints == []


async def test_a_reload_takes_over_an_edited_blueprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chargers, "LOOK_S", 3600.0)
    async with World(tmp_path, {"garage": ("keba/p30", {}, "")}, csms=False):
        file = tmp_path / "blueprints/keba/p30.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(SHIPPED, encoding="utf-8")
        socket = tmp_path / "state" / "control.sock"
        assert (await ask(socket, "reload"))["blueprints"] == []
        file.write_text(DOUBLED, encoding="utf-8")
        assert (await ask(socket, "reload"))["blueprints"] == ["garage"]
        assert (await ask(socket, "reload"))["blueprints"] == []


def _body(message: Message) -> Mapping[str, Any]:
    assert isinstance(message.payload, Mapping)
    return message.payload
