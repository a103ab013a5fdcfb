"""Signatures of files, chains, and the names of certificates."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hub.ocpp.station.x509 import BadCertificate, check_time, issued_by, read_chain, signed_by, trusted
from tests.hub.ocpp.authority import NOW, Authority

FILE = b"a file"
DIGEST = hashlib.sha256(FILE).digest()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)


@pytest.mark.parametrize("kind", ["EC", "PSS", "PKCS1"])
def test_a_signature_is_good_for_its_file_alone(kind: str) -> None:
    signer = Authority(bits=None if kind == "EC" else 2048)
    if isinstance(signer.key, ec.EllipticCurvePrivateKey):
        raw = signer.key.sign(FILE, ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(signer.key, rsa.RSAPrivateKey)
        raw = signer.key.sign(FILE, PSS if kind == "PSS" else padding.PKCS1v15(), hashes.SHA256())
    signature = base64.b64encode(raw).decode()
    assert signed_by(signer.certificate, signature, DIGEST)
    assert signed_by(signer.certificate, base64.encodebytes(raw).decode(), DIGEST)
    assert not signed_by(signer.certificate, signature, hashlib.sha256(b"another").digest())
    assert not signed_by(Authority().certificate, signature, DIGEST)


@pytest.mark.parametrize("signature", ["", "☺", "not base64!", "AAAA"])
def test_what_is_no_signature_is_not_good(signature: str) -> None:
    assert not signed_by(Authority().certificate, signature, DIGEST)


def test_a_chain_leads_to_a_root_through_authorities_that_are_valid() -> None:
    root = Authority()
    middle = root.successor()
    leaf = read_chain(middle.signer()[1])[0]
    assert trusted([leaf, middle.certificate], [root.certificate], NOW)
    assert trusted([leaf], [middle.certificate], NOW)
    assert not trusted([leaf], [root.certificate], NOW)
    assert not trusted([leaf, leaf], [root.certificate], NOW)
    assert not trusted([leaf], [], NOW)
    late = middle.certificate.not_valid_after_utc.replace(year=2060)
    assert not trusted([leaf, middle.certificate], [root.certificate], late)


def test_who_issued_what() -> None:
    root, other = Authority(), Authority()
    assert issued_by(root.successor().certificate, root.certificate)
    assert not issued_by(root.certificate, other.certificate)


def test_a_certificate_has_its_time() -> None:
    certificate = Authority(days=5).certificate
    check_time(certificate, NOW)
    with pytest.raises(BadCertificate, match="expired"):
        check_time(certificate, NOW.replace(year=2030))
    with pytest.raises(BadCertificate, match="yet"):
        check_time(certificate, NOW.replace(year=2020))
    check_time(certificate, NOW.replace(year=2020), future=True)


def test_too_long_a_chain_is_none() -> None:
    with pytest.raises(BadCertificate, match="too long"):
        read_chain(Authority().pem * 11)
