"""Messages that the CSMS must get: in order, each until it is answered, whatever comes in between."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.clock import ManualClock
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.messages import Raw
from hub.ocpp.station.notices import MOST, Notices
from hub.ocpp.station.reports import FirmwareStatus, SecurityEvent

ATTEMPTS, INTERVAL_S = 3, 10.0


class Site:
    """Notices and what is on disk of them; `got` is what the CSMS has answered."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.disk: dict[str, Any] = {}
        self.got: list[str] = []
        self.added = 0
        self.restart()

    def restart(self) -> None:
        self.notices = Notices(dict(self.disk), self.keep)
        self.flying: tuple[int, Any] | None = None

    def keep(self, effect: Any) -> None:
        assert isinstance(effect, Keep)
        if effect.body is None:
            del self.disk[effect.key]
        else:
            self.disk[effect.key] = effect.body

    def add(self) -> None:
        self.notices.add(SecurityEvent(str(self.added), "now"))
        self.added += 1

    def send(self) -> None:
        due = self.notices.due(self.clock.now())
        if due is not None and self.flying is None:
            self.flying = due
            self.notices.sent(due[0])

    def answer(self) -> None:
        if self.flying is not None:
            number, notice = self.flying
            self.got.append(notice.event)
            self.flying = None
            self.notices.answered(number)

    def fail(self, code: str) -> None:
        if self.flying is not None:
            number, self.flying = self.flying[0], None
            self.notices.failed(number, code, self.clock.now(), attempts=ATTEMPTS, interval_s=INTERVAL_S)

    def lose(self) -> None:
        self.fail("Disconnected")
        self.notices.cut_off()

    def wait(self) -> None:
        self.clock.advance(ATTEMPTS * INTERVAL_S)


STEPS = ("add", "send", "answer", "lose", "restart", "wait")


@given(st.lists(st.sampled_from(STEPS), max_size=60))
def test_a_lost_connection_and_a_restart_lose_and_double_nothing(steps: list[str]) -> None:
    site = Site()
    for step in steps:
        getattr(site, step)()
        assert len(site.disk) == site.added - len(site.got)
    while site.disk:
        site.send()
        site.answer()
    assert site.got == [str(number) for number in range(site.added)]


@given(st.lists(st.sampled_from((*STEPS, "time-out")), max_size=60))
def test_the_order_is_kept_even_where_one_is_given_up(steps: list[str]) -> None:
    site = Site()
    for step in steps:
        if step == "time-out":
            site.fail("Timeout")
        else:
            getattr(site, step)()
    assert [int(event) for event in site.got] == sorted({int(event) for event in site.got})


def test_one_that_fails_is_given_up_after_its_attempts_and_waits_in_between() -> None:
    site = Site()
    site.add()
    site.add()
    for number in range(ATTEMPTS):
        site.send()
        site.fail("InternalError")
        if number < ATTEMPTS - 1:
            assert site.notices.due(site.clock.now()) is None
            assert site.notices.deadline() == site.clock.now().mono + INTERVAL_S * (number + 1)
            site.wait()
    site.send()
    site.answer()
    assert site.got == ["1"]


def test_a_csms_that_does_not_know_the_message_is_not_asked_again() -> None:
    site = Site()
    site.add()
    site.send()
    site.fail("NotImplemented")
    assert site.disk == {}


def test_what_a_csms_does_not_want_to_hear_of_one_kind_holds_no_other_kind_up() -> None:
    """CitrineOS and 1.6's SecurityEventNotification: InternalError, each time."""
    site = Site()
    site.add()
    site.send()
    site.fail("InternalError")
    site.add()
    site.notices.add(FirmwareStatus("Downloading", 1))
    due = site.notices.due(site.clock.now())
    assert due is not None
    assert due[1] == FirmwareStatus("Downloading", 1)
    site.notices.sent(due[0])
    site.notices.answered(due[0])
    assert site.notices.due(site.clock.now()) is None
    assert site.notices.deadline() == site.clock.now().mono + INTERVAL_S


def test_when_there_are_too_many_the_oldest_goes() -> None:
    site = Site()
    for _ in range(MOST + 5):
        site.add()
    site.send()
    site.answer()
    assert site.got == ["5"]
    assert len(site.disk) == MOST - 1


def test_when_there_are_too_many_those_that_chatter_go_first() -> None:
    site = Site()
    site.add()
    for number in range(2 * MOST):
        site.notices.add(Raw("2.0.1", "NotifyEvent", {"seqNo": number}))
    kept = [kind for kind, _ in site.disk.values()]
    assert (kept.count("SecurityEvent"), kept.count("Raw")) == (1, MOST - 1)
    newest = max(fields["payload"]["seqNo"] for kind, fields in site.disk.values() if kind == "Raw")
    assert newest == 2 * MOST - 1
