"""How old each value is."""

from collections.abc import Mapping

from hub.charger.ages import ages
from hub.model.command import Outcome
from tests.hub.charger.world import ACTIONS, READINGS, Device, World


class Polled(Device):
    @property
    def read_at(self) -> Mapping[tuple[str, int], float]:
        return {("serial", 0): 40.0, ("power", 1): 99.5, ("energy", 2): 95.004, ("lock_mode", 2): 101.0}


def test_each_value_has_its_age_under_its_key_in_the_state() -> None:
    assert ages(Polled(2, ACTIONS, READINGS), 100.0) == {
        "1": {"serial": 60.0, "power": 0.5},
        "2": {"serial": 60.0, "energy_total": 5.0, "lock_mode": 0.0},
    }


async def test_who_does_not_note_its_reads_has_no_ages() -> None:
    result = await World().command("ages")
    assert (result.outcome, result.result) == (Outcome.ACCEPTED, {"ages": {}})
