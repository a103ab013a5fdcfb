"""The certificates that a CSMS installs: roots that the links to it trust, and the maker's for firmware (M03-M05).

Theory: with AdditionalRootCertificateCheck there is one CSMS root, which only one that it has signed can follow. The
one before stays as a fallback: it is trusted instead when the new one doesn't fit, and goes when that has worked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hub.lazily import lazily
from hub.model.moment import Moment
from hub.ocpp.station.effects import Keep
from hub.ocpp.station.hash_data import HashData
from hub.ocpp.station.upkeep_variables import MAX_CERTIFICATES

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from hub.ocpp.station import x509
    from hub.ocpp.station.station import Station
else:
    x509 = lazily("hub.ocpp.station.x509")

CSMS, MANUFACTURER = "CSMSRootCertificate", "ManufacturerRootCertificate"
USES = (CSMS, MANUFACTURER)
"""2.0.1's words. Contract and V2G certificates belong to ISO 15118, which no charger here speaks."""


@dataclass(frozen=True, slots=True)
class Installed:
    use: str
    certificate: "Certificate"
    issuer: "Certificate"

    @property
    def pem(self) -> str:
        return x509.pem(self.certificate)

    def named(self, algorithm: str = "SHA256") -> HashData:
        return x509.hash_data(self.certificate, self.issuer, algorithm)


class Certificates:
    """`kept`: what `Keep("certificate", ...)` kept: key -> [use, PEM, issuer's PEM]. `fallback`: a key of these."""

    def __init__(self, station: "Station", kept: Mapping[str, Any], fallback: str | None) -> None:
        self._station = station
        self._fallback = fallback
        self._installed = {
            key: Installed(use, x509.read_chain(pem)[0], x509.read_chain(issuer)[0])
            for key, (use, pem, issuer) in kept.items()
        }

    def __len__(self) -> int:
        return len(self._installed)

    def of(self, *uses: str) -> list[Installed]:
        return [found for found in self._installed.values() if found.use in uses]

    def listed(self, *uses: str) -> list[Installed]:
        """What the station trusts for these: the configuration's roots among them, once each."""
        found = self.of(*uses)
        known = {one.certificate for one in found}
        given = self._given() if CSMS in uses else []
        return [*found, *(one for one in given if one.certificate not in known)]

    def _given(self) -> list[Installed]:
        roots = self._configured
        return [
            Installed(CSMS, root, next((other for other in roots if x509.issued_by(root, other)), root))
            for root in roots
        ]

    @cached_property
    def _configured(self) -> "list[Certificate]":
        """The configuration's roots; what can't be read there is said by the link that needs it."""
        found: list[Certificate] = []
        for pem in self._station.setup.roots:
            try:
                found += x509.read_chain(pem)
            except x509.BadCertificate:
                continue
        return found

    def roots(self, use: str) -> "list[Certificate]":
        configured = self._configured if use == CSMS else []
        return [*configured, *(found.certificate for found in self.of(use))]

    def can_trust_csms(self, now: Moment) -> bool:
        """There is a root that a CSMS's certificate could be checked with (A05.FR.02)."""
        return any(root.not_valid_after_utc >= now.wall for root in self.roots(CSMS))

    def install(self, use: str, pem: str, now: Moment) -> str:
        """Accepted or Rejected."""
        try:
            certificate, issuer = self._checked(use, pem, now)
        except x509.BadCertificate:
            return "Rejected"
        key = _key(use, certificate)
        if key not in self._installed and len(self._installed) >= MAX_CERTIFICATES:
            return "Rejected"  # M05.FR.06
        if use == CSMS and self._strict and not self._follow(key, certificate):
            return "Rejected"  # M05.FR.11
        self._installed[key] = installed = Installed(use, certificate, issuer)
        issuer_pem = x509.pem(issuer)
        self._station.emit(Keep("certificate", key, [use, installed.pem, issuer_pem]))
        self._station.upkeep.security.happened(
            "ReconfigurationOfSecurityParameters", now, f"{use} {installed.named().serial} installed"
        )
        return "Accepted"

    def delete(self, wanted: HashData, now: Moment) -> str:
        """Accepted, Failed or NotFound."""
        if self._station.upkeep.client_certificate.is_own(wanted):
            return "Failed"  # M04.FR.06
        found = next((key for key, one in self._installed.items() if _is(one, wanted)), None)
        if found is None:
            configured = any(_is(one, wanted) for one in self._given())
            return "Failed" if configured else "NotFound"  # a person has put it there
        use = self._installed[found].use
        if self._last_needed(use):
            return "Failed"
        if self._is_current(found):
            self._set_fallback(None)  # the one before is the one again that only its own successor can follow
        del self._installed[found]
        self._station.emit(Keep("certificate", found, None))
        self._station.upkeep.security.happened(
            "ReconfigurationOfSecurityParameters", now, f"{use} {wanted.serial} deleted"
        )
        return "Accepted"

    # One root after the other (M05.FR.09 to 14)

    def trusted_by_link(self, *, fallback: bool) -> "list[Certificate]":
        """The CSMS roots for the next connection."""
        if not self._strict or self._fallback not in self._installed:
            return [found.certificate for found in self.of(CSMS)]
        if fallback:
            return [self._installed[self._fallback].certificate]
        return [found.certificate for key, found in self._installed.items() if self._is_current(key)]

    @property
    def has_fallback(self) -> bool:
        return self._strict and self._fallback in self._installed

    def drop_fallback(self) -> None:
        """The new root has worked (M05.FR.13)."""
        if self._fallback is None:
            return
        if self._installed.pop(self._fallback, None) is not None:
            self._station.emit(Keep("certificate", self._fallback, None))
        self._set_fallback(None)

    @property
    def _strict(self) -> bool:
        return self._station.variables.bool("AdditionalRootCertificateCheck")

    def _is_current(self, key: str) -> bool:
        return self._installed[key].use == CSMS and key != self._fallback

    def _follow(self, key: str, certificate: "Certificate") -> bool:
        """May it take the current root's place? Then that is the fallback."""
        current = next((known for known in self._installed if self._is_current(known)), None)
        if current == key:
            return True
        before = [self._installed[current].certificate] if current else self._configured
        if before and not any(x509.issued_by(certificate, root) for root in before):
            return False
        if current is not None:
            self.drop_fallback()
            self._set_fallback(current)
        return True

    def _set_fallback(self, key: str | None) -> None:
        self._fallback = key
        self._station.emit(Keep("root", "fallback", key))

    def _checked(self, use: str, pem: str, now: Moment) -> "tuple[Certificate, Certificate]":
        """(the certificate, its issuer). Raises x509.BadCertificate."""
        if use not in USES:
            raise x509.BadCertificate("a use that there isn't here")
        certificate = x509.read_chain(pem)[0]
        x509.check_time(certificate, now.wall)
        if not x509.is_authority(certificate):
            raise x509.BadCertificate("it is no authority's")
        known = [certificate, *(found.certificate for found in self._installed.values()), *self._configured]
        for issuer in known:
            if x509.issued_by(certificate, issuer):
                return certificate, issuer
        raise x509.BadCertificate("it is no root, and its issuer is unknown")

    def _last_needed(self, use: str) -> bool:
        """Without it no CSMS could be trusted any more."""
        secure = self._station.upkeep.network.security_profile >= 2
        return use == CSMS and secure and not self._configured and len(self.of(CSMS)) == 1


def _is(installed: Installed, wanted: HashData) -> bool:
    named = installed.named(wanted.algorithm)
    return (
        named.issuer_name == wanted.issuer_name.lower()
        and named.issuer_key == wanted.issuer_key.lower()
        and named.serial == (wanted.serial.lower().lstrip("0") or "0")
    )


def _key(use: str, certificate: "Certificate") -> str:
    return f"{use}:{x509.name_of(certificate)}"
