"""Certificates for tests: a CA, and servers good and bad."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path, name: str = "Test CA", *, usage: bool = True) -> None:
        """`usage` False: as `openssl req -x509` makes them, without keyUsage."""
        self._folder, self._usage = folder, usage
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = folder / f"{name.replace(' ', '')}.pem"
        self._vouch_for(self)

    def successor(self, name: str) -> "Authority":
        """An authority that this one has signed."""
        other = Authority(self._folder, name)
        self._vouch_for(other)
        return other

    def _vouch_for(self, other: "Authority") -> None:
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._builder(other._name, other._key, 1).add_extension(constraints, critical=True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        if other._usage:
            certificate = certificate.add_extension(usage, critical=True)
        certificate = self._named(certificate, other._key)
        other.certificate.write_bytes(
            certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def issue(
        self,
        host: str,
        *,
        days: int = 1,
        bare: bool = False,
        rsa_bits: int | None = None,
        names: tuple[str, ...] | None = None,
        purpose: x509.ObjectIdentifier | None = None,
    ) -> tuple[Path, Path]:
        """(certificate, key); `days` negative: expired; `bare`: without what only a strict look misses; `names`: not
        that of the subject."""
        key: Key = ec.generate_private_key(ec.SECP256R1())
        if rsa_bits is not None:
            key = rsa.generate_private_key(65537, rsa_bits)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._builder(subject, key, days)
        if names != ():
            alternatives = [x509.DNSName(name) for name in names or (host,)]
            certificate = certificate.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        if purpose is not None:
            certificate = certificate.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if not bare:
            certificate = self._named(certificate, key)
        certificate_file, key_file = self._folder / f"{host}{days}.pem", self._folder / f"{host}{days}.key"
        certificate_file.write_bytes(
            certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate_file, key_file

    def _named(self, certificate: x509.CertificateBuilder, key: Key) -> x509.CertificateBuilder:
        """The keys' identifiers, as RFC 5280 wants them."""
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return certificate.add_extension(own, critical=False).add_extension(issuer, critical=False)

    def sign(self, csr: str) -> str:
        """A certificate for a request, in PEM."""
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(self, subject: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
        )
