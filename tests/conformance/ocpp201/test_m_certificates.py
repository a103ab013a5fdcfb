"""2.0.1 block M: the certificates that a CSMS installs, finds and deletes."""

from typing import Any

import pytest

from tests.conformance.bench import Bench
from tests.conformance.cases import case
from tests.hub.ocpp.authority import Authority

V = "2.0.1"
CSMS, MAKER = "CSMSRootCertificate", "ManufacturerRootCertificate"
ROOT, FACTORY = Authority("CSMS root"), Authority("Maker root")


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


@pytest.fixture
def both(booted: Bench) -> Bench:
    """A CSMS's root and a maker's are installed."""
    install(booted, CSMS, ROOT.pem)
    install(booted, MAKER, FACTORY.pem)
    return booted


def install(bench: Bench, use: str, pem: str) -> str:
    return str(bench.ask("InstallCertificate", {"certificateType": use, "certificate": pem})["status"])


def installed(bench: Bench, *uses: str) -> tuple[str, list[dict[str, Any]]]:
    answer = bench.ask("GetInstalledCertificateIds", {"certificateType": list(uses)} if uses else {})
    return answer["status"], answer.get("certificateHashDataChain", [])


def serials(bench: Bench, *uses: str) -> dict[str, str]:
    status, found = installed(bench, *uses)
    assert status == "Accepted"
    return {one["certificateType"]: one["certificateHashData"]["serialNumber"] for one in found}


def serial(authority: Authority) -> str:
    return f"{authority.certificate.serial_number:x}"


@case("TC_M_01_CS", "M05.FR.01", "M05.FR.02")
def test_a_csms_s_root_is_installed(booted: Bench) -> None:
    assert install(booted, CSMS, ROOT.pem) == "Accepted"
    booted.power_loss()
    assert serials(booted, CSMS) == {CSMS: serial(ROOT)}


@case("TC_M_02_CS", "M05.FR.01", "M05.FR.02")
def test_a_maker_s_root_is_installed(booted: Bench) -> None:
    assert install(booted, MAKER, FACTORY.pem) == "Accepted"
    assert serials(booted, MAKER) == {MAKER: serial(FACTORY)}


@case("TC_M_07_CS", "M05.FR.01", "M05.FR.07")
def test_what_is_no_good_root_is_refused(booted: Bench) -> None:
    for pem in ("nonsense", Authority(days=-1).pem, Authority(ca=False).pem):
        assert install(booted, CSMS, pem) == "Rejected"
    assert installed(booted) == ("NotFound", [])


@case("TC_M_12_CS", "M03.FR.01", "M03.FR.03", "M03.FR.04")
def test_the_csms_s_roots_are_told_alone(both: Bench) -> None:
    assert serials(both, CSMS) == {CSMS: serial(ROOT)}


@case("TC_M_13_CS", "M03.FR.01", "M03.FR.03", "M03.FR.04")
def test_the_maker_s_roots_are_told_alone(both: Bench) -> None:
    assert serials(both, MAKER) == {MAKER: serial(FACTORY)}


@case("TC_M_17_CS", "M03.FR.01", "M03.FR.03", "M03.FR.04")
def test_roots_of_two_uses_are_told_together(both: Bench) -> None:
    assert serials(both, CSMS, MAKER) == {CSMS: serial(ROOT), MAKER: serial(FACTORY)}


@case("TC_M_18_CS", "M03.FR.01", "M03.FR.03", "M03.FR.04")
def test_all_are_told_when_no_use_is_named(both: Bench) -> None:
    assert serials(both) == {CSMS: serial(ROOT), MAKER: serial(FACTORY)}


@case("TC_M_19_CS", "M03.FR.01", "M03.FR.02")
def test_a_use_without_certificates_has_none(both: Bench) -> None:
    assert installed(both, "V2GRootCertificate") == ("NotFound", [])


@case("TC_M_20_CS", "M04.FR.01", "M04.FR.02")
def test_a_root_is_deleted(both: Bench) -> None:
    ((_, (found,)),) = [installed(both, MAKER)]
    named = {"certificateHashData": found["certificateHashData"]}
    assert both.ask("DeleteCertificate", named) == {"status": "Accepted"}
    assert serials(both) == {CSMS: serial(ROOT)}


@case("TC_M_22_CS", "M04.FR.01", "M04.FR.04")
def test_a_root_there_is_not_cannot_be_deleted(both: Bench) -> None:
    _, (found,) = installed(both, MAKER)
    other = {**found["certificateHashData"], "serialNumber": "1"}
    assert both.ask("DeleteCertificate", {"certificateHashData": other}) == {"status": "NotFound"}
    assert len(serials(both)) == 2


@case("TC_M_23_CS", "M04.FR.01", "M04.FR.06")
def test_the_station_s_own_certificate_cannot_be_deleted(booted: Bench) -> None:
    install(booted, CSMS, ROOT.pem)
    booted.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    csr = booted.told("SignCertificate")[0]["csr"]
    own = ROOT.issue(csr)
    assert booted.ask("CertificateSigned", {"certificateChain": own}) == {"status": "Accepted"}
    kept = booted.station.upkeep.client_certificate.current(booted.clock.now())
    assert kept
    _, (root,) = installed(booted, CSMS)
    named = {**root["certificateHashData"], "serialNumber": f"{kept.leaf.serial_number:x}"}
    assert booted.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Failed"}
