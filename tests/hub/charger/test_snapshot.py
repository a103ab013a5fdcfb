"""What is shown of a reading."""

import pytest

from hub.charger.snapshot import snapshot
from hub.integration.api import EvseReading, Reading
from hub.model.charger import Status


@pytest.mark.parametrize(
    ("says", "enabled", "shown"),
    [
        (Status.SUSPENDED_EV, False, "suspended_evse"),
        (Status.SUSPENDED_EV, True, "suspended_ev"),
        (Status.SUSPENDED_EV, None, "suspended_ev"),
        (Status.FINISHING, False, "finishing"),
        (Status.CHARGING, False, "charging"),
    ],
)
def test_a_car_that_is_offered_nothing_is_not_what_suspends(
    says: Status, enabled: bool | None, shown: str
) -> None:
    state = snapshot(Reading({1: EvseReading({}, says, enabled, None)}), 1)
    assert (state["status"], state["iec_status"], state["charging_enabled"]) == (shown, _iec(says), enabled)


def _iec(status: Status) -> str:
    return {Status.CHARGING: "C"}.get(status, "B")
