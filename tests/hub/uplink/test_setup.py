"""What a station is told of the configuration."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub.blueprint.compile import load_blueprint
from hub.blueprint.testing import example_inputs
from hub.clock import ManualClock
from hub.config.settings import ChargerSettings, CsmsSettings, FirmwareSettings, HubSettings
from hub.integration.loader import load_codec
from hub.logs import Diary
from hub.ocpp.station.station import Station
from hub.ocpp.station.urls import BadUrl
from hub.shipped import shipped
from hub.uplink.installer import CommandInstaller
from hub.uplink.jobs import NoInstaller
from hub.uplink.setup import default_problems, desk, station_setup

MAPPING = load_blueprint("keba/p30", {"host": "192.0.2.1"}, (shipped("blueprints"),), load_codec)
CHARGER = ChargerSettings("garage", "Garage", "keba/p30", {"host": "192.0.2.1"})


def test_without_a_csms_and_tokens_everybody_may_charge() -> None:
    setup = station_setup(CHARGER, MAPPING, {}, frozenset())
    assert (setup.csms, setup.free, setup.facts["Identity"]) == (False, True, "garage")


@pytest.mark.parametrize(
    ("url", "place", "good"),
    [
        ("wss://csms.example/ocpp", "https://csms.example/x", True),
        ("wss://csms.example/ocpp", "http://127.0.0.1/x", False),
        ("ws://127.0.0.1:9000", "http://localhost/x", True),
        ("ws://localhost:9000", "ftp://127.0.0.1/x", True),
    ],
)
def test_a_csms_on_this_machine_may_send_the_hub_to_this_machine(url: str, place: str, good: bool) -> None:
    csms = CsmsSettings(url, "garage", security_profile=0)
    reach = station_setup(replace(CHARGER, csms=csms), MAPPING, {}, frozenset({"k"})).reach
    if good:
        reach.check(place)
    else:
        with pytest.raises(BadUrl):
            reach.check(place)


def test_a_certificate_that_is_none_is_left_to_the_link_to_tell(tmp_path: Path) -> None:
    binary = tmp_path / "ca.der"
    binary.write_bytes(b"\x30\x82\xff\xfe")
    csms = CsmsSettings("wss://csms.example", "garage", security_profile=3, ca=binary, cert=tmp_path / "none")
    setup = station_setup(replace(CHARGER, csms=csms), MAPPING, {}, frozenset())
    station = Station(setup, {}, (), ManualClock().now())
    assert station.upkeep.certificates.listed("CSMSRootCertificate") == []
    assert not station.upkeep.client_certificate.available(ManualClock().now())


def test_only_a_command_of_the_configuration_installs(tmp_path: Path) -> None:
    assert isinstance(desk(HubSettings(state_dir=tmp_path), Diary()).installer, NoInstaller)
    with_command = HubSettings(state_dir=tmp_path, firmware=FirmwareSettings(("install",)))
    assert isinstance(desk(with_command, Diary()).installer, CommandInstaller)


@pytest.mark.parametrize(("phases", "said", "known"), [(1, None, "1"), (3, None, "3"), (1, "3", "3")])
def test_the_phases_of_the_supply_are_known_to_ocpp(phases: int, said: str | None, known: str) -> None:
    search = (shipped("blueprints"),)
    mapping = load_blueprint("echonet/ev_charger", {"host": "auto", "phases": phases}, search, load_codec)
    defaults = {} if said is None else {"SupplyPhases": said}
    csms = CsmsSettings("ws://csms.example", "garage", defaults=defaults)
    setup = station_setup(replace(CHARGER, csms=csms), mapping, {}, frozenset())
    assert setup.defaults["SupplyPhases"] == known
    assert "SupplyPhases" not in station_setup(CHARGER, MAPPING, {}, frozenset()).defaults


def test_the_voltage_of_the_supply_is_known_to_ocpp() -> None:
    mapping = load_blueprint("echonet/ev_charger", {"host": "auto"}, (shipped("blueprints"),), load_codec)
    assert station_setup(CHARGER, mapping, {}, frozenset()).voltage == 200
    assert station_setup(CHARGER, MAPPING, {}, frozenset()).voltage == 230


def test_first_values_that_cannot_be_are_told_and_no_password_is_shown() -> None:
    defaults = {"OCPPCommCtrlr.HeartbeatInterval": "60", "SecurityCtrlr.BasicAuthPassword": "", "Xyz": "1"}
    csms = CsmsSettings(
        "ws://h", "a", defaults=defaults, places={"SecurityCtrlr.BasicAuthPassword": "evhub.yaml:1:2"}
    )
    assert default_problems(csms) == [
        "evhub.yaml:1:2: csms.defaults.SecurityCtrlr.BasicAuthPassword: *** is no value of it",
        "ws://h: csms.defaults.Xyz: OCPP has no such variable here",
    ]
    assert default_problems(None) == []


def test_a_station_offers_what_its_charger_can_be_metered_for() -> None:
    setup = station_setup(CHARGER, MAPPING, {}, frozenset())
    assert "SoC" not in setup.measurands
    assert "Power.Active.Export" not in setup.measurands
    usual = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"
    assert setup.defaults["TxUpdatedMeasurands"] == usual
    said = CsmsSettings("wss://csms.example", "garage", defaults={"TxUpdatedMeasurands": "SoC"})
    assert (
        station_setup(replace(CHARGER, csms=said), MAPPING, {}, frozenset()).defaults["TxUpdatedMeasurands"]
        == "SoC"
    )


@pytest.mark.parametrize("path", ["wallbox/quasar", "echonet/ev_charger_discharger", "sigenergy/evdc"])
def test_a_charger_that_takes_energy_from_cars_is_metered_for_both_ways(path: str) -> None:
    inputs = example_inputs(path, (shipped("blueprints"),))
    mapping = load_blueprint(path, inputs, (shipped("blueprints"),), load_codec)
    setup = station_setup(CHARGER, mapping, {}, frozenset())
    assert {"Power.Active.Import", "Power.Active.Export"} <= set(setup.measurands)


@pytest.mark.parametrize(
    ("versions", "known"),
    [(("ocpp2.0.1", "ocpp1.6"), True), (("ocpp1.6", "ocpp2.1"), True), (("ocpp1.6",), False)],
)
def test_monitors_look_before_the_csms_has_been_there(versions: tuple[str, ...], known: bool) -> None:
    csms = CsmsSettings("wss://csms.example", "garage", versions=versions)
    setup = station_setup(replace(CHARGER, csms=csms), MAPPING, {}, frozenset())
    assert (setup.readings is not None) is known


def test_a_charger_that_watches_for_the_hub_may_pause_while_that_restarts() -> None:
    search = (shipped("blueprints"),)
    path = "tinkerforge/warp"
    unwatched = load_blueprint(path, example_inputs(path, search), search, load_codec)
    assert "TxResumptionTimeout" not in station_setup(CHARGER, unwatched, {}, frozenset()).defaults
    assert station_setup(CHARGER, MAPPING, {}, frozenset()).defaults["TxResumptionTimeout"] == "300"
