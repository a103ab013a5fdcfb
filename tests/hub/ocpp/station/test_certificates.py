"""M03 to M05: what may be installed, how it is named, and what may be deleted."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from hub.ocpp.station.upkeep_variables import MAX_CERTIFICATES
from hub.ocpp.station.x509 import hash_data
from hub.ocpp.v201.certificates import hash_words
from tests.hub.ocpp.authority import Authority
from tests.hub.ocpp.world import World

CSMS, MAKER = "CSMSRootCertificate", "ManufacturerRootCertificate"


def install(world: World, pem: str, use: str = CSMS) -> str:
    return str(world.ask("InstallCertificate", {"certificateType": use, "certificate": pem})["status"])


def hashes_of(world: World, *uses: str) -> list[dict[str, str]]:
    answer = world.ask("GetInstalledCertificateIds", {"certificateType": list(uses)} if uses else {})
    return [chain["certificateHashData"] for chain in answer.get("certificateHashDataChain", [])]


def test_a_root_is_installed_named_and_kept_over_a_restart() -> None:
    world, root = World(), Authority()
    assert install(world, root.pem) == "Accepted"
    world.restart()
    world.connect()
    (named,) = hashes_of(world, CSMS)
    # The OCSP request of an independent implementation holds the same hashes.
    builder = ocsp.OCSPRequestBuilder().add_certificate(root.certificate, root.certificate, hashes.SHA256())
    request = builder.build()
    assert named == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{root.certificate.serial_number:x}",
    }


def test_the_key_of_an_rsa_root_is_hashed_alike() -> None:
    world, root = World(), Authority(bits=2048)
    install(world, root.pem)
    builder = ocsp.OCSPRequestBuilder().add_certificate(root.certificate, root.certificate, hashes.SHA256())
    assert hashes_of(world)[0]["issuerKeyHash"] == builder.build().issuer_key_hash.hex()


@pytest.mark.parametrize(
    "pem",
    [
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        Authority(days=-1).pem,
        Authority(ca=False).pem,
        Authority(bits=1024).pem,
        Authority().issue(
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .sign(Authority().key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
            .decode()
        ),
    ],
    ids=["text", "broken", "expired", "no authority", "weak key", "a leaf"],
)
def test_what_is_no_good_root_is_rejected(pem: str) -> None:
    world = World()
    assert install(world, pem) == "Rejected"
    assert hashes_of(world) == []


def test_iso_15118_roots_are_rejected_and_not_found() -> None:
    world = World()
    assert install(world, Authority().pem, "V2GRootCertificate") == "Rejected"
    asked = {"certificateType": ["V2GRootCertificate", "MORootCertificate"]}
    assert world.ask("GetInstalledCertificateIds", asked) == {"status": "NotFound"}


def test_the_same_root_again_replaces_itself() -> None:
    world, root = World(), Authority()
    assert [install(world, root.pem), install(world, root.pem)] == ["Accepted", "Accepted"]
    assert len(hashes_of(world)) == 1


def test_the_uses_are_listed_apart_and_together() -> None:
    world = World()
    install(world, Authority("A").pem)
    install(world, Authority("B").pem, MAKER)
    assert (len(hashes_of(world, CSMS)), len(hashes_of(world, MAKER)), len(hashes_of(world))) == (1, 1, 2)


def test_the_store_has_an_end_which_the_device_model_tells() -> None:
    world = World()
    pems = [Authority(str(number)).pem for number in range(MAX_CERTIFICATES + 1)]
    assert [install(world, pem) for pem in pems] == ["Accepted"] * MAX_CERTIFICATES + ["Rejected"]
    asked = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "CertificateEntries"}}
    answer = world.ask("GetVariables", {"getVariableData": [asked]})
    assert answer["getVariableResult"][0]["attributeValue"] == str(MAX_CERTIFICATES)


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_a_certificate_is_deleted_by_any_hash(algorithm: str) -> None:
    world, root = World(), Authority()
    install(world, root.pem)
    kind = getattr(hashes, algorithm)()
    request = ocsp.OCSPRequestBuilder().add_certificate(root.certificate, root.certificate, kind).build()
    wanted = {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex().upper(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{root.certificate.serial_number:X}",
    }
    assert world.ask("DeleteCertificate", {"certificateHashData": wanted}) == {"status": "Accepted"}
    assert world.ask("DeleteCertificate", {"certificateHashData": wanted}) == {"status": "NotFound"}
    world.restart()
    assert len(world.station.upkeep.certificates) == 0


def test_the_last_root_that_the_connection_needs_stays() -> None:
    world = World(url="wss://csms.example", security_profile=2)
    first, second = Authority("first"), Authority("second")
    install(world, first.pem)
    install(world, second.pem)
    status = [
        world.ask("DeleteCertificate", {"certificateHashData": named})["status"] for named in hashes_of(world)
    ]
    assert status == ["Accepted", "Failed"]


def test_1_6_has_the_same_store_under_its_own_names() -> None:
    world, root = World("1.6"), Authority()
    assert install(world, root.pem, "CentralSystemRootCertificate") == "Accepted"
    asked = {"certificateType": "CentralSystemRootCertificate"}
    answer = world.ask("GetInstalledCertificateIds", asked)
    assert answer["status"] == "Accepted"
    (named,) = answer["certificateHashData"]
    assert world.ask("GetInstalledCertificateIds", {"certificateType": MAKER}) == {"status": "NotFound"}
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Accepted"}


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_configured_roots_are_told_and_stay(version: str) -> None:
    root = Authority()
    world = World(version, roots=(root.pem,))
    use = "CentralSystemRootCertificate" if version == "1.6" else CSMS
    asked = {"certificateType": use if version == "1.6" else [use]}
    answer = world.ask("GetInstalledCertificateIds", asked)
    listed = answer.get("certificateHashData") or [
        one["certificateHashData"] for one in answer["certificateHashDataChain"]
    ]
    (named,) = listed
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Failed"}
    assert install(world, root.pem, use) == "Accepted"
    assert world.ask("GetInstalledCertificateIds", asked) == answer
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Accepted"}
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Failed"}


def test_a_root_that_is_deleted_leaves_its_place_to_the_one_before_and_not_to_anybody() -> None:
    world = World(defaults={"AdditionalRootCertificateCheck": "true"}, security_profile=2)
    first = Authority("first")
    second = first.successor("second")
    assert [install(world, root.pem) for root in (first, second)] == ["Accepted", "Accepted"]
    named = hash_words(hash_data(second.certificate, first.certificate))
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Accepted"}
    assert install(world, Authority("somebody").pem) == "Rejected"
    assert world.station.upkeep.network.roots == (first.pem,)
    assert install(world, first.successor("third").pem) == "Accepted"
