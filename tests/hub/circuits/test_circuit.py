"""What a circuit carries now."""

from hub.circuits.balance import Given, Member
from hub.circuits.circuit import Circuit, Seat
from hub.circuits.tree import NOBODY
from hub.clock import ManualClock
from hub.config.settings import CircuitSettings, MemberSettings

CLOCK = ManualClock()
SETTINGS = CircuitSettings("c", "Shed", 32.0, (MemberSettings("a"),))
METERED = CircuitSettings(
    "c", "Shed", 32.0, (MemberSettings("a"),), meter=(("panel", "current_l1"),), reserve=2.0
)


def test_without_a_meter_it_carries_what_its_fuse_does() -> None:
    assert Circuit(SETTINGS).room() == 32.0
    assert not Circuit(SETTINGS).silent


def test_the_lowest_limit_holds_and_the_reserve_is_left() -> None:
    circuit = Circuit(CircuitSettings("c", "c", 32.0, (), reserve=4.0))
    circuit.limits.set("ems", 20.0)
    circuit.limits.set("other", 25.0)
    assert circuit.room() == 16.0
    assert circuit.body([])["limit_source"] == "ems"


def test_a_limit_in_watts_goes_by_the_phases() -> None:
    circuit = Circuit(CircuitSettings("c", "c", 32.0, (), phases=1))
    circuit.limits.set("ems", None, power_w=2300)
    assert circuit.room() == 10.0


def test_what_else_draws_is_not_there_for_the_members() -> None:
    circuit = Circuit(METERED)
    circuit.other.hear("panel", {"current_l1": 10.0}, 0.0, 32.0)
    assert circuit.room() == 20.0


def test_with_a_silent_meter_the_fallback_holds() -> None:
    circuit = Circuit(METERED)
    assert circuit.silent
    assert circuit.room() == 6.0


def test_more_than_it_carries_is_an_overload_unless_it_is_only_feared() -> None:
    circuit = Circuit(SETTINGS)
    feared = Member(NOBODY, ["c"], unknown_a=32.0)
    circuit.bear(64.0, [feared], 0.0)
    assert not circuit.overloaded
    circuit.bear(64.0, [], 0.0)
    assert circuit.overloaded


def test_a_measured_overload_is_one() -> None:
    circuit = Circuit(METERED)
    circuit.other.hear("panel", {"current_l1": 33.0}, 0.0, 32.0)
    assert circuit.overloaded


def test_another_configuration_keeps_what_an_ems_has_set() -> None:
    circuit = Circuit(SETTINGS)
    circuit.limits.set("ems", 20.0)
    circuit.become(CircuitSettings("c", "c", 16.0, ()))
    assert circuit.limit().asked_a == 16.0
    circuit.become(SETTINGS)
    assert circuit.limit().asked_a == 20.0


def test_its_members_are_shown() -> None:
    member = Member(NOBODY, ["c"], unknown_a=8.0)
    (seat,) = Circuit(SETTINGS).body([Seat(("a", 1), member, Given(6.0, True, False))])["members"]  # type: ignore[misc,attr-defined]
    assert (seat["charger"], seat["state"], seat["share"], seat["held"]) == ("a", "offline", 6.0, 8.0)
