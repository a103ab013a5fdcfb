"""Tokens on the wire: as they were called, and where nobody has said, as what they look like."""

import pytest

from hub.ocpp.station.messages import Token
from hub.ocpp.v201.tokens import id_token
from tests.hub.ocpp.world import PLUGGED, World


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (Token("04a2b3c4"), "ISO14443"),
        (Token("04A2B3C4D5E6F7"), "ISO14443"),
        (Token("APP-1"), "Central"),
        (Token("APP-1", "ISO14443"), "ISO14443"),
        (Token("04A2B3C4", "Central"), "Central"),
        (Token("1234", "KeyCode"), "KeyCode"),
    ],
)
def test_a_token_is_told_as_it_was_called(token: Token, told: str) -> None:
    assert id_token(token) == {"idToken": token.text, "type": told}


@pytest.mark.parametrize("kind", ["Central", "ISO14443"])
@pytest.mark.parametrize("text", ["DEADBEEF", "RFID_1"])
def test_a_remote_start_s_token_comes_back_as_it_came(text: str, kind: str) -> None:
    world = World(defaults={"AuthorizeRemoteStart": "true"})
    world.state(PLUGGED)
    token = {"idToken": text, "type": kind}
    asked = {"idToken": token, "remoteStartId": 1, "evseId": 1}
    assert world.ask("RequestStartTransaction", asked)["status"] == "Accepted"
    assert {str(said["idToken"]) for _, said in world.sent if "idToken" in said} == {str(token)}
