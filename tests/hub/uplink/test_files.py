"""A CSMS's file requests, from its CALL to the file server and back."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.ocpp.station.urls import Reach
from hub.uplink.jobs import Desk, Jobs
from tests.hub.ocpp.authority import Authority
from tests.hub.uplink.fileserver import http_server
from tests.hub.uplink.sftpserver import sftp_server
from tests.hub.uplink.world import SETUP, World

HERE = Reach(frozenset({"127.0.0.1"}))
IMAGE = b"new firmware" * 10_000


class Installer:
    def __init__(self) -> None:
        self.installed: list[tuple[bytes, bool]] = []

    async def install(self, file: Path, sha256: str, *, signed: bool) -> None:
        self.installed.append((file.read_bytes(), signed))


def site(folder: Path, **more: Any) -> World:
    return World(folder, setup=replace(SETUP, reach=HERE, **more))


async def statuses(world: World, last: str) -> list[str]:
    """What is told until `last` is."""
    told: list[str] = []
    while last not in told:
        action, payload = await world.exchange()
        if action != "StatusNotification":  # an EVSE is unavailable meanwhile
            told.append(payload["status"])
    return told


async def test_a_log_arrives_at_the_file_server(tmp_path: Path) -> None:
    with http_server() as server:
        async with site(tmp_path) as world:
            world.uplink._hands._jobs = Jobs("garage", HERE, Desk(tmp_path / "firmware"))
            await world.boot()
            log = {"remoteLocation": f"http://127.0.0.1:{server.port}/logs/"}
            answer = await world.ask("GetLog", {"logType": "SecurityLog", "requestId": 3, "log": log})
            assert await statuses(world, "Uploaded") == ["Uploading", "Uploaded"]
    ((method, path, _, body),) = server.stored
    assert (method, path) == ("PUT", f"/logs/{answer['filename']}")
    assert b"StartupOfTheDevice" in body


async def test_firmware_comes_from_the_file_server_and_is_installed(tmp_path: Path) -> None:
    maker, installer = Authority(), Installer()
    key, certificate = maker.signer()
    with http_server() as server:
        server.content["/fw.bin"] = IMAGE
        async with site(tmp_path) as world:
            world.uplink._hands._jobs = Jobs("garage", HERE, Desk(tmp_path / "firmware", installer=installer))
            await world.boot()
            root = {"certificateType": "ManufacturerRootCertificate", "certificate": maker.pem}
            assert (await world.ask("InstallCertificate", root, "1"))["status"] == "Accepted"
            firmware = {
                "location": f"http://127.0.0.1:{server.port}/fw.bin",
                "retrieveDateTime": "2026-01-01T00:00:00Z",
                "signingCertificate": certificate,
                "signature": base64.b64encode(key.sign(IMAGE, ec.ECDSA(hashes.SHA256()))).decode(),
            }
            asked = {"requestId": 4, "firmware": firmware}
            assert (await world.ask("UpdateFirmware", asked, "2"))["status"] == "Accepted"
            whole = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
            assert await statuses(world, "Installed") == whole
            await world.quiet()
    assert installer.installed == [(IMAGE, True)]
    assert list((tmp_path / "firmware").iterdir()) == []


async def test_a_log_goes_to_a_server_whose_host_key_is_known(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with sftp_server(tmp_path / "served") as server:
        key = server.known_as(f"[127.0.0.1]:{server.port}")
        async with site(tmp_path) as world:
            world.uplink._hands._jobs = Jobs("garage", HERE, Desk(tmp_path / "firmware"), (key,))
            await world.boot()
            log = {"remoteLocation": f"sftp://evhub:secret@127.0.0.1:{server.port}/"}
            answer = await world.ask("GetLog", {"logType": "DiagnosticsLog", "requestId": 3, "log": log})
            assert await statuses(world, "Uploaded") == ["Uploading", "Uploaded"]
            world.uplink._hands._jobs = Jobs("garage", HERE, Desk(tmp_path / "firmware"))
            await world.ask("GetLog", {"logType": "DiagnosticsLog", "requestId": 4, "log": log}, "2")
            assert await statuses(world, "UploadFailure") == ["Uploading", "UploadFailure"]
    assert b"station garage" in (tmp_path / "served" / answer["filename"]).read_bytes()
