"""2.0.1 block O: messages for drivers."""

from datetime import timedelta
from typing import Any

import pytest

from hub.model.moment import rfc3339
from hub.ocpp.station.effects import Annotate
from tests.conformance.bench import Bench
from tests.conformance.cases import case

V = "2.0.1"


def show(bench: Bench, number: int = 1, content: str = "Hello", **more: Any) -> str:
    form = {"format": more.pop("format", "UTF8"), "content": content, "language": "en"}
    message = {"id": number, "priority": "NormalCycle", "message": form, **more}
    return str(bench.ask("SetDisplayMessage", {"message": message})["status"])


def shown(bench: Bench) -> Any:
    """What stands at EVSE 1."""
    found = [
        effect.values["display_message"]
        for effect in bench.effects
        if isinstance(effect, Annotate) and effect.evse == 1 and "display_message" in effect.values
    ]
    return found[-1] if found else None


def get(bench: Bench, **criteria: Any) -> tuple[str, list[int]]:
    bench.take()
    status = bench.ask("GetDisplayMessages", {"requestId": 4, **criteria})["status"]
    parts = bench.told("NotifyDisplayMessages")
    assert all(part["requestId"] == 4 for part in parts)
    return status, [info["id"] for part in parts for info in part["messageInfo"]]


def later(bench: Bench, seconds: float) -> str:
    return rfc3339(bench.clock.now().wall + timedelta(seconds=seconds))


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


@pytest.fixture
def charging() -> Bench:
    bench = Bench(V)
    bench.plug()
    bench.present("CARD1")
    bench.take()
    return bench


def transaction(bench: Bench) -> str:
    running = bench.station.evses.flows[1].transaction
    assert running
    return running.id


@case("TC_O_01_CS", "O01.FR.12")
def test_a_message_is_taken_and_shown(booted: Bench) -> None:
    assert show(booted) == "Accepted"
    assert shown(booted) == "Hello"


@case("TC_O_13_CS", "O01.FR.06")
def test_a_message_is_shown_from_its_start_on(booted: Bench) -> None:
    show(booted, startDateTime=later(booted, 60))
    assert shown(booted) is None
    booted.advance(60)
    assert shown(booted) == "Hello"


@case("TC_O_14_CS", "O01.FR.07")
def test_a_message_is_gone_after_its_end(booted: Bench) -> None:
    show(booted, endDateTime=later(booted, 60))
    booted.advance(60)
    assert shown(booted) is None
    assert get(booted) == ("Unknown", [])


@case("TC_O_19_CS", "O01.FR.03", "O02.FR.05")
def test_a_format_that_cannot_be_shown_is_refused(booted: Bench) -> None:
    assert show(booted, format="HTML") == "NotSupportedMessageFormat"
    assert show(booted, format="URI") == "NotSupportedMessageFormat"


@case("TC_O_20_CS", "O01.FR.10")
def test_a_message_survives_a_restart(booted: Bench) -> None:
    show(booted)
    booted.effects.clear()
    booted.power_loss()
    assert shown(booted) == "Hello"
    assert get(booted) == ("Accepted", [1])


@case("TC_O_22_CS", "O01.FR.14")
def test_all_messages_in_front_are_shown(booted: Bench) -> None:
    show(booted, 1, "normal")
    show(booted, 2, "one", priority="InFront")
    show(booted, 3, "two", priority="InFront")
    assert shown(booted) == "one\ntwo"


@case("TC_O_24_CS", "O01.FR.16")
def test_a_newer_message_always_in_front_takes_the_place_of_the_older(booted: Bench) -> None:
    show(booted, 1, "one", priority="AlwaysFront")
    show(booted, 2, "two", priority="AlwaysFront")
    assert shown(booted) == "two"
    assert get(booted) == ("Accepted", [2])


@case("TC_O_36_CS")
def test_a_message_for_charging_is_shown_while_charging(booted: Bench) -> None:
    show(booted, state="Charging")
    assert shown(booted) is None
    booted.plug()
    booted.present("CARD1")
    assert shown(booted) == "Hello"
    booted.unplug()
    assert shown(booted) is None


@case("TC_O_37_CS")
def test_a_message_for_idling_is_shown_while_idle(charging: Bench) -> None:
    show(charging, state="Idle")
    assert shown(charging) is None
    charging.unplug()
    assert shown(charging) == "Hello"


@case("TC_O_38_CS")
def test_a_message_for_unavailability_is_shown_while_unavailable(booted: Bench) -> None:
    show(booted, state="Unavailable")
    assert shown(booted) is None
    booted.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert shown(booted) == "Hello"


@case("TC_O_12_CS", "O06.FR.01")
def test_a_message_of_the_same_id_replaces(booted: Bench) -> None:
    show(booted)
    assert show(booted, content="Bye") == "Accepted"
    assert shown(booted) == "Bye"
    assert get(booted) == ("Accepted", [1])


@case("TC_O_06_CS", "O02.FR.02", "O02.FR.14")
def test_a_message_of_a_transaction_ends_with_it(charging: Bench) -> None:
    assert show(charging, transactionId=transaction(charging)) == "Accepted"
    assert shown(charging) == "Hello"
    charging.unplug()
    assert shown(charging) is None
    assert get(charging) == ("Unknown", [])


@case("TC_O_10_CS", "O02.FR.01")
def test_a_message_of_no_transaction_is_refused(charging: Bench) -> None:
    assert show(charging, transactionId="nonsense") == "UnknownTransaction"


@case("TC_O_27_CS", "O02.FR.06")
def test_a_transaction_s_message_is_shown_from_its_start_on(charging: Bench) -> None:
    show(charging, transactionId=transaction(charging), startDateTime=later(charging, 60))
    assert shown(charging) is None
    charging.advance(60)
    assert shown(charging) == "Hello"


@case("TC_O_28_CS", "O02.FR.07")
def test_a_transaction_s_message_is_gone_after_its_end(charging: Bench) -> None:
    show(charging, transactionId=transaction(charging), endDateTime=later(charging, 60))
    assert shown(charging) == "Hello"
    charging.advance(60)
    assert shown(charging) is None


@case("TC_O_30_CS", "O02.FR.16")
def test_all_of_a_transaction_s_messages_in_front_are_shown(charging: Bench) -> None:
    for number, content in enumerate(("one", "two")):
        show(charging, number, content, priority="InFront", transactionId=transaction(charging))
    assert shown(charging) == "one\ntwo"


@case("TC_O_32_CS", "O02.FR.18")
def test_a_newer_message_of_the_transaction_always_in_front_takes_the_place_of_the_older(
    charging: Bench,
) -> None:
    show(charging, 1, "for all", priority="AlwaysFront")
    for number, content in ((2, "one"), (3, "two")):
        show(charging, number, content, priority="AlwaysFront", transactionId=transaction(charging))
    assert shown(charging) == "two"
    assert get(charging) == ("Accepted", [1, 3])


@case("TC_O_02_CS", "O03.FR.01", "O03.FR.02", "O03.FR.03", "O03.FR.04", "O03.FR.05")
def test_all_messages_are_told(booted: Bench) -> None:
    for number in (1, 2, 3):
        show(booted, number)
    assert get(booted) == ("Accepted", [1, 2, 3])


@case("TC_O_03_CS", "O03.FR.06")
def test_without_messages_there_is_nothing_to_tell(booted: Bench) -> None:
    assert get(booted) == ("Unknown", [])


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        pytest.param(
            {"id": [2]},
            [2],
            marks=case("TC_O_07_CS", "O04.FR.01", "O04.FR.03", says="messages are found by their ids"),
        ),
        pytest.param(
            {"priority": "InFront"},
            [1],
            marks=case("TC_O_08_CS", "O04.FR.01", "O04.FR.03", says="messages are found by their priority"),
        ),
        pytest.param(
            {"state": "Charging"},
            [1],
            marks=case("TC_O_09_CS", "O04.FR.01", "O04.FR.03", says="messages are found by their state"),
        ),
        pytest.param(
            {"id": [9]}, [], marks=case("TC_O_11_CS", "O04.FR.02", says="an unknown id finds nothing")
        ),
        pytest.param(
            {"id": [1], "state": "Idle"},
            [],
            marks=case("TC_O_34_CS", "O04.FR.02", says="a known id with another state finds nothing"),
        ),
        pytest.param(
            {"id": [1], "priority": "NormalCycle"},
            [],
            marks=case("TC_O_35_CS", "O04.FR.02", says="a known id with another priority finds nothing"),
        ),
    ],
)
def test_messages_are_found_by_what_is_asked_for(
    booted: Bench, criteria: dict[str, Any], found: list[int]
) -> None:
    show(booted, 1, priority="InFront", state="Charging")
    show(booted, 2)
    assert get(booted, **criteria) == ("Accepted" if found else "Unknown", found)


@case("TC_O_33_CS", "O04.FR.07")
def test_an_id_is_unknown_where_there_are_no_messages(booted: Bench) -> None:
    assert get(booted, id=[1]) == ("Unknown", [])


@case("TC_O_04_CS", "O05.FR.01")
def test_a_message_is_cleared(booted: Bench) -> None:
    show(booted)
    assert booted.ask("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
    assert shown(booted) is None
    assert get(booted) == ("Unknown", [])


@case("TC_O_05_CS", "O05.FR.02")
def test_an_unknown_message_cannot_be_cleared(booted: Bench) -> None:
    assert booted.ask("ClearDisplayMessage", {"id": 9}) == {"status": "Unknown"}
