"""O01 to O06: what is shown where and when."""

from datetime import timedelta
from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Act, Annotate, Happened
from hub.ocpp.station.upkeep_variables import MAX_MESSAGES
from tests.hub.ocpp.world import ACTIONS, CHARGING, IDLE, PLUGGED, World


def set_message(made: World, number: int = 1, content: str = "Hello", **more: Any) -> str:
    form = {"format": more.pop("format", "UTF8"), "content": content}
    if "language" in more:
        form["language"] = more.pop("language")
    message = {"id": number, "priority": "NormalCycle", "message": form, **more}
    return str(made.ask("SetDisplayMessage", {"message": message})["status"])


def shown(made: World, evse: int = 1) -> Any:
    found = [
        effect.values["display_message"]
        for effect in made.effects
        if isinstance(effect, Annotate) and effect.evse == evse and "display_message" in effect.values
    ]
    return found[-1] if found else None


def told(made: World, **criteria: Any) -> Any:
    made.take()
    answer = made.ask("GetDisplayMessages", {"requestId": 4, **criteria})
    parts = [p for a, p in made.sent if a == "NotifyDisplayMessages"]
    return answer["status"], [info for part in parts for info in part["messageInfo"]]


def later(made: World, seconds: float) -> str:
    return rfc3339(made.clock.now().wall + timedelta(seconds=seconds))


def test_a_message_is_shown_told_replaced_and_cleared() -> None:
    made = World()
    assert set_message(made, content="ようこそ", language="ja") == "Accepted"
    assert shown(made) == "ようこそ"
    assert made.last(Happened) == Happened("display_message", {"evse": 1, "text": "ようこそ"})
    words = {"format": "UTF8", "content": "ようこそ", "language": "ja"}
    assert told(made) == ("Accepted", [{"id": 1, "priority": "NormalCycle", "message": words}])
    set_message(made, content="Bye")
    assert shown(made) == "Bye"
    assert made.ask("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
    assert made.ask("ClearDisplayMessage", {"id": 1}) == {"status": "Unknown"}
    assert shown(made) is None
    assert told(made) == ("Unknown", [])


def test_the_most_urgent_kind_is_shown() -> None:
    made = World()
    set_message(made, 1, "normal")
    set_message(made, 2, "one", priority="InFront")
    set_message(made, 3, "two", priority="InFront")
    assert shown(made) == "one\ntwo"
    set_message(made, 4, "first", priority="AlwaysFront")
    set_message(made, 5, "second", priority="AlwaysFront")
    assert shown(made) == "second"
    assert [info["id"] for info in told(made)[1]] == [1, 2, 3, 5]


def test_times_begin_and_end_a_message() -> None:
    made = World()
    set_message(made, startDateTime=later(made, 60), endDateTime=later(made, 120))
    assert shown(made) is None
    made.advance(60)
    assert shown(made) == "Hello"
    made.advance(60)
    assert shown(made) is None
    assert told(made)[0] == "Unknown"
    assert set_message(made, endDateTime=later(made, -1)) == "Rejected"


@pytest.mark.parametrize(
    ("state", "device"),
    [
        ("Idle", IDLE),
        ("Charging", CHARGING),
        ("Faulted", {**IDLE, "status": "faulted"}),
        ("Unavailable", {**IDLE, "status": "unavailable"}),
    ],
)
def test_a_state_limits_a_message(state: str, device: Any) -> None:
    made = World()
    for number, other in enumerate(("Idle", "Charging", "Faulted", "Unavailable")):
        set_message(made, number, other, state=other)
    if state == "Charging":
        made.state(PLUGGED)
        made.swipe()
    made.state(device)
    assert shown(made) == state
    assert [info["state"] for info in told(made, state=state)[1]] == [state]


def test_a_transaction_s_message_goes_with_it() -> None:
    made = World(evses=2)
    made.state(IDLE, 2)
    assert set_message(made, transactionId="nonsense") == "UnknownTransaction"
    made.state(PLUGGED, 2)
    made.swipe("CARD1", 2)
    flow = made.station.evses.flows[2]
    assert flow.transaction
    set_message(made, 1, "for all", priority="AlwaysFront")
    set_message(made, 2, "for you", priority="AlwaysFront", transactionId=flow.transaction.id)
    assert (shown(made, 1), shown(made, 2)) == ("for all", "for you")
    made.state(IDLE, 2)
    assert shown(made, 2) == "for all"
    assert [info["id"] for info in told(made)[1]] == [1]


def test_messages_survive_a_restart() -> None:
    made = World()
    set_message(made)
    made.effects.clear()
    made.restart()
    made.pump()
    assert shown(made) == "Hello"


@pytest.mark.parametrize("form", ["HTML", "URI"])
def test_only_texts_are_shown(form: str) -> None:
    assert set_message(World(), format=form) == "NotSupportedMessageFormat"


def test_a_message_may_belong_to_one_evse() -> None:
    made = World(evses=2)
    made.state(IDLE, 2)
    place = {"name": "Display", "evse": {"id": 2}}
    set_message(made, display=place)
    assert (shown(made, 1), shown(made, 2)) == (None, "Hello")
    assert told(made)[1][0]["display"] == place
    assert set_message(made, 2, display={"name": "Display", "evse": {"id": 9}}) == "Rejected"


def test_there_is_room_for_so_many() -> None:
    made = World()
    for number in range(MAX_MESSAGES):
        assert set_message(made, number) == "Accepted"
    assert set_message(made, 99) == "Rejected"
    assert set_message(made, 3, "again") == "Accepted"
    asked = {"component": {"name": "DisplayMessageCtrlr"}, "variable": {"name": "DisplayMessages"}}
    (count,) = made.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert count["attributeValue"] == str(MAX_MESSAGES)


def test_messages_are_found_by_what_is_asked_for() -> None:
    made = World()
    set_message(made, 1, priority="InFront", state="Charging")
    set_message(made, 2)
    assert [info["id"] for info in told(made, id=[1, 7])[1]] == [1]
    assert told(made, id=[7])[0] == "Unknown"
    assert told(made, id=[1], state="Idle")[0] == "Unknown"
    assert told(made, id=[1], priority="NormalCycle")[0] == "Unknown"
    assert [info["id"] for info in told(made, priority="InFront")[1]] == [1]


def test_a_charger_with_a_display_shows_it() -> None:
    made = World(abilities=Abilities(ACTIONS | {"display"}))
    set_message(made)
    assert made.last(Act) == Act("display:1", 1, "display", {"message": "Hello"})


def test_a_state_that_never_comes_is_not_supported() -> None:
    made = World("2.1")
    assert set_message(made, state="Idle") == "Accepted"
    assert set_message(made, state="Discharging") == "NotSupportedState"
    assert set_message(made, state="Suspended") == "NotSupportedState"
