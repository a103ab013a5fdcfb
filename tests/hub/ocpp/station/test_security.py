"""A04: security events are logged, and told when they must be, whatever happens in between."""

import math

import pytest

from hub.ocpp.station.calls import NOTICE_S
from hub.ocpp.station.effects import Happened
from hub.ocpp.station.security import LOG_ENTRIES, REPLAYS, SELDOM_S, WITHIN_S
from tests.hub.ocpp.world import PLUGGED, World


def told(world: World) -> list[str]:
    return [payload["type"] for action, payload in world.sent if action == "SecurityEventNotification"]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_start_is_told_after_registration(version: str) -> None:
    world = World(version, boot=False)
    world.connect()
    assert world.actions()[0] == "BootNotification"
    assert told(world) == ["StartupOfTheDevice"]


def test_an_event_while_the_csms_is_away_is_kept_over_a_restart() -> None:
    world = World()
    world.disconnect()
    world.station.upkeep.security.happened("TamperDetectionActivated", world.clock.now(), "lid")
    world.pump()
    world.restart()
    world.connect()
    assert told(world) == ["TamperDetectionActivated", "StartupOfTheDevice"]
    assert not [key for key in world.memory if key[0] == "notice"]


def test_what_is_not_critical_is_only_logged() -> None:
    world = World()
    world.station.upkeep.security.happened("InvalidMessages", world.clock.now())
    world.pump()
    assert told(world) == []
    assert world.station.upkeep.security.lines()[-1].endswith("InvalidMessages")
    assert world.last(Happened).details["security_event"] == "InvalidMessages"


def test_an_unanswered_event_is_told_again_and_given_up_at_last() -> None:
    world = World()
    world.answers["SecurityEventNotification"] = "Timeout"
    world.station.upkeep.security.happened("MemoryExhaustion", world.clock.now())
    world.pump()
    world.advance(599)  # each try holds everything else up
    assert told(world) == ["MemoryExhaustion"]
    world.advance(4000)
    assert told(world) == ["MemoryExhaustion"] * 5


def test_an_answer_to_an_event_is_not_waited_for_as_long_as_to_others() -> None:
    world = World()
    world.held = True
    world.station.upkeep.security.happened("MemoryExhaustion", world.clock.now())
    world.pump()
    event = world.station.next(world.clock.now())
    assert event is not None
    assert (event.action, event.patience_s) == ("SecurityEventNotification", NOTICE_S)
    world.station.state(1, PLUGGED, world.clock.now())
    status = world.station.next(world.clock.now())
    assert status is not None
    assert (status.action, status.patience_s) == ("StatusNotification", math.inf)


def test_an_event_that_is_answered_too_late_is_not_told_again() -> None:
    world = World()
    world.answers["SecurityEventNotification"] = "hold"
    world.station.upkeep.security.happened("MemoryExhaustion", world.clock.now())
    world.pump()
    assert world.outstanding is not None
    (ref, _, _), world.outstanding = world.outstanding, None
    world.station.failed(ref, "Timeout", world.clock.now())
    world.station.answered_late(ref)
    world.advance(4000)
    assert told(world) == ["MemoryExhaustion"]


def test_a_csms_without_the_message_is_not_asked_again() -> None:
    world = World("1.6")
    world.answers["SecurityEventNotification"] = "NotImplemented"
    world.station.upkeep.security.happened("MemoryExhaustion", world.clock.now())
    world.pump()
    world.advance(1000)
    assert told(world) == ["MemoryExhaustion"]


def test_the_same_failed_connection_is_one_event_until_one_succeeds() -> None:
    world = World()
    security, now = world.station.upkeep.security, world.clock.now()
    for _ in range(3):
        security.until_connected("InvalidTLSVersion", now, "TLS 1.1")
    security.connected()
    security.until_connected("InvalidTLSVersion", now, "TLS 1.1")
    world.pump()
    assert told(world) == ["InvalidTLSVersion"] * 2


def test_the_log_rolls_and_is_kept() -> None:
    world = World()
    for number in range(LOG_ENTRIES + 5):
        world.station.upkeep.security.happened("InvalidMessages", world.clock.now(), str(number))
    world.pump()
    assert len([key for key in world.memory if key[0] == "security_log"]) == LOG_ENTRIES
    world.restart()
    lines = world.station.upkeep.security.lines()
    assert len(lines) == LOG_ENTRIES
    assert lines[-2].endswith(str(LOG_ENTRIES + 4))


def test_1_6_has_its_own_names_for_some() -> None:
    world = World("1.6")
    world.station.upkeep.security.happened("InvalidCsmsCertificate", world.clock.now())
    world.pump()
    assert told(world) == ["InvalidCentralSystemCertificate"]


def test_without_a_csms_nothing_waits_to_be_told() -> None:
    world = World(boot=False, csms=False)
    world.pump()
    assert not [key for key in world.memory if key[0] == "notice"]


def test_a_reset_is_told() -> None:
    world = World()
    world.ask("Reset", {"type": "Immediate"})
    world.disconnect()
    world.connect()
    assert "ResetOrReboot" in told(world)


def test_a_new_password_is_logged_without_the_password() -> None:
    world = World()
    world.station.control.set_variable("Password", "a-secret-of-16-or-more", world.clock.now())
    lines = "\n".join(world.station.upkeep.security.lines())
    assert "BasicAuthPassword" in lines
    assert "a-secret" not in lines


def logged(world: World, event: str) -> int:
    return sum(event in line for line in world.station.upkeep.security.lines())


def test_what_comes_again_and_again_is_logged_once_in_a_while() -> None:
    world = World()
    for _ in range(5):
        world.station.upkeep.security.seldom("InvalidMessages", world.clock.now(), "x")
        world.clock.advance(SELDOM_S / 4)
    assert logged(world, "InvalidMessages") == 2


def test_many_repetitions_in_a_short_time_are_an_attempted_replay() -> None:
    world = World()
    for _ in range(REPLAYS):
        world.station.upkeep.security.replayed(world.clock.now(), "again")
    world.clock.advance(WITHIN_S + 1)
    world.station.upkeep.security.replayed(world.clock.now(), "again")
    assert logged(world, "AttemptedReplayAttacks") == 0
    for _ in range(3 * REPLAYS):
        world.station.upkeep.security.replayed(world.clock.now(), "again")
    assert logged(world, "AttemptedReplayAttacks") == 1


def test_a_clock_that_was_set_is_told() -> None:
    world = World()
    world.answers["Heartbeat"] = {"currentTime": "2026-02-01T00:00:00Z"}
    world.advance(300)
    assert told(world) == ["SettingSystemTime"]
