"""An authority for tests: its certificate, and what it issues, in PEM."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""Of the manual clock."""


class Authority:
    """Its certificate is its own root; `start` and `days` say when what it makes is valid."""

    def __init__(
        self, name: str = "Root", *, days: int = 1000, bits: int | None = None, ca: bool = True
    ) -> None:
        self.key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
            rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        )
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), days, ca=ca)

    def successor(self, name: str = "Next root") -> "Authority":
        """A root that this one has signed."""
        next_one = Authority(name)
        next_one.certificate = self._sign(next_one.name, next_one.key.public_key(), 1000, ca=True)
        return next_one

    @property
    def pem(self) -> str:
        return pem(self.certificate)

    def issue(self, csr: str, *, days: int = 100, start: int = -1, common_name: str | None = None) -> str:
        request = x509.load_pem_x509_csr(csr.encode())
        subject = request.subject
        if common_name is not None:
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        return pem(self._sign(subject, request.public_key(), days, start=start, ca=False))

    def signer(
        self, name: str = "Maker", *, days: int = 100, start: int = -1
    ) -> "tuple[ec.EllipticCurvePrivateKey, str]":
        """(key, certificate) of who signs firmware."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return key, pem(self._sign(subject, key.public_key(), days, start=start, ca=False))

    def _sign(
        self, subject: x509.Name, public: object, days: int, *, start: int = -1, ca: bool
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + timedelta(days=min(start, days - 1)))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        return builder.sign(self.key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
