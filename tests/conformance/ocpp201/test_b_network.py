"""2.0.1 blocks A and B: where the station connects to, and how securely."""

from typing import Any

import pytest

from hub.ocpp.station.network import Attempt
from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.authority import Authority

V = "2.0.1"
URL, OTHER = "ws://csms.example/ocpp", "ws://other.example/ocpp"
ROOT = Authority("CSMS root")


def connected(**more: Any) -> Bench:
    bench = Bench(V, **{"url": URL, "security_profile": 1, **more})
    succeed(bench)
    return bench


@pytest.fixture
def booted() -> Bench:
    return connected()


def profile(bench: Bench, slot: int = 2, **more: Any) -> str:
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": OTHER,
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
        **more,
    }
    asked = {"configurationSlot": slot, "connectionData": data}
    return str(bench.ask("SetNetworkProfile", asked)["status"])


def prefer(bench: Bench, priority: str) -> str:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    asked = {"setVariableData": [{**variable, "attributeValue": priority}]}
    return str(bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"])


def attempt(bench: Bench) -> Attempt:
    return bench.station.upkeep.network.attempt(bench.clock.now())


def succeed(bench: Bench) -> None:
    bench.station.upkeep.network.succeeded(bench.clock.now())


def fail(bench: Bench, times: int = 3, reason: str = "") -> None:
    for _ in range(times):
        bench.station.upkeep.network.failed(reason, "", bench.clock.now())


def trust(bench: Bench) -> None:
    asked = {"certificateType": "CSMSRootCertificate", "certificate": ROOT.pem}
    assert bench.ask("InstallCertificate", asked)["status"] == "Accepted"


def active(bench: Bench) -> str:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "ActiveNetworkProfile"}}
    (told,) = bench.ask("GetVariables", {"getVariableData": [variable]})["getVariableResult"]
    return str(told["attributeValue"])


# Security profiles


@case("TC_A_19_CS", "A05.FR.04", "A05.FR.05", "A05.FR.06")
def test_the_security_profile_goes_up_and_the_lower_ones_go(booted: Bench) -> None:
    trust(booted)
    assert profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=2) == "Accepted"
    assert prefer(booted, "2") == "Accepted"
    booted.ask("Reset", {"type": "OnIdle"})
    assert (attempt(booted).url, attempt(booted).security_profile) == ("wss://csms.example", 2)
    succeed(booted)
    assert prefer(booted, "1") == "Rejected"
    assert booted.station.variables.int("SecurityProfile") == 2


@case("TC_A_20_CS", "A05.FR.02")
def test_without_a_root_there_is_no_tls(booted: Bench) -> None:
    profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=2)
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_A_21_CS", "A05.FR.03")
def test_without_a_certificate_of_its_own_there_is_no_profile_3(booted: Bench) -> None:
    trust(booted)
    profile(booted, ocppCsmsUrl="wss://csms.example", securityProfile=3)
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_A_22_CS", "B09.FR.04")
def test_the_security_profile_never_goes_down() -> None:
    bench = connected(url="wss://csms.example", security_profile=2)
    assert profile(bench, securityProfile=1) == "Rejected"


# Profiles of networks


@case("TC_B_43_CS", "B09.FR.02")
def test_a_network_that_cannot_be_had_is_refused(booted: Bench) -> None:
    apn = {"apn": "internet", "apnAuthentication": "AUTO"}
    for wrong in (
        {"ocppCsmsUrl": "nonsense"},
        {"ocppTransport": "SOAP"},
        {"ocppVersion": "OCPP15"},
        {"apn": apn},
    ):
        assert profile(booted, **wrong) == "Rejected"
    assert profile(booted, slot=99) == "Rejected"
    assert prefer(booted, "2,1") == "Rejected"


@case("TC_B_45_CS", "B09.FR.01", "B10.FR.01", "B10.FR.04", "B10.FR.06")
def test_the_station_moves_to_another_network(booted: Bench) -> None:
    assert profile(booted) == "Accepted"
    assert prefer(booted, "2,1") == "Accepted"
    assert attempt(booted).url == URL
    booted.ask("Reset", {"type": "OnIdle"})
    assert attempt(booted).url == OTHER
    succeed(booted)
    assert active(booted) == "2"


@case("TC_B_46_CS", "B10.FR.03", "B10.FR.04")
def test_the_second_network_is_tried_when_the_first_fails(booted: Bench) -> None:
    profile(booted)
    prefer(booted, "2,1")
    booted.ask("Reset", {"type": "OnIdle"})
    fail(booted, times=2)
    assert attempt(booted).slot == "2"
    fail(booted, times=1)
    assert attempt(booted).url == URL
    succeed(booted)
    assert active(booted) == "1"


@case("TC_B_49_CS", "B10.FR.07")
def test_when_all_networks_fail_the_one_that_worked_is_taken_up_again(booted: Bench) -> None:
    profile(booted)
    profile(booted, 3, ocppCsmsUrl="ws://third.example")
    prefer(booted, "2,3")
    booted.ask("Reset", {"type": "OnIdle"})
    fail(booted, times=3)
    assert attempt(booted).slot == "3"
    fail(booted, times=3)
    assert attempt(booted).url == URL


@case("TC_B_50_CS", "M05.FR.13")
def test_a_new_csms_is_trusted_by_its_installed_root() -> None:
    bench = connected(url="wss://csms.example", security_profile=2)
    trust(bench)
    profile(bench, ocppCsmsUrl="wss://new.example", securityProfile=2)
    assert prefer(bench, "2,1") == "Accepted"
    bench.ask("Reset", {"type": "OnIdle"})
    assert (attempt(bench).url, attempt(bench).roots) == ("wss://new.example", (ROOT.pem,))
    succeed(bench)
    assert active(bench) == "2"


# One root after the other


@pytest.fixture
def checked() -> Bench:
    """The old root is installed, and the additional check of roots is on."""
    defaults = {"AdditionalRootCertificateCheck": "true"}
    bench = connected(url="wss://csms.example", security_profile=2, defaults=defaults)
    trust(bench)
    succeed(bench)
    return bench


def install(bench: Bench, pem: str) -> str:
    asked = {"certificateType": "CSMSRootCertificate", "certificate": pem}
    return str(bench.ask("InstallCertificate", asked)["status"])


def roots(bench: Bench) -> int:
    answer = bench.ask("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
    return len(answer["certificateHashDataChain"])


@case("TC_M_09_CS", "M05.FR.09", "M05.FR.10", "M05.FR.11")
def test_only_a_root_that_the_old_one_has_signed_can_follow_it(checked: Bench) -> None:
    assert install(checked, Authority("Stranger").pem) == "Rejected"
    assert roots(checked) == 1
    assert install(checked, ROOT.successor().pem) == "Accepted"


@case("TC_M_30_CS", "M05.FR.12", "M05.FR.13")
def test_the_old_root_goes_when_the_new_one_has_worked(checked: Bench) -> None:
    following = ROOT.successor()
    install(checked, following.pem)
    assert roots(checked) == 2
    assert attempt(checked).roots == (following.pem,)
    succeed(checked)
    assert roots(checked) == 1
    checked.power_loss()
    assert attempt(checked).roots == (following.pem,)


@case("TC_M_31_CS", "M05.FR.14")
def test_the_old_root_is_tried_when_the_new_one_does_not_fit(checked: Bench) -> None:
    following = ROOT.successor()
    install(checked, following.pem)
    checked.power_loss()
    fail(checked, 1, "certificate")
    assert attempt(checked).roots == (ROOT.pem,)
    succeed(checked)
    assert roots(checked) == 2
    assert attempt(checked).roots == (following.pem,)


@case("TC_B_47_CS", "B10.FR.07", "M05.FR.15", "M05.FR.16")
def test_back_at_the_old_csms_the_old_root_is_trusted(checked: Bench) -> None:
    following = ROOT.successor()
    install(checked, following.pem)
    profile(checked, ocppCsmsUrl="wss://new.example", securityProfile=2)
    assert prefer(checked, "2") == "Accepted"
    checked.ask("Reset", {"type": "OnIdle"})
    for _ in range(3):
        assert (attempt(checked).url, attempt(checked).roots) == ("wss://new.example", (following.pem,))
        fail(checked, 1, "certificate")
    assert (attempt(checked).url, attempt(checked).roots) == ("wss://csms.example", (ROOT.pem,))
    succeed(checked)
    assert roots(checked) == 2
