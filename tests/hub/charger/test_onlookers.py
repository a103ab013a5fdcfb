"""Who is told of other limits than the CSMS's."""

from hub.charger.evse import Evse
from hub.charger.limits import CIRCUIT, CSMS, Fallback, Outside
from hub.charger.onlookers import Onlookers
from hub.model.charger import Abilities, Ratings


def test_only_what_is_new_is_told_and_nothing_of_the_csms() -> None:
    evse = Evse(1, Abilities(), Ratings(), Fallback())
    onlookers, told = Onlookers({1: evse}), list[tuple[int, Outside | None]]()
    evse.limits.set("ems", 10.0)
    end = onlookers.watch(lambda number, outside: told.append((number, outside)))
    onlookers.tell(1)
    evse.limits.set(CSMS, 8.0)
    evse.limits.set(CIRCUIT, 0.0)
    onlookers.tell(1)
    evse.limits.set("ems", None)
    onlookers.tell(1)
    end()
    evse.limits.set("ems", 12.0)
    onlookers.tell(1)
    assert told == [(1, Outside("ems", 10.0, None)), (1, None)]


def test_a_circuit_counts_while_it_restrains_a_car() -> None:
    evse = Evse(1, Abilities(), Ratings(), Fallback())
    onlookers, told = Onlookers({1: evse}), list[tuple[int, Outside | None]]()
    onlookers.watch(lambda number, outside: told.append((number, outside)))
    evse.limits.set(CIRCUIT, 10.0)
    evse.restrained = evse.control.permitted = True
    onlookers.tell(1)
    evse.control.permitted = False
    onlookers.tell(1)
    assert told == [(1, Outside(CIRCUIT, 10.0, None)), (1, None)]
