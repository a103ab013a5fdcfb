"""The local authorization list: versions, whole and partial updates, and who it lets in."""

from typing import Any

import pytest

from hub.ocpp.station.messages import Token
from tests.hub.ocpp.world import PLUGGED, World

VERSIONS = ["1.6", "2.0.1"]


def entry(world: World, text: str, status: str | None = "Accepted", **more: Any) -> dict[str, Any]:
    info = {} if status is None else {world._info: {"status": status, **more}}
    if world.version == "1.6":
        return {"idTag": text, **info}
    return {"idToken": {"idToken": text, "type": "ISO14443"}, **info}


def send(world: World, version: int, entries: list[dict[str, Any]], kind: str = "Full") -> str:
    name = "listVersion" if world.version == "1.6" else "versionNumber"
    body: dict[str, Any] = {name: version, "updateType": kind}
    if entries:
        body["localAuthorizationList"] = entries
    return str(world.ask("SendLocalList", body)["status"])


def version_of(world: World) -> int:
    answer = world.ask("GetLocalListVersion", {})
    return int(answer["listVersion" if world.version == "1.6" else "versionNumber"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_list_replaces_and_survives(version: str) -> None:
    world = World(version)
    assert version_of(world) == 0
    assert send(world, 1, [entry(world, "A"), entry(world, "B", "Blocked")]) == "Accepted"
    assert send(world, 3, [entry(world, "C")]) == "Accepted"
    world.restart()
    world.connect()
    assert version_of(world) == 3
    local_list = world.station.authorization.local_list
    assert [bool(local_list.get(Token(text))) for text in "ABC"] == [False, False, True]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_difference_adds_changes_and_removes(version: str) -> None:
    world = World(version)
    send(world, 1, [entry(world, "A"), entry(world, "B")])
    changes = [entry(world, "A", "Blocked"), entry(world, "B", None), entry(world, "X")]
    assert send(world, 2, changes, "Differential") == "Accepted"
    local_list = world.station.authorization.local_list
    statuses = [found.status if (found := local_list.get(Token(text))) else None for text in "ABX"]
    assert statuses == ["Blocked", None, "Accepted"]
    assert send(world, 2, [], "Differential") == "VersionMismatch"
    assert send(world, 3, [], "Differential") == "Accepted"
    assert len(local_list) == 2
    assert send(world, 4, []) == "Accepted"
    empty = 0 if version == "1.6" else 4
    assert (len(local_list), version_of(world)) == (0, empty)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_that_is_wrong_changes_nothing(version: str) -> None:
    world = World(version)
    send(world, 1, [entry(world, "A")])
    assert send(world, 2, [entry(world, "B"), entry(world, "b")]) == "Failed"
    assert send(world, 2, [entry(world, "B", None)]) == "Failed"
    assert send(world, 0, [entry(world, "B")]) == "Failed"
    assert send(world, 0, [entry(world, "B")], "Differential") == "Failed"  # D01.FR.18: none at all
    assert send(world, 2, [entry(world, f"T{n}") for n in range(501)]) == "Failed"
    assert version_of(world) == 1
    assert world.station.authorization.local_list.get(Token("A"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_that_is_switched_off_says_so(version: str) -> None:
    world = World(version, defaults={"LocalAuthListEnabled": "false"})
    assert version_of(world) == (-1 if version == "1.6" else 0)
    assert send(world, 1, [entry(world, "A")]) == ("NotSupported" if version == "1.6" else "Failed")


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_on_the_list_needs_no_question(version: str) -> None:
    world = World(version)
    send(world, 1, [entry(world, "A"), entry(world, "B", "Blocked")])
    world.state(PLUGGED)
    world.take()
    world.refuse_tokens()
    assert world.swipe("B") == "asking"
    world.disconnect()
    assert world.swipe("B") == "rejected"
    assert world.swipe("a") == "accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_entry_may_run_out(version: str) -> None:
    world = World(version)
    name = "expiryDate" if version == "1.6" else "cacheExpiryDateTime"
    send(world, 1, [entry(world, "A", **{name: "2026-01-01T01:00:00Z"})])
    world.disconnect()
    world.state(PLUGGED)
    world.advance(3601)
    assert world.swipe("A") == "rejected"


def test_a_contradiction_is_told_in_1_6() -> None:
    world = World("1.6")
    send(world, 1, [entry(world, "A", "Blocked")])
    world.state(PLUGGED)
    world.take()
    world.swipe("A")
    conflict = next(p for a, p in world.sent if a == "StatusNotification" and p["connectorId"] == 0)
    assert conflict["errorCode"] == "LocalListConflict"


def test_an_answer_never_changes_the_list_nor_puts_its_tokens_into_the_cache() -> None:
    world = World()
    send(world, 1, [entry(world, "A")])
    world.station.variables.set("LocalPreAuthorize", "false")
    world.state(PLUGGED)
    world.swipe("A")
    assert "Authorize" in world.actions()
    assert not [key for key in world.memory if key[0] == "cache"]


@pytest.mark.parametrize("kind", ["list", "cache"])
def test_a_known_refusal_may_be_final(kind: str) -> None:
    setting = "LocalAuthListDisablePostAuthorize" if kind == "list" else "AuthCacheDisablePostAuthorize"
    world = World(defaults={setting: "true"})
    if kind == "list":
        send(world, 1, [entry(world, "A", "Blocked")])
    else:
        world.refuse_tokens("Blocked")
        world.swipe("A")
    world.state(PLUGGED)
    world.take()
    assert world.swipe("A") == "rejected"
    assert "Authorize" not in world.actions()


def test_without_remote_authorization_only_what_is_known_counts() -> None:
    world = World(defaults={"DisableRemoteAuthorization": "true"})
    send(world, 1, [entry(world, "A")])
    world.state(PLUGGED)
    world.take()
    assert world.swipe("X") == "rejected"
    assert world.swipe("A") == "accepted"
    assert "Authorize" not in world.actions()
