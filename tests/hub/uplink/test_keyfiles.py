"""A private key is a file that only the hub reads."""

import stat
from pathlib import Path

from hub.ocpp.station.client_certificate import Own
from hub.ocpp.station.x509 import read_chain
from hub.uplink.keyfiles import KeyFiles
from tests.hub.ocpp.authority import Authority


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_readable_by_nobody_else_from_its_first_byte_on(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path / "keys" / "garage")
    assert files.names() == frozenset()
    files.store("abc", "secret")
    key = tmp_path / "keys" / "garage" / "abc.key"
    assert (mode(key), mode(key.parent), key.read_text()) == (0o600, 0o700, "secret")
    assert files.names() == {"abc"}


def test_a_half_written_key_is_written_anew(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path)
    (tmp_path / "abc.key.new").write_text("half")
    files.store("abc", "secret")
    assert [path.name for path in tmp_path.iterdir()] == ["abc.key"]


def test_the_pair_for_tls_goes_with_the_key(tmp_path: Path) -> None:
    files, pem = KeyFiles(tmp_path), Authority().pem
    files.store("abc", "secret")
    certificate, key = files.pair(Own("abc", pem, tuple(read_chain(pem))))
    assert (certificate.read_text(), key.read_text(), mode(certificate)) == (pem, "secret", 0o600)
    files.store("abc", None)
    files.store("abc", None)
    assert list(tmp_path.iterdir()) == []
