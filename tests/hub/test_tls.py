"""TLS as a client: strict on every Python, and what is refused is said."""

import re
import ssl
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.errors import HubError
from hub.tls import client_context, refusal
from tests.hub.link.certificates import Authority

FOR_CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH


def shaken(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """A handshake in memory. Raises SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue


def served(pair: tuple[Path, Path]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pair)
    return made


def test_a_good_certificate_is_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    shaken(client_context(authority.certificate), served(authority.issue("csms.test")), "csms.test")


def test_the_name_may_stand_in_the_subject_alone(tmp_path: Path) -> None:
    """A00.FR.510: that is where OCPP wants it, and no alternative names."""
    authority = Authority(tmp_path)
    pair = authority.issue("csms.test", names=())
    shaken(client_context(authority.certificate), served(pair), "csms.test")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shaken(client_context(authority.certificate), served(pair), "other.test")


@pytest.mark.parametrize(
    ("issued", "name", "words"),
    [
        (
            {"host": "csms.test", "bare": True},
            "csms.test",
            "isn't as RFC 5280 wants it (Missing Authority Key",
        ),
        ({"host": "csms.test"}, "other.test", "Hostname mismatch"),
        ({"host": "csms.test", "days": -1}, "csms.test", "certificate has expired"),
        ({"host": "csms.test", "names": ("other.test",)}, "csms.test", "Hostname mismatch"),
        ({"host": "csms.test", "purpose": FOR_CLIENTS}, "csms.test", "unsuitable certificate purpose"),
    ],
)
def test_a_bad_one_is_refused_in_words(
    tmp_path: Path, issued: dict[str, object], name: str, words: str
) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shaken(client_context(authority.certificate), served(authority.issue(**issued)), name)  # type: ignore[arg-type]
    assert words in refusal(refused.value)


def test_a_certificate_with_a_weak_key_is_refused(tmp_path: Path) -> None:
    """A00.FR.502."""
    authority = Authority(tmp_path)
    weak, good = (authority.issue("csms.test", days=1 + bits // 1024, rsa_bits=bits) for bits in (1024, 2048))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(*weak)
    with pytest.raises(ssl.SSLCertVerificationError, match="EE certificate key too weak"):
        shaken(client_context(authority.certificate), context, "csms.test")
    shaken(client_context(authority.certificate), served(good), "csms.test")


def test_an_authority_without_key_usage_is_told_how_to_come_by_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path, usage=False)
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shaken(client_context(authority.certificate), served(authority.issue("csms.test")), "csms.test")
    assert "does not include key usage" in refusal(refused.value)
    assert "openssl req -x509 -key ca.key" in refusal(refused.value)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"])
def test_the_suites_that_ocpp_asks_for_are_spoken(tmp_path: Path, cipher: str) -> None:
    authority = Authority(tmp_path)
    server = served(authority.issue("csms.test"))
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers(cipher)
    shaken(client_context(authority.certificate), server, "csms.test")


def test_it_is_strict_whatever_python_thinks_of_it() -> None:
    flags = client_context().verify_flags
    assert flags & ssl.VERIFY_X509_STRICT
    assert flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert client_context().minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (cert, _), (_, other) = authority.issue("a.test"), authority.issue("b.test")
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    for given, words in (
        ({"ca": tmp_path / "none.pem"}, "none.pem: cannot be read: No such file or directory"),
        ({"ca": text}, "text.pem: NO_CERTIFICATE_OR_CRL_FOUND"),
        ({"cert": cert, "key": other}, "KEY_VALUES_MISMATCH"),
        ({"roots": ("no root",)}, "an installed root: "),
    ):
        with pytest.raises(HubError, match=re.escape(words)):
            client_context(**given)  # type: ignore[arg-type]


def test_other_refusals_keep_their_reason() -> None:
    received = ssl.MemoryBIO()
    received.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    client = client_context().wrap_bio(received, ssl.MemoryBIO(), server_hostname="csms.test")
    with pytest.raises(ssl.SSLError) as refused:
        client.do_handshake()
    assert refusal(refused.value) == "WRONG_VERSION_NUMBER"
