"""What counts as proof; the whole of an action on the wire is in test_device.py."""

import pytest

from hub.model.entity import Scalar
from integrations.echonet_lite.actions import VERIFY_S, alike


@pytest.mark.parametrize(
    ("read", "wanted", "same"),
    [
        (16.0, 16.0, True),
        (16.0, 16.04, True),
        (16.0, 16.1, False),
        (2998, 3000, True),
        (2990, 3000, False),
        ("charge", "charge", True),
        ("standby", "charge", False),
        (None, 16.0, False),
    ],
)
def test_a_value_that_was_rounded_is_still_the_one_that_was_written(
    read: Scalar, wanted: Scalar, same: bool
) -> None:
    """A tenth of an ampere is a step; a thousandth of a power is the device's own arithmetic."""
    assert alike(read, wanted) is same


def test_the_last_look_is_seven_seconds_after_the_answer() -> None:
    """Rule 24."""
    assert VERIFY_S == (0.0, 1.0, 4.0, 7.0)
