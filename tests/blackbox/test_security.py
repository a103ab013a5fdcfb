"""Passwords, TLS, certificates, security profiles."""

import asyncio
from pathlib import Path

import pytest

from tests.blackbox.authority import Authority
from tests.blackbox.conftest import Start
from tests.blackbox.csms import Csms, Payload
from tests.blackbox.site import Site

pytestmark = [pytest.mark.blackbox, pytest.mark.soak]
PASSWORD, NEXT = "correct horse battery", "0123456789abcdef0123456789abcdef01234567"


async def install(it: Site, kind: str, pem: str) -> str:
    answer = await it.csms.call("InstallCertificate", certificateType=kind, certificate=pem)
    return str(answer["status"])


async def installed(it: Site, kind: str) -> list[Payload]:
    if it.newer:
        answer = await it.csms.call("GetInstalledCertificateIds", certificateType=[kind])
        return [each["certificateHashData"] for each in answer.get("certificateHashDataChain", [])]
    answer = await it.csms.call("GetInstalledCertificateIds", certificateType=kind)
    return list(answer.get("certificateHashData", []))


async def root_of_csms(it: Site) -> str:
    return "CSMSRootCertificate" if it.newer else "CentralSystemRootCertificate"


async def test_basic_auth(new: Start, version: str) -> None:
    server = Csms((version,), password=PASSWORD)
    async with new(station=server, csms={"password": PASSWORD}) as it:
        await it.boot()
        assert server.refused == 0
        if it.newer:
            assert await it.get("SecurityCtrlr.SecurityProfile") == "1"
            assert await it.set("SecurityCtrlr.BasicAuthPassword", NEXT) == "Accepted"
        else:
            assert await it.set("AuthorizationKey", NEXT) in ("Accepted", "RebootRequired")
        server.password = NEXT
        it.wire.set("down")
        await it.csms.gone()
        it.csms.aside.add("BootNotification")
        it.wire.set("up")
        await it.csms.connected(within=30)


async def test_a_wrong_password_is_tried_with_patience(new: Start, version: str) -> None:
    server = Csms((version,), password="another one entirely")
    async with new(station=server, csms={"password": PASSWORD}) as it:
        await it.until(lambda: server.refused >= 2, within=40, says="another try")
        assert server.refused < 12
        server.password = PASSWORD
        await it.boot()


async def test_tls_with_an_authority_of_our_own(new: Start, version: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = Csms((version,), password=PASSWORD, tls=authority.server())
    async with new(station=server, csms={"password": PASSWORD, "ca": str(authority.file)}) as it:
        await it.boot()
        name = "SecurityCtrlr.SecurityProfile" if it.newer else "SecurityProfile"
        assert await it.get(name) == "2"


async def test_a_csms_that_nobody_vouches_for_is_not_spoken_to(
    new: Start, version: str, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    stranger = Authority(tmp_path, "Stranger")
    server = Csms((version,), password=PASSWORD, tls=stranger.server())
    async with new(station=server, csms={"password": PASSWORD, "ca": str(authority.file)}) as it:
        await it.until(lambda: it.wire.opened, within=25, says="a connection")
        await asyncio.sleep(2)
        assert server.connections == 0
        server.tls = authority.server()
        await server.stop()
        await server.start()
        await it.boot()
        await it.csms.expect(
            "SecurityEventNotification",
            within=5,
            type="InvalidCsmsCertificate" if it.newer else "InvalidCentralSystemCertificate",
        )


async def test_roots_come_and_go(new: Start, version: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with new() as it:
        await it.boot()
        kind = await root_of_csms(it)
        assert await installed(it, kind) == []
        assert await install(it, kind, authority.pem) == "Accepted"
        found = await installed(it, kind)
        wanted = authority.hashes()
        assert [{k: v.lower() for k, v in each.items()} for each in found] == [
            {k: v.lower() for k, v in wanted.items()}
        ]
        assert (
            await install(it, kind, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            == "Rejected"
        )
        answer = await it.csms.call("DeleteCertificate", certificateHashData=found[0])
        assert answer["status"] == "Accepted"
        answer = await it.csms.call("DeleteCertificate", certificateHashData=found[0])
        assert answer["status"] == "NotFound"
        assert await installed(it, kind) == []


async def test_a_certificate_is_signed_and_used(new: Start, version: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = Csms((version,), password=PASSWORD, tls=authority.server())
    async with new(station=server, csms={"password": PASSWORD, "ca": str(authority.file)}) as it:
        await it.boot()
        organization = "SecurityCtrlr.OrganizationName" if it.newer else "CpoName"
        assert await it.set(organization, "Blackbox") == "Accepted"
        trigger = "SignChargingStationCertificate" if it.newer else "SignChargePointCertificate"
        action = "TriggerMessage" if it.newer else "ExtendedTriggerMessage"
        assert (await it.csms.call(action, requestedMessage=trigger))["status"] == "Accepted"
        said = await it.csms.expect("SignCertificate")
        chain = authority.sign(said["csr"])
        stranger = Authority(tmp_path, "Stranger").sign(said["csr"])
        assert (await it.csms.call("CertificateSigned", certificateChain=stranger))["status"] == "Rejected"
        answer = await it.csms.call("CertificateSigned", certificateChain=chain)
        assert answer["status"] == "Accepted"
        it.csms.aside |= {"BootNotification", "SignCertificate"}
        assert it.csms.connection is not None


async def test_the_security_profile_goes_up_and_never_down(new201: Start, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    safe = Csms(("ocpp2.0.1",), password=PASSWORD, tls=authority.server())
    async with safe, new201(csms={"password": PASSWORD}) as it:
        await it.boot()
        assert await install(it, "CSMSRootCertificate", authority.pem) == "Accepted"
        data: Payload = {
            "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": f"wss://127.0.0.1:{safe.port}/ocpp",
            "messageTimeout": 30, "securityProfile": 2, "ocppInterface": "Wired0",
        }  # fmt: skip
        assert (await it.csms.call("SetNetworkProfile", configurationSlot=2, connectionData=data))[
            "status"
        ] == "Accepted"
        low = data | {"securityProfile": 0, "ocppCsmsUrl": "ws://127.0.0.1:1/ocpp"}
        answer = await it.csms.call("SetNetworkProfile", configurationSlot=3, connectionData=low)
        assert answer["status"] == "Rejected"  # A05.FR.02
        assert await it.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") in (
            "Accepted",
            "RebootRequired",
        )
        assert (await it.csms.call("Reset", type="OnIdle"))["status"] == "Accepted"
        await safe.expect("BootNotification", within=30, reason="RemoteReset")
        it.csms.forget()


async def test_the_security_profile_goes_up_by_its_key(new16: Start) -> None:
    async with new16(csms={"password": PASSWORD}, station=Csms(("ocpp1.6",), password=PASSWORD)) as it:
        await it.boot()
        assert await it.get("SecurityProfile") == "1"
        assert await it.set("SecurityProfile", 0) == "Rejected"
        assert await it.set("SecurityProfile", 2) == "Rejected"  # no root to verify it with
        await it.csms.silence(1)
