"""What is kept and told of an EVSE, and how often."""

from collections.abc import Mapping

from hub.bus import Bus, Message
from hub.charger.evse import Evse
from hub.charger.limits import CSMS, Fallback
from hub.charger.memory import PAUSE, Forgetful
from hub.charger.publisher import Publisher
from hub.charger.records import Records
from hub.charger.sessions import Session
from hub.clock import ManualClock
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Abilities, Ratings, Status
from hub.model.entity import EMPTY
from hub.topics import Topics


class Noting(Forgetful):
    def __init__(self) -> None:
        self.noted: list[tuple[object, ...]] = []

    def limit(self, evse: int, source: str, body: Mapping[str, object] | None) -> None:
        self.noted.append((source, body))

    def meter(self, evse: int, body: Mapping[str, object]) -> None:
        self.noted.append(("meter", body["register"]))


def made() -> tuple[Records, Evse, Noting, list[Message], ManualClock]:
    bus, clock, memory, heard = Bus(), ManualClock(), Noting(), list[Message]()
    bus.subscribe("evhub/garage/session", heard.append)
    records = Records("garage", memory, Publisher(bus, Topics(), "garage", clock))
    abilities = Abilities(frozenset({"set_limit"}), frozenset({"energy"}))
    return records, Evse(1, abilities, Ratings(), Fallback()), memory, heard, clock


def plug(evse: Evse, clock: ManualClock, energy: int = 1000) -> None:
    reading = Reading({1: EvseReading({"plugged": True, "energy": energy}, Status.PREPARING)})
    evse.device = evse.take(reading, clock.now())


def test_a_limit_of_the_csms_is_the_stations_to_keep() -> None:
    records, evse, memory, _, clock = made()
    for source in ("ems", CSMS):
        evse.limits.set(source, 10.0)
        records.limit(evse, source, clock.now())
    assert memory.noted == [("ems", {"current_a": 10.0, "power_w": None})]


def test_a_pause_is_kept_and_its_end_too() -> None:
    records, evse, memory, _, _ = made()
    for paused in (True, False):
        evse.control.paused = paused
        records.pause(evse)
    assert memory.noted == [(PAUSE, {"paused": True}), (PAUSE, None)]


def test_a_session_that_begins_is_told_and_its_meter_kept() -> None:
    records, evse, memory, heard, clock = made()
    plug(evse, clock)
    records.follow(evse, EMPTY, clock.now())
    assert [message.payload["evse"] for message in heard] == [1]  # type: ignore[index, call-overload]
    assert memory.noted == [("meter", 1.0)]


def test_each_minute_a_session_is_told_and_a_meter_that_moved_is_kept() -> None:
    records, evse, memory, heard, clock = made()
    plug(evse, clock)
    records.follow(evse, EMPTY, clock.now())
    records.every_minute([evse], clock.advance(60))
    plug(evse, clock, energy=1100)
    records.every_minute([evse], clock.advance(60))
    assert len(heard) == 3
    assert memory.noted == [("meter", 1.0), ("meter", 1.1)]


def test_a_session_that_goes_on_after_a_restart_is_told_with_its_first_reading() -> None:
    records, evse, _, heard, clock = made()
    evse.session = Session("s", "2026-01-31T00:00:00.000Z", at=1.0)
    plug(evse, clock, energy=1500)
    for _ in range(2):
        records.follow(evse, evse.device, clock.now())
    assert [message.payload["energy_kwh"] for message in heard] == [0.5]  # type: ignore[index, call-overload]
