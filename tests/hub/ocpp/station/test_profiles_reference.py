"""What profiles let be drawn, against a slow reference that looks at the CSMS's own words second by second.

The reference knows nothing of edges, cycles to come or merging: it asks each profile what it says at one moment.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.moment import parse_time, rfc3339
from hub.ocpp.station.effects import Limit
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

MOST, VOLTS, PHASES = 32.0, 230.0, 3
CYCLE = {"Daily": 86_400, "Weekly": 604_800}
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")

Body = dict[str, Any]


# The reference


def says(body: Body, wall: datetime, began: datetime) -> tuple[float, int | None] | None:
    """Amperes by phase and phases of one 2.0.1 profile at a moment; `began`: the transaction."""
    if "validFrom" in body and wall < parse_time(body["validFrom"]):
        return None
    if "validTo" in body and wall >= parse_time(body["validTo"]):
        return None
    (schedule,) = body["chargingSchedule"]
    start = parse_time(schedule["startSchedule"]) if "startSchedule" in schedule else began
    second = (wall - start).total_seconds()
    if second < 0:
        return None
    if body["chargingProfileKind"] == "Recurring":
        second %= CYCLE[body["recurrencyKind"]]
    if "duration" in schedule and second >= schedule["duration"]:
        return None
    running = None
    for period in schedule["chargingSchedulePeriod"]:
        if period["startPeriod"] <= second:
            running = period
    if running is None:
        return None
    limit, phases = running["limit"], running.get("numberPhases")
    if schedule["chargingRateUnit"] == "W":
        limit = limit / VOLTS / min(phases or 3, PHASES)
    return limit, phases


def highest(
    installed: list[tuple[int, Body]], purpose: str, wall: datetime, began: datetime
) -> list[tuple[float, int | None]]:
    """What the highest stack level of a purpose says; an EVSE's own before the station's."""
    fitting = [one for one in installed if one[1]["chargingProfilePurpose"] == purpose]
    for _, body in sorted(fitting, key=lambda one: (one[1]["stackLevel"], one[0]), reverse=True):
        said = says(body, wall, began)
        if said is not None:
            return [said]
    return []


def reference(installed: list[tuple[int, Body]], wall: datetime, began: datetime) -> tuple[float, int | None]:
    """The lower of the station's and of (the transaction's, or else the default)."""
    own = highest(installed, "TxProfile", wall, began) or highest(installed, "TxDefaultProfile", wall, began)
    found = [*own, *highest(installed, "ChargingStationMaxProfile", wall, began)]
    counts = [phases for _, phases in found if phases]
    return min([MOST, *(limit for limit, _ in found)]), min(counts) if counts else None


# Profiles

TENS = st.integers(-400, 400).map(lambda tens: 10 * tens)
"""Seconds, from the begin of the test: far enough apart for the two that a CSMS's clock may be ahead."""


@st.composite
def schedules(draw: st.DrawFn, dated: bool) -> Body:
    later = draw(st.lists(st.integers(1, 300).map(lambda tens: 10 * tens), max_size=4, unique=True))
    unit = draw(st.sampled_from("AW"))
    limits = st.integers(0, 400).map(lambda tenths: tenths / 10 * (1 if unit == "A" else 690))
    periods = []
    for start in [0, *sorted(later)]:
        phases = draw(st.sampled_from([None, 3]))
        period = {"startPeriod": start, "limit": draw(limits), "numberPhases": phases}
        periods.append({name: value for name, value in period.items() if value is not None})
    schedule: Body = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    if dated:
        ago = draw(st.sampled_from([0, 0, 86_400, 3 * 86_400, 604_800]))
        schedule["startSchedule"] = rfc3339(START + timedelta(seconds=draw(TENS) - ago))
    if draw(st.booleans()):
        schedule["duration"] = draw(st.integers(1, 9000)) * 10
    if draw(st.booleans()):
        schedule["minChargingRate"] = 6.0
    return schedule


@st.composite
def bodies(draw: st.DrawFn, transaction: str) -> tuple[int, Body]:
    purpose = draw(st.sampled_from(["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"]))
    kinds = ["Absolute", "Recurring"] + ["Relative"] * (purpose != "ChargingStationMaxProfile")
    kind = draw(st.sampled_from(kinds))
    body: Body = {
        "id": draw(st.integers(1, 6)),
        "stackLevel": draw(st.sampled_from([0, 0, 1, 2])),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [draw(schedules(kind != "Relative"))],
    }
    if kind == "Recurring":
        body["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
    if purpose == "TxProfile":
        body["transactionId"] = transaction
    for name, never in (("validFrom", "0001-01-01T00:00:00Z"), ("validTo", "9999-12-31T23:59:59.9999999Z")):
        times = st.just(never) | TENS.map(lambda seconds: rfc3339(START + timedelta(seconds=seconds)))
        if draw(st.booleans()):
            body[name] = draw(times)
    evses = {"ChargingStationMaxProfile": [0], "TxProfile": [1], "TxDefaultProfile": [0, 1]}
    return draw(st.sampled_from(evses[purpose])), body


def in_1_6(body: Body, number: int) -> Body:
    """The same profile in 1.6's words."""
    (schedule,) = body["chargingSchedule"]
    said = {name: value for name, value in body.items() if name not in ("id", "transactionId")}
    said["chargingProfileId"] = body["id"]
    said["chargingSchedule"] = {name: value for name, value in schedule.items() if name != "id"}
    if body["chargingProfilePurpose"] == "ChargingStationMaxProfile":
        said["chargingProfilePurpose"] = "ChargePointMaxProfile"
    if body["chargingProfilePurpose"] == "TxProfile":
        said["transactionId"] = number
    return said


class Table:
    """A station, and next to it what of its profiles should be there by the spec's words."""

    def __init__(self, version: str, transaction: bool, since: float = 60.0) -> None:
        self.world = World(version)
        self.installed: dict[int, tuple[int, Body]] = {}
        self.number = 100
        """Of the transaction, in 1.6."""
        self.began: datetime | None = None
        self.world.advance(since)
        if transaction:
            self.world.state(PLUGGED)
            self.world.swipe()
            self.world.state(CHARGING)
            self.began = parse_time(self.world.station.stamp(self.world.clock.now()))

    @property
    def transaction(self) -> str:
        running = self.world.station.evses.flows[1].transaction
        return running.id if running else "none"

    def put(self, evse: int, body: Body) -> None:
        if self.world.version == "1.6":
            asked = {"connectorId": evse, "csChargingProfiles": in_1_6(body, self.number)}
        else:
            asked = {"evseId": evse, "chargingProfile": body}
        status = self.world.ask("SetChargingProfile", asked)["status"]
        if status == "Accepted":
            self._same(evse, body)
            self.installed[body["id"]] = (evse, body)

    def _same(self, evse: int, body: Body) -> None:
        """1.6: the newer one ousts whatever has its purpose and level; 2.0.1 has refused it then."""
        if self.world.version == "1.6":
            key = (evse, body["chargingProfilePurpose"], body["stackLevel"])
            for number, (where, other) in list(self.installed.items()):
                if (where, other["chargingProfilePurpose"], other["stackLevel"]) == key:
                    del self.installed[number]

    def expected(self, wall: datetime, began: datetime) -> tuple[float, int | None]:
        return reference(list(self.installed.values()), wall, began)

    def composite(self, duration: int) -> list[Mapping[str, Any]]:
        evse = {"connectorId": 1} if self.world.version == "1.6" else {"evseId": 1}
        answer = self.world.ask(
            "GetCompositeSchedule", {**evse, "duration": duration, "chargingRateUnit": "A"}
        )
        holder = answer["chargingSchedule" if self.world.version == "1.6" else "schedule"]
        periods: list[Mapping[str, Any]] = holder["chargingSchedulePeriod"]
        return periods


def rounded(amperes: float) -> Any:
    return pytest.approx(int(amperes * 10 + 1e-6) / 10)


@pytest.mark.parametrize("version", ["2.0.1", "1.6"])
@pytest.mark.parametrize("transaction", [True, False])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_composite_schedule_says_what_each_second_lets_be_drawn(
    version: str, transaction: bool, data: st.DataObject
) -> None:
    parts = st.integers(0, 999).map(lambda ms: ms / 1000)
    table = Table(version, transaction, 60.0 + data.draw(parts))
    for evse, body in data.draw(st.lists(bodies(table.transaction), min_size=1, max_size=6)):
        table.put(evse, body)
    if data.draw(st.booleans()):
        table.world.restart()
        table.world.connect()
        table.world.state(CHARGING if transaction else IDLE)
    table.world.advance(data.draw(parts))
    now = parse_time(table.world.station.stamp(table.world.clock.now()))
    duration = data.draw(st.sampled_from([600, 7200, 3 * 86_400, 9 * 86_400]))
    periods = table.composite(duration)
    starts = [period["startPeriod"] for period in periods]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < duration
    seconds = {*starts, *(start - 1 for start in starts[1:]), *range(0, duration, max(10, duration // 700))}
    for second in sorted(seconds):
        said = next(period for period in reversed(periods) if period["startPeriod"] <= second)
        limit, phases = table.expected(now + timedelta(seconds=second), table.began or now)
        assert said["limit"] == rounded(limit), second
        assert version == "1.6" or said.get("numberPhases") == phases, second


@pytest.mark.parametrize("version", ["2.0.1", "1.6"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_the_charger_is_told_is_what_each_second_lets_be_drawn(
    version: str, data: st.DataObject
) -> None:
    """Over two hours: with the hub gone and back, the CSMS gone and back, and the transaction's end."""
    table = Table(version, True)
    world = table.world
    world.advance(0.5)  # a change is carried out a moment after it is due
    for _ in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["put", "put", "put", "restart", "away", "end"])):
            case "put":
                table.put(*data.draw(bodies(table.transaction)))
            case "restart":
                world.restart()
                world.connect()
                world.state(CHARGING if table.began else IDLE)
            case "away":
                world.disconnect()
            case "end":
                world.state(IDLE)
                table.began = None
                for number, (_, body) in list(table.installed.items()):
                    if body["chargingProfilePurpose"] == "TxProfile":
                        del table.installed[number]
        if not world.station.boot.connected:
            world.advance(data.draw(st.sampled_from([10, 700])))
            world.connect()
        for _ in range(data.draw(st.integers(1, 60))):
            world.advance(10.0)
            wall = world.clock.now().wall
            limit, phases = table.expected(wall, table.began or wall)
            told = world.last(Limit)
            held = MOST if told.current_a is None else min(told.current_a, MOST)
            assert held == pytest.approx(limit, abs=0.0011), wall
            assert told.phases == phases


LEAST, DROP = 6.0, 0.02


def poured(total: float, wants: list[float]) -> list[float]:
    """Drop by drop to who has least and wants more; who came last goes without where it isn't enough for all."""
    served = len(wants)
    while served > 1 and total < sum(min(want, LEAST) for want in wants[:served]):
        served -= 1
    given = [0.0] * len(wants)
    while total >= DROP:
        thirsty = [one for one in range(served) if given[one] + DROP <= wants[one]]
        if not thirsty:
            break
        poorest = min(thirsty, key=lambda one: given[one])
        given[poorest] += DROP
        total -= DROP
    return given


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_two_evses_share_what_the_station_may_draw_each_second(data: st.DataObject) -> None:
    """K04.FR.05: the one that began first, with EVSE 2, goes on where it isn't enough for both."""
    world = World(evses=2)
    began = {}
    for evse in (2, 1):
        world.advance(20.0)
        world.state(PLUGGED, evse)
        world.swipe(f"CARD{evse}", evse)
        world.state(CHARGING, evse)
        began[evse] = world.clock.now().wall
    world.advance(0.5)
    installed: dict[int, tuple[int, Body]] = {}
    for evse, body in data.draw(st.lists(bodies("none"), min_size=1, max_size=6)):
        place = data.draw(st.sampled_from([0, 1, 2])) if evse else evse
        asked = {"evseId": place, "chargingProfile": body}
        if world.ask("SetChargingProfile", asked)["status"] == "Accepted":
            installed[body["id"]] = (place, body)
    for _ in range(data.draw(st.integers(1, 40))):
        world.advance(10.0)
        wall = world.clock.now().wall
        own = {
            evse: reference(
                [
                    one
                    for one in installed.values()
                    if one[0] in (0, evse) and one[1]["chargingProfilePurpose"] != "ChargingStationMaxProfile"
                ],
                wall,
                began[evse],
            )[0]
            for evse in (2, 1)
        }
        top = highest(list(installed.values()), "ChargingStationMaxProfile", wall, began[1])
        expected = poured(top[0][0], [own[2], own[1]]) if top else [own[2], own[1]]
        told = {effect.evse: effect.current_a for effect in world.effects if isinstance(effect, Limit)}
        found = [MOST if told[evse] is None else min(told[evse], MOST) for evse in (2, 1)]
        assert found == pytest.approx(expected, abs=3 * DROP), wall
