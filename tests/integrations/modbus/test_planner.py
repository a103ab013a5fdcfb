"""Blocks from points: few requests, and never a register that must not be read."""

import pytest

from integrations.modbus.planner import forbidden


def test_forbidden_registers_are_addresses_and_ranges() -> None:
    assert forbidden([730, "740-742"]) == {730, 740, 741, 742}
    with pytest.raises(ValueError, match="730-740"):
        forbidden(["all"])
