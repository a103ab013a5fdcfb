"""Files by SFTP, and who is believed to be the server."""

import asyncio
import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from hub.ocpp.station.urls import Reach
from hub.uplink import over_sftp, transfer
from hub.uplink.reaching import Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, send
from tests.hub.uplink.sftpserver import SftpServer, sftp_server

HERE = Reach(frozenset({"127.0.0.1", "localhost"}))
IMAGE = bytes(range(256)) * 4000


@pytest.fixture
def served(tmp_path: Path) -> Path:
    (tmp_path / "served" / "logs").mkdir(parents=True)
    (tmp_path / "served" / "fw.bin").write_bytes(IMAGE)
    return tmp_path / "served"


@pytest.fixture
def sftp(served: Path) -> Iterator[SftpServer]:
    with sftp_server(served) as server:
        yield server


def way(*host_keys: str, reach: Reach = HERE) -> Way:
    return Way(reach, (), Halt(), host_keys)


def knowing(server: SftpServer) -> Way:
    return way(server.known_as(f"[localhost]:{server.port}"))


def place(server: SftpServer) -> str:
    return f"sftp://evhub:secret@localhost:{server.port}"


def test_files_are_fetched_and_stored(sftp: SftpServer, served: Path, tmp_path: Path) -> None:
    using = knowing(sftp)
    digest = fetch(f"{place(sftp)}/fw.bin", tmp_path / "fw", using)
    assert (digest, (tmp_path / "fw").read_bytes()) == (hashlib.sha256(IMAGE).digest(), IMAGE)
    for path, name in (
        ("/logs/", "a"),
        ("/logs", "b"),
        ("/c.log", "x"),
        ("/", "d"),
        ("", "e"),
        ("/~/f", "x"),
    ):
        send(place(sftp) + path, f"{name}.log", name.encode() * 300_000, using)
    stored = {
        str(file.relative_to(served)): file.read_bytes()[:1] for file in served.rglob("*") if file.is_file()
    }
    stored.pop("fw.bin")
    assert stored == {
        "logs/a.log": b"a",
        "logs/b.log": b"b",
        "c.log": b"x",
        "d.log": b"d",
        "e.log": b"e",
        "f": b"x",
    }
    assert (served / "logs" / "a.log").stat().st_size == 300_000


def test_a_server_of_an_unknown_key_learns_no_password_and_is_named(sftp: SftpServer, tmp_path: Path) -> None:
    line = sftp.known_as(f"[localhost]:{sftp.port}")
    with pytest.raises(TransferFailed) as caught:
        fetch(f"{place(sftp)}/fw.bin", tmp_path / "fw", way())
    assert str(caught.value) == f"SFTP: the server's host key isn't in csms.host_keys: {line}"
    fetch(f"{place(sftp)}/fw.bin", tmp_path / "fw", way(line))
    assert sftp.seen == ["evhub"]


def test_a_server_with_another_key_than_the_known_one_is_none(sftp: SftpServer, tmp_path: Path) -> None:
    other = SftpServer(tmp_path).known_as(f"[localhost]:{sftp.port}")
    with pytest.raises(TransferFailed, match=r"isn't in csms\.host_keys"):
        fetch(f"{place(sftp)}/fw.bin", tmp_path / "fw", way(other))
    assert sftp.seen == []


def test_what_is_refused_has_a_reason(sftp: SftpServer, served: Path, tmp_path: Path) -> None:
    using = knowing(sftp)
    with pytest.raises(TransferFailed) as caught:
        send(f"sftp://evhub:wrong@localhost:{sftp.port}/", "a.log", b"1", using)
    assert (caught.value.reason, "wrong" in str(caught.value)) == ("PermissionDenied", False)
    with pytest.raises(TransferFailed, match="SFTP: No such file"):
        fetch(f"{place(sftp)}/none", tmp_path / "fw", using)
    with pytest.raises(TransferFailed, match="SFTP: No such file"):
        send(f"{place(sftp)}/nowhere/", "a.log", b"1", using)


def test_addresses_of_this_machine_are_not_followed(tmp_path: Path) -> None:
    with pytest.raises(TransferFailed, match=r"127\.0\.0\.1"):
        fetch("sftp://127.0.0.1/x", tmp_path / "fw", way(reach=Reach()))


def test_a_file_that_is_too_large_is_left(
    sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "LARGEST", 1000)
    with pytest.raises(TransferFailed, match="larger"):
        fetch(f"{place(sftp)}/fw.bin", tmp_path / "fw", knowing(sftp))


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_sftp, "TIMEOUT_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(TransferFailed),
    ):
        fetch(f"sftp://127.0.0.1:{silent.getsockname()[1]}/x", tmp_path / "fw", way())


class _Wedged(asyncssh.SFTPServer):
    """SSH goes on, and says so when it is asked; no file is ever opened."""

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await asyncio.Event().wait()
        return None


def test_a_server_whose_files_are_stuck_is_given_up(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_server(served, _Wedged) as server:
        using = knowing(server)
        rescue = threading.Timer(5, using.halt.halt)
        rescue.start()
        monkeypatch.setattr(over_sftp, "TIMEOUT_S", 0.5)
        with pytest.raises(TransferFailed, match="nothing has come"):
            fetch(f"{place(server)}/fw.bin", tmp_path / "fw", using)
        assert not using.halt.set
        rescue.cancel()
