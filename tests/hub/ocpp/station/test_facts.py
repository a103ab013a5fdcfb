"""Settings that follow from what the charger is."""

from hub.model.charger import Abilities
from hub.ocpp.station.facts import told
from tests.hub.ocpp.world import World


def test_a_charger_that_takes_no_limit_offers_no_smart_charging() -> None:
    station = World("1.6", abilities=Abilities()).station
    always = "Core,FirmwareManagement,LocalAuthListManagement,Reservation"
    assert told(station, "FeatureProfiles") == f"{always},RemoteTrigger"
    assert told(station, "SmartChargingAvailable") == "false"
    assert told(World("1.6").station, "FeatureProfiles") == f"{always},SmartCharging,RemoteTrigger"


def test_the_connectors_are_counted_unless_the_hub_says_otherwise() -> None:
    assert told(World(evses=2).station, "ConnectorCount") == "2"
    assert told(World(evses=2, facts={"ConnectorCount": "3"}).station, "ConnectorCount") == "3"
    assert told(World().station, "SupplyPhases") == "3"
