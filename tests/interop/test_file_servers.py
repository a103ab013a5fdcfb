"""Files to and from servers of other hands, in TLS and by SSH."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.ocpp.station.urls import Reach
from hub.uplink import over_ftp
from hub.uplink.reaching import Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, send
from tests.hub.link.certificates import Authority
from tests.interop import fileservers

pytestmark = pytest.mark.interop
HERE = Reach(frozenset({"localhost"}))
IMAGE = os.urandom(3_000_000)
LOG = os.urandom(1_000_000)


apart = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can give them users of their own"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """What is served: an image, and a folder that anybody may write to."""
    place = Path("/tmp") / f"served-{os.getpid()}"  # users of the servers' may go there
    (place / "logs").mkdir(parents=True)
    (place / "fw.bin").write_bytes(IMAGE)
    (place / "logs").chmod(0o777)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def there_and_back(place: str, below: str, folder: Path, tmp_path: Path, way: Way) -> None:
    fetch(f"{place}{below}/fw.bin", tmp_path / "fw", way)
    assert (tmp_path / "fw").read_bytes() == IMAGE
    send(f"{place}{below}/logs/", "a.log", LOG, way)
    assert (folder / "logs" / "a.log").read_bytes() == LOG


def test_pyftpdlib(files_python: Path, folder: Path, authority: Authority, tmp_path: Path) -> None:
    way = Way(HERE, (authority.certificate.read_text(),), Halt())
    with fileservers.pyftpdlib(files_python, folder, authority.issue("localhost")) as port:
        for scheme in ("ftps", "ftpes"):
            there_and_back(f"{scheme}://evhub:secret@localhost:{port}", "", folder, tmp_path, way)
            (folder / "logs" / "a.log").unlink()
        with pytest.raises(TransferFailed, match="530"):
            send(f"ftps://evhub:wrong@localhost:{port}/logs/", "a.log", LOG, way)
        with pytest.raises(TransferFailed, match="550"):
            send(f"ftp://evhub:secret@localhost:{port}/logs/", "a.log", LOG, way)


@apart
@pytest.mark.parametrize("implicit", [False, True])
def test_vsftpd(
    debian: Path,
    folder: Path,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    implicit: bool,
) -> None:
    monkeypatch.setattr(over_ftp, "GREETING_S", 1.0)
    way = Way(HERE, (authority.certificate.read_text(),), Halt())
    with fileservers.vsftpd(
        debian, tmp_path, folder, authority.issue("localhost"), implicit=implicit
    ) as port:
        there_and_back(f"ftps://localhost:{port}", "", folder, tmp_path, way)
        with pytest.raises(TransferFailed, match="553"):
            send(f"ftps://localhost:{port}/logs/", "a.log", LOG, way)  # it is there already


@apart
def test_sshd(debian: Path, folder: Path, tmp_path: Path) -> None:
    with fileservers.sshd(debian, tmp_path, folder) as (port, key):
        way = Way(HERE, (), Halt(), (key,))
        there_and_back(f"sftp://evhub:secret@localhost:{port}", str(folder), folder, tmp_path, way)
        send(f"sftp://evhub:secret@localhost:{port}/~/logs", "b.log", LOG, way)
        assert (folder / "logs" / "b.log").read_bytes() == LOG
        with pytest.raises(TransferFailed) as caught:
            send(f"sftp://evhub:wrong@localhost:{port}/x", "a.log", LOG, way)
        assert caught.value.reason == "PermissionDenied"
        with pytest.raises(TransferFailed) as caught:
            send(f"sftp://evhub:secret@localhost:{port}{folder}/", "a.log", LOG, way)
        assert caught.value.reason == "PermissionDenied"
        with pytest.raises(TransferFailed, match=r"csms\.host_keys: \[localhost\]"):
            send(f"sftp://evhub:secret@localhost:{port}/", "a.log", LOG, Way(HERE, (), Halt()))
