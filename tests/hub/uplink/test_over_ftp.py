"""Files by FTP, in the clear and in TLS."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.ocpp.station.urls import Reach
from hub.uplink import over_ftp
from hub.uplink.reaching import PORTS, Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, send
from tests.hub.link.certificates import Authority
from tests.hub.uplink.ftpserver import FtpServer

HERE = Reach(frozenset({"127.0.0.1", "localhost"}))


def way(*roots: str, reach: Reach = HERE) -> Way:
    return Way(reach, roots, Halt())


@contextlib.contextmanager
def serving(**more: Any) -> Iterator[FtpServer]:
    server = FtpServer({"images/fw.bin": b"y" * 100_000}, ("logs",), **more)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def ftp() -> Iterator[FtpServer]:
    with serving() as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def within(authority: Authority, host: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue(host))
    return context


def test_files_are_fetched_and_stored(ftp: FtpServer, tmp_path: Path) -> None:
    place = f"ftp://evhub:secret@127.0.0.1:{ftp.port}"
    fetch(f"{place}/images/fw.bin", tmp_path / "fw", way())
    assert (tmp_path / "fw").stat().st_size == 100_000
    send(f"{place}/", "a.log", b"1", way())
    send(f"{place}/logs", "b.log", b"2", way())
    send(f"{place}/c.log", "d.log", b"3", way())
    assert {name: ftp.files[name] for name in ("a.log", "logs/b.log", "c.log")} == {
        "a.log": b"1",
        "logs/b.log": b"2",
        "c.log": b"3",
    }


def test_what_is_done_is_done_when_the_server_just_goes(ftp: FtpServer) -> None:
    ftp.abrupt = True
    send(f"ftp://evhub:secret@127.0.0.1:{ftp.port}/", "a.log", b"1", way())
    assert ftp.files["a.log"] == b"1"


def test_a_refusal_has_a_reason(ftp: FtpServer, tmp_path: Path) -> None:
    with pytest.raises(TransferFailed) as caught:
        send(f"ftp://evhub:wrong@127.0.0.1:{ftp.port}/", "a.log", b"1", way())
    assert caught.value.reason == "PermissionDenied"
    with pytest.raises(TransferFailed, match="550"):
        fetch(f"ftp://127.0.0.1:{ftp.port}/none", tmp_path / "fw", way())


def test_an_address_cannot_bring_a_command_of_its_own(ftp: FtpServer) -> None:
    with pytest.raises(TransferFailed):
        send(f"ftp://127.0.0.1:{ftp.port}/logs%0d%0aDELE%20fw.bin", "a.log", b"1", way())


@pytest.mark.parametrize("scheme", ["ftps", "ftpes"])
@pytest.mark.parametrize("abrupt", [False, True])
def test_tls_that_is_asked_for_covers_both_connections(
    authority: Authority, tmp_path: Path, scheme: str, abrupt: bool
) -> None:
    with serving(secure=within(authority)) as server:
        server.abrupt = abrupt
        using = way(authority.certificate.read_text())
        place = f"{scheme}://evhub:secret@localhost:{server.port}"
        fetch(f"{place}/images/fw.bin", tmp_path / "fw", using)
        send(f"{place}/logs/", "a.log", b"1" * 300_000, using)
        assert (tmp_path / "fw").read_bytes() == server.files["images/fw.bin"]
        assert server.files["logs/a.log"] == b"1" * 300_000
        assert server.logins == [True, True]


@pytest.mark.parametrize("known", [True, False])
def test_tls_from_the_first_byte_is_spoken_at_its_port_and_where_nobody_greets(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    with serving(secure=within(authority), implicit=True) as server:
        if known:
            monkeypatch.setitem(PORTS, "ftps", server.port)
        else:
            monkeypatch.setattr(over_ftp, "GREETING_S", 0.2)
        using = way(authority.certificate.read_text())
        fetch(f"ftps://localhost:{server.port}/images/fw.bin", tmp_path / "fw", using)
        send(f"ftps://localhost:{server.port}/", "a.log", b"1", using)
        assert server.files["a.log"] == b"1"
        assert server.logins == [True, True]


@pytest.mark.parametrize("implicit", [True, False])
def test_no_login_is_told_to_a_server_that_nobody_vouches_for(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, implicit: bool
) -> None:
    monkeypatch.setattr(over_ftp, "GREETING_S", 0.2)
    with serving(secure=within(authority, "elsewhere"), implicit=implicit) as server:
        url = f"ftps://evhub:secret@localhost:{server.port}/a"
        with pytest.raises(TransferFailed, match="TLS: unable to get local issuer"):
            fetch(url, tmp_path / "fw", way())
        with pytest.raises(TransferFailed, match="TLS: Hostname mismatch"):
            fetch(url, tmp_path / "fw", way(authority.certificate.read_text()))
        assert server.logins == []


def test_a_server_without_tls_gets_no_login(ftp: FtpServer) -> None:
    with pytest.raises(TransferFailed, match="502"):
        send(f"ftpes://evhub:secret@127.0.0.1:{ftp.port}/", "a.log", b"1", way())
    assert ftp.logins == []


def test_addresses_of_this_machine_are_not_followed(tmp_path: Path) -> None:
    for scheme in ("ftp", "ftps", "ftpes"):
        with pytest.raises(TransferFailed, match=r"127\.0\.0\.1"):
            fetch(f"{scheme}://127.0.0.1/x", tmp_path / "fw", way(reach=Reach()))
