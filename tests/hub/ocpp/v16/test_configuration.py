"""1.6: GetConfiguration and ChangeConfiguration."""

from typing import Any

import pytest

from hub.model.charger import Abilities
from hub.ocpp.station.effects import Keep
from tests.hub.ocpp.world import World


def get(world: World, *keys: str) -> Any:
    return world.ask("GetConfiguration", {"key": list(keys)} if keys else {})


def test_keys_compare_without_case_and_are_told_once() -> None:
    assert get(World("1.6"), "heartbeatinterval", "HeartbeatInterval") == {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
    }


def test_only_unknown_keys_leave_the_other_list_out() -> None:
    assert get(World("1.6"), "Foo", "Foo", "Bar") == {"unknownKey": ["Foo", "Bar"]}


def test_all_keys_are_told_when_none_is_named() -> None:
    told = {item["key"]: item for item in get(World("1.6", evses=2))["configurationKey"]}
    assert told["NumberOfConnectors"] == {"key": "NumberOfConnectors", "readonly": True, "value": "2"}
    assert "value" not in told["AuthorizationKey"]
    assert all(len(item.get("value", "")) <= 500 for item in told.values())


def test_the_feature_profiles_are_those_that_there_are() -> None:
    (told,) = get(World("1.6", abilities=Abilities()), "SupportedFeatureProfiles")["configurationKey"]
    assert told["value"] == "Core,FirmwareManagement,LocalAuthListManagement,Reservation,RemoteTrigger"


def test_more_keys_than_allowed_are_an_error() -> None:
    assert get(World("1.6"), *(str(n) for n in range(101))) == "OccurrenceConstraintViolation"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("ClockAlignedDataInterval", "900", "Accepted"),
        ("ClockAlignedDataInterval", "-1", "Rejected"),
        ("ClockAlignedDataInterval", "86401", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("MeterValuesSampledData", ",".join(["Energy.Reactive.Export.Interval"] * 15), "Rejected"),
        ("Nothing", "1", "NotSupported"),
    ],
)
def test_a_change_is_answered_by_what_became_of_it(key: str, value: str, status: str) -> None:
    world = World("1.6")
    assert world.ask("ChangeConfiguration", {"key": key, "value": value}) == {"status": status}
    kept = [effect for effect in world.effects if isinstance(effect, Keep) and effect.kind == "variable"]
    assert bool(kept) is (status == "Accepted")
