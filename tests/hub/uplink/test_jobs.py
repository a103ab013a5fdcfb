"""Jobs: their ends, whatever happens to them."""

import asyncio
import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.errors import HubError
from hub.ocpp.station.effects import Done, Download, Install, Upload
from hub.ocpp.station.firmware import UNVERIFIED
from hub.ocpp.station.urls import Reach
from hub.uplink.jobs import Desk, Jobs
from tests.hub.uplink.fileserver import http_server

IMAGE = b"image"
SHA256 = hashlib.sha256(IMAGE)


class Installer:
    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.installed: list[tuple[bytes, bool]] = []

    async def install(self, file: Path, sha256: str, *, signed: bool) -> None:
        if self.problem:
            raise HubError(self.problem)
        self.installed.append((file.read_bytes(), signed))


class Diary:
    def lines(self, charger: str, oldest: datetime | None, latest: datetime | None) -> list[str]:
        return [charger, str(oldest), str(latest)]


def jobs(folder: Path, **more: Any) -> Jobs:
    return Jobs("garage", Reach(frozenset({"127.0.0.1"})), Desk(folder, **more))


async def test_firmware_is_fetched_installed_and_forgotten(tmp_path: Path) -> None:
    installer = Installer()
    made = jobs(tmp_path, installer=installer)
    with http_server() as server:
        server.content["/fw"] = IMAGE
        done = await made.run("firmware:1", Download(f"http://127.0.0.1:{server.port}/fw"))
    assert done == Done(True, file=str(tmp_path / "garage.bin"), sha256=SHA256.digest())
    install = Install(done.file, SHA256.hexdigest(), True)
    assert await made.run("firmware:2", install) == Done(True)
    assert installer.installed == [(IMAGE, True)]
    made.abandon("firmware:2")
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_changed_meanwhile_is_not_installed(tmp_path: Path) -> None:
    made = jobs(tmp_path, installer=Installer())
    (tmp_path / "garage.bin").write_bytes(b"another")
    install = Install(str(tmp_path / "garage.bin"), SHA256.hexdigest(), True)
    assert await made.run("firmware:1", install) == Done(False, UNVERIFIED)
    elsewhere = Install("/etc/passwd", SHA256.hexdigest(), True)
    assert await made.run("firmware:1", elsewhere) == Done(False, UNVERIFIED)


@pytest.mark.parametrize("more", [{}, {"installer": Installer("no room")}])
async def test_without_an_installer_or_with_one_that_fails_nothing_is_installed(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    (tmp_path / "garage.bin").write_bytes(IMAGE)
    install = Install(str(tmp_path / "garage.bin"), SHA256.hexdigest(), True)
    assert await jobs(tmp_path, **more).run("firmware:1", install) == Done(False)


async def test_uploads_carry_the_log_of_the_charger_or_a_text(tmp_path: Path) -> None:
    made = jobs(tmp_path, diary=Diary())
    with http_server() as server:
        url = f"http://127.0.0.1:{server.port}/"
        about = Upload(url, "a.log", about="about\n", oldest="2026-01-01T00:00:00Z")
        assert (await made.run("log:1", about)).good
        assert (await made.run("log:2", Upload(url, "b.log", "text"))).good
        server.answers["PUT /c.log"] = 403
        assert await made.run("log:3", Upload(url, "c.log", "text")) == Done(False, "PermissionDenied")
    oldest = datetime(2026, 1, 1, tzinfo=UTC)
    assert [body for *_, body in server.stored] == [f"about\ngarage\n{oldest}\nNone\n".encode(), b"text"]


async def test_an_abandoned_job_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fw"
        task = asyncio.create_task(made.run("firmware:1", Download(url)))
        await asked.wait()
        made.abandon("firmware:1")
        assert not (await asyncio.wait_for(task, 5)).good
    assert list(tmp_path.iterdir()) == []


async def test_a_transfer_that_breaks_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    said: list[object] = []
    monkeypatch.setattr("threading.excepthook", lambda args: said.append(args.exc_type))
    monkeypatch.setattr("hub.uplink.jobs.send", broken)
    assert await jobs(tmp_path).run("log:1", Upload("http://files.example/", "a.log", "text")) == Done(
        False, "UploadFailure"
    )
    while any(thread.name == "transfer" for thread in threading.enumerate()):
        await asyncio.sleep(0)
    assert said == [ZeroDivisionError]


async def test_the_hub_ends_without_waiting_for_a_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        begun.set()
        end.wait(10)

    monkeypatch.setattr("hub.uplink.jobs.send", slow)
    job = Upload("http://files.example/", "a.log", "text")
    task = asyncio.create_task(jobs(tmp_path).run("log:1", job))
    while not begun.is_set():
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    end.set()
