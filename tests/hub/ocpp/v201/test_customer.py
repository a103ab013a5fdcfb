"""N09, N10: what is stored of a customer is told, and forgotten where it may be."""

from typing import Any

import pytest

from hub.ocpp.station.messages import Token
from tests.hub.ocpp.world import IDLE, PLUGGED, World

TOKEN = {"idToken": "04A2B3C4", "type": "ISO14443"}
LISTED = {"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}


def ask(made: World, *, report: bool = True, clear: bool = False, **who: Any) -> tuple[str, str]:
    made.take()
    asked = {"requestId": 3, "report": report, "clear": clear, **who}
    status = made.ask("CustomerInformation", asked)["status"]
    parts = [p for a, p in made.sent if a == "NotifyCustomerInformation"]
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    return status, "".join(part["data"] for part in parts)


def with_customer() -> World:
    made = World()
    made.station.token(1, Token("04A2B3C4", "ISO14443"), made.clock.now())
    made.pump()
    return made


def test_what_is_known_is_told_and_cleared_but_for_the_local_list() -> None:
    made = with_customer()
    entry = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [LISTED]}
    made.ask("SendLocalList", entry)
    status, data = ask(made, idToken=TOKEN)
    assert status == "Accepted"
    assert data.startswith("local list: Accepted")
    assert "\ncache: Accepted" in data
    assert "\ncache: Accepted" in ask(made, idToken=TOKEN, clear=True)[1]
    made.restart()
    made.connect()
    assert "cache" not in ask(made, idToken=TOKEN)[1]
    assert "local list" in ask(made, idToken=TOKEN)[1]


def test_clearing_alone_says_that_it_was_done() -> None:
    made = with_customer()
    assert ask(made, report=False, clear=True, idToken=TOKEN) == (
        "Accepted",
        "Cleared, except from the local list and what is going on.",
    )
    assert ask(made, idToken=TOKEN) == ("Accepted", "No data found.")


@pytest.mark.parametrize(
    "who",
    [
        {"customerIdentifier": "somebody"},
        {
            "customerCertificate": {
                "hashAlgorithm": "SHA256",
                "issuerNameHash": "aa",
                "issuerKeyHash": "bb",
                "serialNumber": "1",
            }
        },
    ],
)
def test_of_others_nothing_is_stored(who: Any) -> None:
    assert ask(with_customer(), **who) == ("Accepted", "No data found.")


def test_one_reference_and_something_to_do_are_needed() -> None:
    made = World()
    assert ask(made)[0] == "Invalid"
    assert ask(made, idToken=TOKEN, customerIdentifier="x")[0] == "Invalid"
    assert ask(made, idToken=TOKEN, report=False) == ("Rejected", "")


def test_a_reservation_and_a_transaction_are_told_and_stay() -> None:
    made = World(evses=2)
    made.state(PLUGGED)
    made.station.token(1, Token("04A2B3C4", "ISO14443"), made.clock.now())
    made.pump()
    expires = "2026-01-01T01:00:00.000Z"
    asked = {"id": 5, "expiryDateTime": expires, "idToken": TOKEN, "evseId": 2}
    made.state(IDLE, 2)
    assert made.ask("ReserveNow", asked) == {"status": "Accepted"}
    _, data = ask(made, clear=True, idToken=TOKEN)
    running = made.station.evses.flows[1].transaction
    assert running is not None
    going_on = [f"reservation 5: EVSE 2, until {expires}", f"transaction {running.id}: EVSE 1"]
    assert data.splitlines()[1:] == going_on
    assert ask(made, idToken=TOKEN) == ("Accepted", "\n".join(going_on))
    assert ask(made, idToken={**TOKEN, "idToken": "OTHER"}) == ("Accepted", "No data found.")


def test_what_was_cleared_is_told_even_when_the_connection_goes() -> None:
    made = with_customer()
    made.answers["NotifyCustomerInformation"] = "hold"
    assert ask(made, clear=True, idToken=TOKEN)[0] == "Accepted"
    made.take()
    made.disconnect()
    made.answers.clear()
    made.restart()
    made.connect()
    (told,) = [p for a, p in made.sent if a == "NotifyCustomerInformation"]
    assert told["data"].startswith("cache: Accepted")
