"""What a circuit carries now."""

from hub.circuits.balance import Given, Member
from hub.circuits.circuit import Circuit, Seat
from hub.circuits.lines import Drawn, Flow
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
    circuit.hear("panel", {"current_l1": 10.0}, 0.0)
    assert circuit.room() == 20.0


def test_with_a_silent_meter_the_fallback_holds() -> None:
    circuit = Circuit(METERED)
    assert circuit.silent
    assert circuit.room() == 6.0


def test_more_than_it_carries_is_an_overload_unless_it_is_only_feared() -> None:
    circuit = Circuit(SETTINGS)
    feared = Member(NOBODY, circuit.lines, unknown_a=32.0)
    circuit.bear(dict.fromkeys(circuit.lines, 64.0), [feared], 0.0)
    assert not circuit.overloaded
    circuit.bear(dict.fromkeys(circuit.lines, 64.0), [], 0.0)
    assert circuit.overloaded


def test_what_is_feared_on_one_phase_explains_nothing_on_another() -> None:
    circuit = Circuit(SETTINGS)
    feared = Member(NOBODY, [("c", 1)], unknown_a=32.0)
    circuit.bear({("c", 1): 64.0, ("c", 2): 64.0, ("c", 3): 0.0}, [feared], 0.0)
    assert circuit.overloaded
    circuit.bear({("c", 1): 64.0, ("c", 2): 32.0, ("c", 3): 0.0}, [feared], 0.0)
    assert not circuit.overloaded


def test_one_phase_that_bears_too_much_is_an_overload() -> None:
    circuit = Circuit(SETTINGS)
    circuit.bear({("c", 1): 16.0, ("c", 2): 33.0, ("c", 3): 0.0}, [], 0.0)
    assert circuit.overloaded
    body = circuit.body([])
    assert body["allocated"] == 33.0
    assert {phase: told["allocated"] for phase, told in body["phases"].items()} == {  # type: ignore[attr-defined]
        "L1": 16.0,
        "L2": 33.0,
        "L3": 0.0,
    }


def test_a_measured_overload_is_one() -> None:
    circuit = Circuit(METERED)
    circuit.hear("panel", {"current_l1": 33.0}, 0.0)
    assert circuit.overloaded


THREE = tuple(("panel", f"current_l{phase}") for phase in (1, 2, 3))
BY_PHASE = CircuitSettings("c", "Shed", 32.0, (), meter=THREE)
POWER = CircuitSettings("c", "Shed", 32.0, (), meter=(("panel", "power"),), voltage=200.0)


def drawn(*flows: Flow) -> Drawn:
    return Drawn.of(3, flows, sum(flow.current_a for flow in flows))


def test_each_phase_has_the_room_that_the_others_leave_it() -> None:
    circuit = Circuit(BY_PHASE)
    circuit.draw(drawn(Flow(("c", 2), 16.0, sure=True)), 0.0)
    circuit.hear("panel", {"current_l1": 4.0, "current_l2": 20.0, "current_l3": 12.0}, 100.0)
    assert circuit.rooms() == {("c", 1): 28.0, ("c", 2): 28.0, ("c", 3): 20.0}
    assert circuit.room() == 20.0
    circuit.hear("panel", {"current_l1": 4.0, "current_l2": 20.0}, 101.0)
    assert circuit.silent


def test_a_car_that_may_be_elsewhere_was_perhaps_none_of_it() -> None:
    circuit = Circuit(BY_PHASE)
    anywhere = [Flow(("c", phase), 16.0, sure=False) for phase in (1, 2, 3)]
    circuit.draw(drawn(*anywhere), 0.0)
    state = {"current_l1": 20.0, "current_l2": 20.0, "current_l3": 20.0}
    circuit.hear("panel", state, 100.0)
    assert circuit.room() == 28.0
    circuit.draw(drawn(), 101.0)  # it is gone, and what it has drawn was on one of them
    assert circuit.room() == 12.0
    circuit.hear("panel", {**state, "current_l2": 4.0}, 117.0)
    assert circuit.rooms() == {("c", 1): 12.0, ("c", 2): 28.0, ("c", 3): 12.0}


def test_a_power_says_how_much_flows_wherever_it_is() -> None:
    circuit = Circuit(POWER)
    circuit.draw(drawn(Flow(("c", 2), 15.0, sure=True)), 0.0)
    circuit.hear("panel", {"power": 9000}, 100.0)  # 15 A by phase, of which the car's are 5
    assert set(circuit.rooms().values()) == {22.0}


def test_a_limit_in_watts_goes_by_the_voltage() -> None:
    circuit = Circuit(POWER)
    circuit.limits.set("ems", None, power_w=6000.0)
    assert circuit.limit().asked_a == 10.0


def test_another_meter_or_voltage_is_read_anew() -> None:
    circuit = Circuit(POWER)
    circuit.hear("panel", {"power": 9000}, 100.0)
    circuit.become(CircuitSettings("c", "Barn", 20.0, (), meter=(("panel", "power"),), voltage=200.0))
    assert circuit.room() == 5.0
    circuit.become(BY_PHASE)
    assert circuit.silent


def test_another_configuration_keeps_what_an_ems_has_set() -> None:
    circuit = Circuit(SETTINGS)
    circuit.limits.set("ems", 20.0)
    circuit.become(CircuitSettings("c", "c", 16.0, ()))
    assert circuit.limit().asked_a == 16.0
    circuit.become(SETTINGS)
    assert circuit.limit().asked_a == 20.0


def test_its_members_are_shown() -> None:
    member = Member(NOBODY, [("house", 1), ("c", 2)], unknown_a=8.0)
    (seat,) = Circuit(SETTINGS).body([Seat(("a", 1), member, Given(6.0, True, False))])["members"]  # type: ignore[misc,attr-defined]
    assert (seat["charger"], seat["state"], seat["share"], seat["held"]) == ("a", "offline", 6.0, 8.0)
    assert seat["phases"] == ["L2"]
