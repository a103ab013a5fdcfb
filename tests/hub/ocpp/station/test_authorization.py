"""Who may charge: what a cache and a list say when their word has run out."""

from typing import Any

import pytest

from hub.ocpp.station.messages import Token
from tests.hub.ocpp.world import World

UNTIL = "2026-01-01T00:10:00Z"


def listed(world: World) -> None:
    entry = {
        "idToken": {"idToken": "CARD1", "type": "ISO14443"},
        "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": UNTIL},
    }
    asked = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    assert world.ask("SendLocalList", asked) == {"status": "Accepted"}


def cached(world: World) -> None:
    world.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": UNTIL}}
    world.swipe("CARD1")
    world.answers.clear()
    world.advance(61)


@pytest.mark.parametrize("known", [listed, cached])
@pytest.mark.parametrize("silent", ["true", "false"])
def test_what_the_csms_has_limited_itself_is_asked_about_again(known: Any, silent: str) -> None:
    """DisablePostAuthorize is about what the CSMS has refused (C10.FR.03, C14.FR.03), not about what ran out."""
    names = ("LocalAuthListDisablePostAuthorize", "AuthCacheDisablePostAuthorize")
    world = World(defaults=dict.fromkeys(names, silent))
    known(world)
    world.take()
    assert world.swipe("CARD1") == "accepted"
    assert world.actions().count("Authorize") == 0
    world.advance(700)
    world.take()
    world.swipe("CARD1")
    assert world.actions()[0] == "Authorize"


@pytest.mark.parametrize("known", [listed, cached])
def test_offline_what_has_run_out_is_refused(known: Any) -> None:
    world = World(defaults={"OfflineTxForUnknownId": "true"})
    known(world)
    world.advance(700)
    world.disconnect()
    assert world.swipe("CARD1") == "rejected"


@pytest.mark.parametrize("kind", ["Central", "NoAuthorization"])
def test_some_tokens_are_never_cached(kind: str) -> None:
    world = World()
    world.station.token(1, Token("ABC", kind), world.clock.now())
    world.pump()
    assert not any(place == "cache" for place, _ in world.memory)


@pytest.mark.parametrize("known", [listed, cached])
def test_how_long_a_word_holds_is_counted_by_the_csms_clock(known: Any) -> None:
    """The machine's may be far behind."""
    world = World(boot=False)
    told = "2026-01-01T00:09:00Z"
    world.answers["BootNotification"] = {"status": "Accepted", "currentTime": told, "interval": 300}
    world.answers["Heartbeat"] = lambda *_: {"currentTime": world.station.stamp(world.clock.now())}
    world.connect()
    known(world)
    world.advance(70)
    world.disconnect()
    assert world.swipe("CARD1") == "rejected"


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-14:00", "2026-06-30T23:59:60Z"])
def test_a_word_until_a_time_that_is_none_holds(until: str) -> None:
    world = World()
    info = {"status": "Accepted", "cacheExpiryDateTime": until}
    entry = {"idToken": {"idToken": "CARD1", "type": "ISO14443"}, "idTokenInfo": info}
    world.ask("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]})
    assert world.swipe("CARD1") == "accepted"
    world.answers["Authorize"] = {"idTokenInfo": info}
    world.swipe("CARD1")
    world.swipe("CARD2")
    world.swipe("CARD2")
    assert world.swipe("CARD2") == "accepted"
