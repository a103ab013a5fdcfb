"""What a charger can do selects the certification's cases that apply to it."""

import pytest

from hub.model.charger import Abilities
from hub.ocpp.capabilities import CAPABILITIES, left_out, told
from tests.conformance.cases import VERSIONS, listed

EVERYTHING = Abilities(
    frozenset({"unlock", "reset", "reset_evse", "set_limit", "set_phases", "pause"}),
    frozenset({"energy", "rfid"}),
)


def test_a_charger_that_can_do_everything_leaves_out_what_is_for_those_that_can_not() -> None:
    assert all(has for _, has in told(EVERYTHING, 2))
    assert left_out(EVERYTHING, 2) == {
        *("TC_017_2_CS", "TC_018_2_CS", "TC_B_28_CS", "TC_B_29_CS", "TC_K_38_CS"),
    }


def test_a_charger_that_can_do_nothing_leaves_out_the_others() -> None:
    assert not any(has for _, has in told(Abilities(), 1))
    assert {"TC_K_01_CS", "TC_056_CS", "TC_B_25_CS", "TC_F_06_CS"} <= left_out(Abilities(), 1)
    assert "TC_K_38_CS" not in left_out(Abilities(), 1)


def test_every_case_that_is_selected_is_a_case() -> None:
    known = {case.number for version in VERSIONS for case in listed(version)}
    assert {case for one in CAPABILITIES for case in one.cases | one.others} <= known


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.code)
def test_no_case_is_for_both(capability: object) -> None:
    assert not capability.cases & capability.others  # type: ignore[attr-defined]
