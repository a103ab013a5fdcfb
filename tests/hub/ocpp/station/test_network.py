"""A01, A05, B09, B10: where the station connects to, and how, after each success and failure."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Reconnect
from hub.ocpp.station.network import Attempt
from hub.ocpp.station.urls import Reach
from tests.hub.ocpp.authority import Authority
from tests.hub.ocpp.world import World

URL = "ws://csms.example/ocpp"
OTHER = "ws://other.example/ocpp"


def profile(**more: Any) -> dict[str, Any]:
    return {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": OTHER,
        "messageTimeout": 20,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
        **more,
    }


def world(**more: Any) -> World:
    return World(**{"url": URL, "security_profile": 1, **more})


def set_slot(made: World, slot: int = 2, **more: Any) -> str:
    asked = {"configurationSlot": slot, "connectionData": profile(**more)}
    return str(made.ask("SetNetworkProfile", asked)["status"])


def prefer(made: World, priority: str) -> str:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    asked = {"setVariableData": [{**variable, "attributeValue": priority}]}
    return str(made.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"])


def attempt(made: World) -> Attempt:
    return made.station.upkeep.network.attempt(made.clock.now())


def succeed(made: World) -> None:
    made.station.upkeep.network.succeeded(made.clock.now())
    made.pump()


def fail(made: World, times: int = 1, reason: str = "") -> None:
    for _ in range(times):
        made.station.upkeep.network.failed(reason, "words", made.clock.now())
    made.pump()


def trust(made: World) -> None:
    asked = {"certificateType": "CSMSRootCertificate", "certificate": Authority().pem}
    assert made.ask("InstallCertificate", asked)["status"] == "Accepted"


def test_the_station_migrates_at_the_reset_and_stays_over_a_restart() -> None:
    made = world()
    succeed(made)
    assert set_slot(made) == "Accepted"
    assert prefer(made, "2,1") == "Accepted"
    assert attempt(made).slot == "1"
    made.ask("Reset", {"type": "Immediate"})
    assert made.last(Reconnect) is not None
    assert (attempt(made).slot, attempt(made).url) == ("2", OTHER)
    assert attempt(made).subprotocols == ("ocpp2.0.1",)
    succeed(made)
    assert made.station.variables.int("MessageTimeout") == 20
    made.restart()
    assert attempt(made).slot == "2"


def test_each_entry_has_its_attempts_then_the_last_good_one_is_taken_up_again() -> None:
    made = world()
    succeed(made)
    set_slot(made)
    set_slot(made, 3, ocppCsmsUrl="ws://third.example")
    prefer(made, "2,3")
    made.ask("Reset", {"type": "Immediate"})
    seen = []
    for _ in range(8):
        seen.append(attempt(made).slot)
        fail(made)
    assert seen == ["2", "2", "2", "3", "3", "3", "1", "1"]


def test_without_any_success_the_round_begins_again() -> None:
    made = world()
    fail(made, 3)
    assert attempt(made).slot == "1"


def test_a_lost_connection_is_come_back_to() -> None:
    made = world()
    set_slot(made)
    prefer(made, "2,1")
    made.ask("Reset", {"type": "Immediate"})
    fail(made, 3)
    succeed(made)
    assert attempt(made).slot == "1"
    fail(made, 20)
    assert attempt(made).slot == "1"


@pytest.mark.parametrize(
    "changes",
    [
        {"securityProfile": 0},
        {"securityProfile": 4},
        {"securityProfile": 2},  # without TLS
        {"ocppCsmsUrl": "http://other.example"},
        {"ocppCsmsUrl": "ws://169.254.169.254/latest"},
        {"ocppCsmsUrl": "ws://127.0.0.1:1883"},
        {"ocppCsmsUrl": "ws://[::ffff:127.0.0.1]:1883"},
        {"ocppCsmsUrl": "ws://localhost"},
        {"ocppTransport": "SOAP"},
        {"ocppVersion": "OCPP15"},
        {"messageTimeout": -1},
        {"apn": {"apn": "internet", "apnAuthentication": "AUTO"}},
    ],
)
def test_a_profile_that_cannot_be_followed_is_rejected(changes: dict[str, Any]) -> None:
    made = world()
    assert set_slot(made, **changes) == "Rejected"
    assert prefer(made, "2,1") == "Rejected"


def test_an_unknown_slot_is_rejected() -> None:
    assert set_slot(world(), 9) == "Rejected"


def test_hosts_that_are_configured_may_be_local() -> None:
    made = world(reach=Reach(frozenset({"127.0.0.1"})))
    assert set_slot(made, ocppCsmsUrl="ws://127.0.0.1:9000") == "Accepted"


@pytest.mark.parametrize("security", [2, 3])
def test_no_upgrade_without_a_root_and_for_3_a_certificate(security: int) -> None:
    made = world()
    set_slot(made, ocppCsmsUrl="wss://other.example", securityProfile=security)
    assert prefer(made, "2") == "Rejected"
    trust(made)
    assert prefer(made, "2") == ("Rejected" if security == 3 else "Accepted")


def test_after_an_upgrade_there_is_no_way_back() -> None:
    made = world()
    succeed(made)
    trust(made)
    set_slot(made, ocppCsmsUrl="wss://other.example", securityProfile=2)
    prefer(made, "2,1")
    made.ask("Reset", {"type": "Immediate"})
    assert attempt(made).security_profile == 2
    assert len(attempt(made).roots) == 1
    succeed(made)
    assert made.station.variables.text("NetworkConfigurationPriority") == "2"
    assert made.station.variables.int("SecurityProfile") == 2
    made.restart()
    assert attempt(made).url == "wss://other.example"
    assert made.station.upkeep.network.security_profile == 2
    made.connect()
    assert set_slot(made, 3) == "Rejected"


def test_a_person_who_changes_the_configuration_goes_before_the_csms() -> None:
    made = world()
    set_slot(made, 1)
    made.restart()
    assert attempt(made).url == OTHER
    again = World(url="ws://third.example", security_profile=0, boot=False)
    again.memory = made.memory
    again.restart()
    assert (attempt(again).url, attempt(again).security_profile) == ("ws://third.example", 0)


def change(made: World, key: str, value: str) -> str:
    return str(made.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


def test_1_6_raises_its_profile_and_goes_back_when_that_fails() -> None:
    made = World("1.6", url=URL, security_profile=1)
    assert change(made, "SecurityProfile", "0") == "Rejected"
    assert change(made, "SecurityProfile", "2") == "Rejected"
    asked = {"certificateType": "CentralSystemRootCertificate", "certificate": Authority().pem}
    made.ask("InstallCertificate", asked)
    assert change(made, "SecurityProfile", "2") == "Accepted"
    assert made.last(Reconnect) is not None
    assert (attempt(made).url, attempt(made).security_profile) == ("wss://csms.example/ocpp", 2)
    fail(made, 3)
    assert (attempt(made).url, attempt(made).security_profile) == (URL, 1)
    change(made, "SecurityProfile", "2")
    succeed(made)
    made.restart()
    assert attempt(made).url == "wss://csms.example/ocpp"
    made.connect()
    told = made.ask("GetConfiguration", {"key": ["SecurityProfile"]})["configurationKey"][0]
    assert told == {"key": "SecurityProfile", "readonly": False, "value": "2"}
    assert change(made, "SecurityProfile", "1") == "Rejected"


def test_a_refused_password_gives_way_to_the_one_before_and_to_the_configured() -> None:
    made = world()
    first, second = "first-password-1", "second-password-2"
    for password in (first, second):
        made.station.control.set_variable("Password", password, made.clock.now())
    seen = []
    for _ in range(4):
        seen.append(attempt(made).password)
        fail(made, reason="unauthorized")
    assert seen == [second, first, None, second]


def test_a_password_that_worked_forgets_the_one_before() -> None:
    made = world()
    for password in ("first-password-1", "second-password-2"):
        made.station.control.set_variable("Password", password, made.clock.now())
    made.pump()
    made.restart()
    succeed(made)
    fail(made, reason="unauthorized")
    assert attempt(made).password is None
    assert ("network", "previous password") not in made.memory


@pytest.mark.parametrize(
    ("reason", "event"),
    [
        ("certificate", "InvalidCsmsCertificate"),
        ("version", "InvalidTLSVersion"),
        ("cipher", "InvalidTLSCipherSuite"),
    ],
)
def test_a_failed_handshake_is_a_security_event_once(reason: str, event: str) -> None:
    made = world()
    made.disconnect()
    fail(made, 3, reason)
    made.connect()
    told = [p["type"] for a, p in made.sent if a == "SecurityEventNotification"]
    assert told == [event]
