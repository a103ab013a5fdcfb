"""Files by HTTP and HTTPS: what is fetched and sent, and where nobody is sent."""

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.ocpp.station.urls import Reach
from hub.uplink import transfer
from hub.uplink.reaching import Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, send
from tests.hub.link.certificates import Authority
from tests.hub.uplink.fileserver import Files, http_server

HERE = Reach(frozenset({"127.0.0.1", "localhost"}))


def way(reach: Reach = HERE, *roots: str) -> Way:
    return Way(reach, roots, Halt())


@pytest.fixture
def server() -> Iterator[Files]:
    with http_server() as server:
        server.content["/fw.bin"] = b"x" * 200_000
        yield server


def test_a_file_is_fetched_and_its_digest_known(server: Files, tmp_path: Path) -> None:
    digest = fetch(f"http://127.0.0.1:{server.port}/fw.bin", tmp_path / "fw", way())
    assert (tmp_path / "fw").read_bytes() == b"x" * 200_000
    assert digest == hashlib.sha256(b"x" * 200_000).digest()


def test_a_redirect_is_followed_where_it_may_lead(server: Files, tmp_path: Path) -> None:
    server.moved = {"/a": "/b", "/b": "/fw.bin", "/loop": "/loop", "/inside": "http://127.0.0.2/"}
    place = f"http://127.0.0.1:{server.port}"
    fetch(f"{place}/a", tmp_path / "fw", way())
    for path in ("/loop", "/inside"):
        with pytest.raises(TransferFailed):
            fetch(place + path, tmp_path / "fw", way())


def test_what_is_missing_cut_short_or_too_large_fails(
    server: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"http://127.0.0.1:{server.port}"
    with pytest.raises(TransferFailed, match="404"):
        fetch(f"{place}/nothing", tmp_path / "fw", way())
    server.short = True
    with pytest.raises(TransferFailed, match="lost"):
        fetch(f"{place}/fw.bin", tmp_path / "fw", way())
    server.short = False
    monkeypatch.setattr(transfer, "LARGEST", 1000)
    with pytest.raises(TransferFailed, match="larger"):
        fetch(f"{place}/fw.bin", tmp_path / "fw", way())


def test_a_name_that_leads_to_this_machine_is_not_followed(
    server: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(2, 1, 6, "", ("127.0.0.1", server.port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(TransferFailed, match=r"127\.0\.0\.1"):
        fetch(f"http://innocent.example:{server.port}/fw.bin", tmp_path / "fw", way(Reach()))


def test_a_file_is_put_into_the_folder_with_the_login_of_its_address(server: Files) -> None:
    send(f"http://user:p%40ss@127.0.0.1:{server.port}/logs/", "a.log", b"text", way())
    ((method, path, headers, body),) = server.stored
    assert (method, path, body) == ("PUT", "/logs/a.log", b"text")
    assert headers["Authorization"] == "Basic dXNlcjpwQHNz"


def test_a_server_that_takes_no_put_gets_a_form(server: Files) -> None:
    server.answers["PUT /upload"] = 405
    send(f"http://127.0.0.1:{server.port}/upload", "a.log", b"text", way())
    ((method, path, headers, body),) = server.stored
    assert (method, path) == ("POST", "/upload")
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="uploadfile"; filename="a.log"' in body
    assert b"\r\n\r\ntext\r\n--" in body


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "BadMessage"), (401, "PermissionDenied"), (415, "NotSupportedOperation"), (500, "UploadFailure")],
)
def test_a_refusal_is_told_in_ocpp_s_words(server: Files, status: int, reason: str) -> None:
    server.answers["PUT /a.log"] = status
    with pytest.raises(TransferFailed) as caught:
        send(f"http://127.0.0.1:{server.port}/", "a.log", b"text", way())
    assert caught.value.reason == reason


def test_nobody_there_is_a_failed_transfer(tmp_path: Path) -> None:
    with pytest.raises(TransferFailed, match="ConnectionRefusedError"):
        fetch("http://127.0.0.1:1/x", tmp_path / "fw", way())


def test_https_wants_a_certificate_that_an_installed_root_vouches_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    with http_server(context) as server:
        server.content["/fw"] = b"z"
        url = f"https://localhost:{server.port}/fw"
        fetch(url, tmp_path / "fw", way(HERE, authority.certificate.read_text()))
        with pytest.raises(TransferFailed, match="unable to get local issuer certificate"):
            fetch(url, tmp_path / "fw", way())
