"""What is read when: polls, and announcements that must prove themselves."""

from integrations.echonet_lite.schedule import MISSED, NEVER, Schedule

POWER, PLUG, MODEL = 0xD3, 0xC7, 0x8C


def schedule(**more: bool) -> Schedule:
    made = Schedule({POWER: 5.0, PLUG: 5.0, MODEL: 0.0}, {PLUG}, **more)
    made.read(made.due(0.0), (), 0.0)
    return made


def test_everything_is_read_once_and_then_by_its_group() -> None:
    assert sorted(Schedule({POWER: 5.0, MODEL: 0.0}).due(0.0)) == [MODEL, POWER]
    made = schedule()
    assert not made.due(4.9)
    assert sorted(made.due(5.0)) == [PLUG, POWER]
    assert made.next() == 5.0


def test_what_was_announced_is_read_at_once() -> None:
    made = schedule()
    assert made.heard([PLUG], 1.0)
    assert made.due(1.0) == [PLUG]
    assert made.next() < 1.0
    made.read([PLUG], [PLUG], 1.0)
    assert not made.due(1.0)


def test_what_is_announced_is_polled_only_to_be_sure() -> None:
    """Rule 23: properties of 9D at a slow rate, the others at the full one."""
    made = schedule()
    made.heard([PLUG], 1.0)
    made.read([PLUG], [PLUG], 1.0)
    assert made.due(59.0) == [POWER]
    assert sorted(made.due(61.1)) == [PLUG, POWER]


def test_polling_may_be_forced() -> None:
    """Rule 23."""
    made = schedule(force_polling=True)
    made.heard([PLUG], 1.0)
    made.read([PLUG], [PLUG], 1.0)
    assert PLUG in made.due(6.1)


def test_a_change_that_nobody_announced_takes_the_trust_away() -> None:
    """Rule 23."""
    made = schedule()
    made.heard([PLUG], 1.0)
    made.read([PLUG], [PLUG], 1.0)
    made.read([PLUG], [PLUG], 61.0)
    assert made.pushed
    made.read([POWER], [POWER], 66.0)
    assert not made.pushed
    made.read([PLUG], [], 66.0)
    assert PLUG in made.due(71.1)


def test_a_poll_that_is_faster_than_its_announcement_proves_nothing() -> None:
    """Rule 23."""
    made = schedule()
    made.read([PLUG], [PLUG], 5.0)
    made.heard([PLUG], 5.5)
    made.read([PLUG], [], 5.5)
    made.read([POWER], [], 15.0)
    assert made.missed == 0


def test_changes_without_announcements_are_counted() -> None:
    """Rule 23: that is how multicast that doesn't work is noticed."""
    made = schedule()
    for turn in range(1, 4):
        made.read([PLUG, POWER], [PLUG, POWER], 5.0 * turn)
    assert made.missed >= MISSED


def test_a_value_that_never_rests_is_counted_too() -> None:
    """Rule 23."""
    made = schedule()
    for second in range(12):
        made.read([PLUG], [PLUG], float(second))
    assert made.missed >= MISSED


def test_what_we_set_ourselves_needs_no_announcement() -> None:
    made = schedule()
    made.wrote([PLUG], 4.0)
    for turn in range(1, 4):
        made.read([PLUG], [PLUG], 5.0 * turn)
    assert made.missed == 0


def test_all_share_one_grid() -> None:
    made = Schedule({POWER: 1.0})
    made.read([POWER], (), 10.013)
    assert made.next() == 11.0 or abs(made.next() / 0.05 - round(made.next() / 0.05)) < 1e-6


def test_nothing_to_read_is_never() -> None:
    assert Schedule({}).next() == NEVER
