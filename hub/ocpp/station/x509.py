"""X.509 as OCPP wants it: reading PEM, hash data, chains, certificate requests, signatures of files."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

from hub.ocpp.station.hash_data import HashData

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
COMMON_NAME, ORGANIZATION = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
LEAST_RSA, LEAST_EC = 2048, 224
"""Bits (A00.FR.502, A00.FR.503)."""
MOST_IN_CHAIN = 10


class BadCertificate(Exception):
    """Why it isn't taken."""


def read_chain(text: str) -> list[x509.Certificate]:
    """At least one, leaf first. Raises BadCertificate."""
    try:
        chain = x509.load_pem_x509_certificates(text.encode())
        for certificate in chain:
            _check_key(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadCertificate(f"no certificate in PEM: {error}") from error
    if len(chain) > MOST_IN_CHAIN:
        raise BadCertificate("the chain is too long")
    return chain


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def check_time(certificate: x509.Certificate, now: datetime, *, future: bool = False) -> None:
    """Raises BadCertificate. `future`: one that begins to be valid later is good, too."""
    if certificate.not_valid_after_utc < now:
        raise BadCertificate("it has expired")
    if certificate.not_valid_before_utc > now and not future:
        raise BadCertificate("it isn't valid yet")


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError, UnsupportedAlgorithm):
        return False


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def trusted(chain: Sequence[x509.Certificate], roots: Iterable[x509.Certificate], now: datetime) -> bool:
    """Each issued by the next, an authority that is valid now; the last one by a root, or a root itself."""
    for certificate, issuer in pairwise(chain):
        if not is_authority(issuer) or not issued_by(certificate, issuer) or not _valid(issuer, now):
            return False
    last = chain[-1]
    return any(
        _valid(root, now) and is_authority(root) and (root == last or issued_by(last, root)) for root in roots
    )


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256") -> HashData:
    """By RFC 6960: the issuer's name in DER, and its public key's bit string without tag and length."""
    key = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return HashData(
        algorithm,
        digest(certificate.issuer.public_bytes(), algorithm),
        digest(_bit_string(key), algorithm),
        f"{certificate.serial_number:x}",
    )


def digest(content: bytes, algorithm: str = "SHA256") -> str:
    hasher = hashes.Hash(HASHES[algorithm]())
    hasher.update(content)
    return hasher.finalize().hex()


def name_of(certificate: x509.Certificate) -> str:
    """Names a certificate."""
    return digest(certificate.public_bytes(serialization.Encoding.DER))[:32]


def fingerprint(key: ec.EllipticCurvePublicKey | x509.Certificate) -> str:
    """Names a key pair."""
    public = key.public_key() if isinstance(key, x509.Certificate) else key
    return digest(
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )[:32]


def new_request(common_name: str, organization: str) -> tuple[str, str, str]:
    """(the key's fingerprint, the private key in PEM, the certificate request in PEM); EC P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    if organization:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]))
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    csr = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return fingerprint(key.public_key()), private.decode(), csr.decode()


def subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(name.value) for name in certificate.subject.get_attributes_for_oid(oid)]


def signed_by(certificate: x509.Certificate, signature: str, sha256: bytes) -> bool:
    """Is `signature` (base64, in lines or not) over the file with this SHA-256 made with the certificate's key?"""
    try:
        raw = base64.b64decode("".join(signature.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    key, prehashed = certificate.public_key(), Prehashed(hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _verifies(partial(key.verify, raw, sha256, ec.ECDSA(prehashed)))
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    # The specification asks for PSS; the older padding is what `openssl dgst -sign` makes.
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    return any(
        _verifies(partial(key.verify, raw, sha256, padded, prehashed)) for padded in (pss, padding.PKCS1v15())
    )


def _verifies(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        good = key.key_size >= LEAST_RSA
    elif isinstance(key, ec.EllipticCurvePublicKey):
        good = key.key_size >= LEAST_EC
    else:
        good = False
    if not good:
        raise BadCertificate("its key is too weak, or of a kind that isn't used here")


def _bit_string(spki: bytes) -> bytes:
    """SubjectPublicKeyInfo is SEQUENCE { algorithm SEQUENCE, key BIT STRING }: the last element's content."""
    body = _content(spki, 0)[0]
    _, end = _content(body, 0)
    bits, _ = _content(body, end)
    return bits[1:]  # the first byte counts the unused bits


def _content(der: bytes, start: int) -> tuple[bytes, int]:
    """(the content of the element at `start`, where it ends)"""
    length, at = der[start + 1], start + 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(der[at : at + size], "big"), at + size
    return der[at : at + length], at + length
