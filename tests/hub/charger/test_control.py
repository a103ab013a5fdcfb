"""The device is told what is wanted, once; again when it failed, forgot or was away; and never too much."""

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.charger.control import GAP_S, LONGEST_RETRY_S, SETTLE_S, STRIKES, Control, Wanted
from hub.charger.limits import Fallback, Limits, Offer
from hub.model.charger import Ratings

ALL = frozenset({"start", "pause", "set_limit"})


def offer(amperes: float) -> Offer:
    return Offer(amperes, "ems", amperes)


def follow(control: Control, amperes: float, now: float = 0.0, **seen: object) -> str | None:
    """The next action, carried out at once."""
    enabled, limit = seen.get("enabled"), seen.get("limit")
    assert enabled is None or isinstance(enabled, bool)
    assert limit is None or isinstance(limit, float)
    action = control.next_action(offer(amperes), enabled, limit, now)
    wanted = control.wanted(offer(amperes))
    if action and wanted:
        control.begun(wanted)
        control.done(wanted, now)
    return action


def permitted(actions: frozenset[str] = ALL) -> Control:
    control = Control(actions)
    control.permitted = True
    return control


def test_until_the_station_has_spoken_the_device_is_left_alone() -> None:
    assert follow(Control(ALL), 16.0, enabled=True) is None
    assert not Control(ALL).pending(offer(16.0))


def test_start_then_limit_then_pause() -> None:
    control = permitted()
    assert follow(control, 16.0) == "start"
    assert follow(control, 16.0, 1.0) is None
    assert follow(control, 10.0, 2.0) == "set_limit"
    assert follow(control, 0.0, 3.0) == "pause"
    assert follow(control, 8.0, 4.0) == "start"


@pytest.mark.parametrize("change", ["permitted", "paused"])
def test_who_is_not_permitted_or_paused_gets_nothing(change: str) -> None:
    control = permitted()
    follow(control, 16.0)
    setattr(control, change, change == "paused")
    assert follow(control, 16.0, 1.0) == "pause"


def test_one_action_at_a_time() -> None:
    control = permitted()
    control.begun(Wanted(16.0))
    assert control.next_action(offer(6.0), None, None, 0.0) is None


def test_less_is_told_at_once_and_more_after_a_gap() -> None:
    control = permitted()
    follow(control, 10.0, 100.0)
    assert follow(control, 12.0, 100.1) is None
    assert control.wake_at == 100.0 + GAP_S
    assert follow(control, 8.0, 100.2) == "set_limit"
    assert follow(control, 12.0, 100.2 + GAP_S) == "set_limit"


def test_a_refusal_is_tried_again_ever_more_seldom() -> None:
    control, now, waits = permitted(), 0.0, []
    for _ in range(8):
        assert control.next_action(offer(16.0), None, None, now) == "start"
        control.begun(Wanted(16.0))
        waits.append(control.failed(Wanted(16.0), now))
        assert control.next_action(offer(16.0), None, None, now + waits[-1] - 0.1) is None
        now += waits[-1]
    assert waits[:3] == [2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_RETRY_S


def test_a_new_wish_does_not_wait_for_a_refused_one() -> None:
    control = permitted()
    control.begun(Wanted(16.0))
    control.failed(Wanted(16.0), 0.0)
    assert control.next_action(offer(0.0), None, None, 0.1) == "pause"


def test_a_limit_that_the_device_has_no_setting_for_does_not_start_it_anew() -> None:
    """A start would be taken for the limit's confirmation."""
    control = permitted()
    follow(control, 16.0, 0.0)
    for amperes in (12.0, 14.0):
        assert control.next_action(offer(amperes), None, None, 10.0) == "set_limit"
        control.begun(Wanted(amperes))
        control.failed(Wanted(amperes), 10.0, touched=False)
        assert not control.follows(offer(amperes))


def test_what_the_device_undid_is_told_again() -> None:
    control = permitted()
    follow(control, 10.0, 0.0)
    assert follow(control, 10.0, SETTLE_S - 0.1, limit=32.0) is None
    assert follow(control, 10.0, SETTLE_S, limit=32.0) == "set_limit"
    assert follow(control, 10.0, SETTLE_S + 0.1, limit=10.3) is None


def test_a_device_that_never_follows_is_corrected_ever_more_seldom() -> None:
    control = permitted()
    follow(control, 10.0, 0.0)
    told = [second for second in range(1, 2000) if follow(control, 10.0, float(second), limit=32.0)]
    assert told[:3] == [5, 15, 35]
    assert len(told) < 12
    assert control.strikes > STRIKES


def test_a_read_back_of_zero_says_that_no_car_asks() -> None:
    control = permitted()
    follow(control, 10.0, 0.0)
    assert follow(control, 10.0, 60.0, limit=0.0) is None


def test_a_device_that_goes_on_by_itself_is_paused_again() -> None:
    control = permitted()
    follow(control, 0.0)
    assert follow(control, 0.0, 60.0, enabled=True) == "pause"
    control.paused = True
    assert follow(control, 10.0, 600.0, enabled=False) is None


def test_a_device_that_stopped_by_itself_is_started_again() -> None:
    control = permitted()
    follow(control, 10.0)
    assert follow(control, 10.0, 60.0, enabled=False) == "start"


def test_after_a_loss_everything_is_told_again() -> None:
    control = permitted()
    follow(control, 10.0)
    control.forget()
    assert control.pending(offer(10.0))
    assert follow(control, 10.0, 1.0) == "start"


def test_what_the_device_cannot_do_is_not_pending() -> None:
    assert not permitted(frozenset()).pending(offer(16.0))
    assert follow(permitted(frozenset()), 16.0) is None
    only_limit = permitted(frozenset({"set_limit"}))
    assert follow(only_limit, 16.0) == "set_limit"
    assert follow(only_limit, 0.0, 1.0) is None
    only_switch = permitted(frozenset({"start", "pause"}))
    assert [follow(only_switch, a, float(n)) for n, a in enumerate((16.0, 10.0, 0.0))] == [
        "start",
        "start",
        "pause",
    ]


def test_pending_until_it_is_confirmed() -> None:
    control = permitted()
    assert control.pending(offer(16.0))
    assert not control.follows(offer(16.0))
    follow(control, 16.0)
    assert not control.pending(offer(16.0))
    assert control.follows(offer(16.0))


class Controlled(RuleBasedStateMachine):
    """Sources, station, user and device do what they like; the device never hears of more than it may."""

    def __init__(self) -> None:
        super().__init__()
        self.control, self.limits = Control(ALL), Limits(Ratings(6.0, 32.0, 0.1), Fallback())
        self.asked: dict[str, float] = {}
        self.now = 0.0
        self.flight: tuple[str, Wanted] | None = None
        self.device_a: float | None = None
        self.known = False

    @rule(source=st.sampled_from(["csms", "ems"]), amperes=st.one_of(st.none(), st.floats(0, 40)))
    def limit(self, source: str, amperes: float | None) -> None:
        self.limits.set(source, amperes)
        self.asked.pop(source, None)
        if amperes is not None:
            self.asked[source] = amperes

    @rule(allowed=st.sampled_from([True, False, None]), paused=st.booleans())
    def wish(self, allowed: bool | None, paused: bool) -> None:
        self.control.permitted, self.control.paused = allowed, paused

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.flight is None)
    @rule(enabled=st.sampled_from([True, False, None]), limit=st.one_of(st.none(), st.floats(0, 40)))
    def look(self, enabled: bool | None, limit: float | None) -> None:
        now_offered = self.limits.offer()
        action, wanted = (
            self.control.next_action(now_offered, enabled, limit, self.now),
            self.control.wanted(now_offered),
        )
        if action is None:
            return
        assert wanted is not None
        most = min([32.0, *self.asked.values()])
        assert action == "pause" or (
            0 < wanted.limit_a <= most and self.control.permitted and not self.control.paused
        )
        self.control.begun(wanted)
        self.flight = action, wanted

    @precondition(lambda self: self.flight is not None)
    @rule(works=st.booleans())
    def land(self, works: bool) -> None:
        assert self.flight is not None
        (action, wanted), self.flight = self.flight, None
        if works:
            self.control.done(wanted, self.now)
            self.device_a = 0.0 if action == "pause" else wanted.limit_a
        else:
            self.control.failed(wanted, self.now)

    @precondition(lambda self: self.flight is None)
    @rule()
    def lose(self) -> None:
        self.control.forget()
        self.device_a = None

    @invariant()
    def what_counts_as_told_is_what_the_device_does(self) -> None:
        if self.control.told is not None and self.device_a is not None:
            assert math.isclose(self.control.told.limit_a, self.device_a)

    @precondition(lambda self: self.flight is None and self.control.permitted is not None)
    @rule()
    def in_the_end_the_device_does_what_is_wanted(self) -> None:
        """Whatever happened before: with time and a device that works, nothing stays pending."""
        self.now += 1000.0
        now_offered = self.limits.offer()
        action, wanted = (
            self.control.next_action(now_offered, None, None, self.now),
            self.control.wanted(now_offered),
        )
        assert wanted is not None
        if action is not None:
            self.control.begun(wanted)
            self.control.done(wanted, self.now)
            self.device_a = 0.0 if action == "pause" else wanted.limit_a
        assert not self.control.pending(now_offered)
        assert self.control.told == wanted


TestControlled = Controlled.TestCase
