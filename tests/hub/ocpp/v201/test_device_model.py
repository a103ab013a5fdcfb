"""2.0.1: what components and variables there are, and what they say now."""

from hub.model.charger import Abilities, Ratings
from hub.ocpp.v201.device_model import Item, items, place
from tests.hub.ocpp.world import CHARGING, IDLE, PLUGGED, World

EVSE = {"name": "EVSE", "evse": {"id": 1}}
CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}


def model(world: World) -> dict[tuple[object, ...], Item]:
    return {item.place: item for item in items(world.station, world.clock.now())}


def value(world: World, component: dict[str, object], name: str) -> str:
    return model(world)[place(component, {"name": name})].value


def test_no_variable_is_there_twice() -> None:
    world = World(evses=2)
    assert len(model(world)) == len(list(items(world.station, world.clock.now())))


def test_what_the_spec_requires_of_station_evse_and_connector_is_there() -> None:
    world = World(evses=2)
    station = {"name": "ChargingStation"}
    for component, names in (
        (station, ("Available", "AvailabilityState", "SupplyPhases")),
        ({"name": "EVSE", "evse": {"id": 2}}, ("Available", "AvailabilityState", "SupplyPhases", "Power")),
        (CONNECTOR, ("Available", "AvailabilityState", "SupplyPhases", "ConnectorType")),
        ({"name": "ClockCtrlr"}, ("DateTime", "TimeSource")),
    ):
        for name in names:
            assert place(component, {"name": name}) in model(world)


def test_the_power_says_the_most_that_there_can_be() -> None:
    world = World(ratings=Ratings(max_current=16.0))
    power = model(world)[place(EVSE, {"name": "Power"})].report()
    assert power["variableCharacteristics"]["maxLimit"] == 11040  # type: ignore[index]
    single = World(ratings=Ratings(max_current=16.0), defaults={"SupplyPhases": "1"})
    assert model(single)[place(EVSE, {"name": "Power"})].most == 3680


def test_live_values_follow_the_charger() -> None:
    world = World()
    assert value(world, EVSE, "AvailabilityState") == "Available"
    world.state(PLUGGED)
    assert value(world, CONNECTOR, "AvailabilityState") == "Occupied"
    world.state(CHARGING)
    assert value(world, EVSE, "Power") == "11000.0"
    world.state({**IDLE, "status": "faulted", "power": None})
    assert value(world, EVSE, "AvailabilityState") == "Faulted"
    assert value(world, EVSE, "Problem") == "true"
    assert value(world, EVSE, "Power") == ""
    world.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert value(world, {"name": "ChargingStation"}, "AvailabilityState") == "Unavailable"


def test_a_password_is_write_only_and_never_told() -> None:
    world = World(defaults={"Password": "0123456789abcdef"})
    secret = model(world)[place({"name": "SecurityCtrlr"}, {"name": "BasicAuthPassword"})].report()
    assert secret["variableAttribute"] == [{"type": "Actual", "mutability": "WriteOnly", "persistent": True}]


def test_bounds_and_members_are_told() -> None:
    said = model(World())
    interval = said[place({"name": "AlignedDataCtrlr"}, {"name": "Interval"})].report()
    assert interval["variableCharacteristics"] == {
        "dataType": "integer",
        "supportsMonitoring": True,
        "unit": "s",
        "minLimit": 0,
        "maxLimit": 86400,
    }
    start = said[place({"name": "TxCtrlr"}, {"name": "TxStartPoint"})].report()
    assert start["variableCharacteristics"] == {
        "dataType": "MemberList",
        "supportsMonitoring": True,
        "valuesList": "EVConnected,Authorized,PowerPathClosed,EnergyTransfer",
    }


def test_what_a_charger_leaves_no_choice_of_can_only_be_read() -> None:
    """A cable that can't be unlocked can't be unlocked when the car lets go, either."""
    fixed = World(abilities=Abilities(frozenset({"start", "pause"})))
    unlock = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "UnlockOnEVSideDisconnect"}}
    item = model(fixed)[place(unlock["component"], unlock["variable"])].report()
    assert item["variableAttribute"][0]["mutability"] == "ReadOnly"  # type: ignore[index]
    for value in ("true", "false"):
        (told,) = fixed.ask("SetVariables", {"setVariableData": [{**unlock, "attributeValue": value}]})[
            "setVariableResult"
        ]
        assert told["attributeStatusInfo"] == {"reasonCode": "ReadOnly"}


def test_a_station_goes_out_of_service_when_its_last_transaction_has_ended() -> None:
    world, station = World(), {"name": "ChargingStation"}
    world.state(PLUGGED)
    world.swipe()
    world.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert value(world, station, "AvailabilityState") == "Available"
    world.swipe()
    assert value(world, station, "AvailabilityState") == "Unavailable"


def test_profiles_are_counted() -> None:
    world = World()
    component, variable = {"name": "SmartChargingCtrlr"}, {"name": "Entries", "instance": "ChargingProfiles"}
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]}
        ],
    }
    assert model(world)[place(component, variable)].value == "0"
    world.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
    item = model(world)[place(component, variable)]
    assert (item.value, item.most) == ("1", 20)


def test_where_everybody_may_charge_nobody_needs_to_be_authorized() -> None:
    assert value(World(), {"name": "AuthCtrlr"}, "Enabled") == "true"
    assert value(World(free=True), {"name": "AuthCtrlr"}, "Enabled") == "false"
