"""The station's own certificate: asked for, checked, taken into use, and the old one kept until it worked (A02, A03).

Theory: `request` makes a fresh key (the rim stores it, readable by nobody else) and sends a CSR. Unless a signed
certificate comes, the same CSR goes out again, each time after twice the wait, CertSigningRepeatTimes times. A good
certificate is used from its first valid moment on by reconnecting; the one before goes when the new one has worked.
A month before the one in use expires the station asks by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.lazily import lazily
from hub.model.moment import Moment
from hub.ocpp.station.certificates import CSMS
from hub.ocpp.station.effects import Keep, Reconnect, StoreKey
from hub.ocpp.station.hash_data import HashData
from hub.ocpp.station.reports import SignCertificate

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from hub.ocpp.station import x509
    from hub.ocpp.station.station import Station
else:
    x509 = lazily("hub.ocpp.station.x509")


RENEWAL = timedelta(days=30)
MOST_WAITING = 3
"""Keys whose certificate may still come: a CSMS that asks for one after the other fills no disk."""
LATER_S = 60.0
"""When the CSMS is away."""
GIVEN = ""
"""Names the configuration's certificate, whose key the hub doesn't keep."""


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate chain with a key of ours; `key` names the key's file."""

    key: str
    pem: str
    chain: "tuple[Certificate, ...]"

    @property
    def leaf(self) -> "Certificate":
        return self.chain[0]


class ClientCertificate:
    """`kept`: what `Keep("client_certificate", ...)` kept: key -> PEM. `keys`: the key files that there are."""

    def __init__(self, station: "Station", kept: Mapping[str, str], keys: frozenset[str]) -> None:
        self._station = station
        self._keys = dict.fromkeys(sorted(keys))
        """The newest last, as far as this process has made them."""
        self._own = {
            key: Own(key, pem, tuple(x509.read_chain(pem))) for key, pem in kept.items() if key in keys
        }
        self._given = self._configured()
        self._csr: str | None = None
        self._resent = 0
        self._due: float | None = None
        self._refused: set[str] = set()
        self._valid_from: float | None = None
        """When one that waits for its first valid moment may be used."""
        self._renewal: float | None = None
        self._renewed: str | None = None
        """The certificate for whose sake the station has asked by itself already."""

    # Asking

    def request(self, now: Moment) -> None:
        """A new key, and its CSR to the CSMS (A02.FR.02/03)."""
        organization = self._station.variables.text("OrganizationName")
        key, pem, csr = x509.new_request(self.common_name, organization)
        self._keys[key] = None
        self._station.emit(StoreKey(key, pem))
        waiting = [known for known in self._keys if known not in self._own]
        for known in waiting[:-MOST_WAITING]:
            del self._keys[known]
            self._station.emit(StoreKey(known, None))
        self._csr, self._resent, self._due = csr, 0, None
        self._station.say(SignCertificate(csr), unregistered=True)

    @property
    def pending(self) -> str | None:
        """The CSR that a certificate is awaited for."""
        return self._csr

    @property
    def common_name(self) -> str:
        """A00.FR.511: the serial number; the identity where the charger tells none."""
        return self._station.device.identity.serial or self._station.variables.text("Identity")

    def answered(self, status: str, now: Moment) -> None:
        """The CSMS took the CSR (or not); now it has CertSigningWaitMinimum to send the certificate."""
        if status != "Accepted" or self._csr is None:
            self._csr = self._due = None
            return
        wait = self._station.variables.int("CertSigningWaitMinimum") * 2**self._resent
        self._due = now.mono + wait

    def tick(self, now: Moment) -> None:
        if self._valid_from is not None and now.mono >= self._valid_from:
            self._use(now)
        if self._renewal is not None and now.mono >= self._renewal:
            self._renew(now)
        if self._due is not None and now.mono >= self._due and not self._station.boot.accepted:
            self._due = now.mono + LATER_S
        if self._due is not None and now.mono >= self._due:
            self._due = None
            if self._resent >= self._station.variables.int("CertSigningRepeatTimes"):
                self._csr = None  # A02.FR.19: until it is triggered again
            elif self._csr is not None:
                self._resent += 1
                self._station.say(SignCertificate(self._csr))

    def deadlines(self) -> list[float]:
        return [due for due in (self._due, self._valid_from, self._renewal) if due is not None]

    # Taking

    def signed(self, pem: str, now: Moment) -> bool:
        """A certificate came; False: it is none for us (A02.FR.06/07)."""
        self._csr = self._due = None
        try:
            own = self._checked(pem, now)
        except x509.BadCertificate as error:
            self._station.upkeep.security.happened("InvalidChargingStationCertificate", now, str(error))
            return False
        self._own[own.key] = own
        self._refused.discard(own.key)
        self._station.emit(Keep("client_certificate", own.key, own.pem))
        self._station.upkeep.security.happened(
            "ReconfigurationOfSecurityParameters", now, "a new certificate of the station"
        )
        self._use(now)
        return True

    def look_ahead(self, now: Moment) -> None:
        """When the next certificate begins to be valid, and the current one is to be renewed."""
        waits = [
            (own.leaf.not_valid_before_utc - now.wall).total_seconds()
            for own in self._own.values()
            if own.leaf.not_valid_before_utc > now.wall
        ]
        self._valid_from = now.mono + min(waits) if waits else None
        current = self._best(now)
        self._renewal = None
        if current is not None and current.key != self._renewed:
            left = current.leaf.not_valid_after_utc - RENEWAL - now.wall
            self._renewal = now.mono + max(0.0, left.total_seconds())

    def clock_was_set(self, now: Moment) -> None:
        waited = self._valid_from is not None
        self.look_ahead(now)
        if waited and self._valid_from is None:
            self._use(now)

    def _renew(self, now: Moment) -> None:
        """A03.FR.02/03; once for a certificate, and while it is in use."""
        current, station = self._best(now), self._station
        if current is None or station.upkeep.network.security_profile != 3 or self._csr is not None:
            self._renewal = None
        elif not station.boot.accepted:
            self._renewal = now.mono + LATER_S
        else:
            self._renewal, self._renewed = None, current.key
            self.request(now)

    def _use(self, now: Moment) -> None:
        """A02.FR.08: the newest valid one, from now on."""
        before = self._valid_from
        self.look_ahead(now)
        waiting = self._valid_from is not None and before is None
        if not waiting and self._station.upkeep.network.security_profile == 3:
            self._station.emit(Reconnect("a new certificate"))

    def _checked(self, pem: str, now: Moment) -> Own:
        if len(pem) > self._station.variables.int("MaxCertificateChainSize"):
            raise x509.BadCertificate("the chain is longer than MaxCertificateChainSize")
        chain = x509.read_chain(pem)
        x509.check_time(chain[0], now.wall, future=True)
        key = x509.fingerprint(chain[0])
        if key not in self._keys:
            raise x509.BadCertificate("it isn't for a key of this station")
        if self.common_name not in x509.subject(chain[0], x509.COMMON_NAME):
            raise x509.BadCertificate(f"its common name isn't {self.common_name}")
        organization = self._station.variables.text("OrganizationName")
        if organization and organization not in x509.subject(chain[0], x509.ORGANIZATION):
            raise x509.BadCertificate(f"its organization isn't {organization}")
        roots = self._station.upkeep.certificates.roots(CSMS)
        if roots and not x509.trusted(chain, roots, now.wall):
            raise x509.BadCertificate("it isn't in the hierarchy of an installed root")
        return Own(key, pem, tuple(chain))

    # Using

    def available(self, now: Moment) -> bool:
        """A certificate that could be used now (A05.FR.03)."""
        return self._station.setup.certificate != "" or self.current(now) is not None

    def current(self, now: Moment) -> Own | None:
        """The newest that is valid (A02.FR.09); None: the configured one, if there is one."""
        best = self._best(now)
        return None if best is self._given else best

    def _best(self, now: Moment) -> Own | None:
        usable = [
            own
            for own in self._all()
            if own.leaf.not_valid_before_utc <= now.wall <= own.leaf.not_valid_after_utc
            and own.key not in self._refused
        ]
        return max(usable, key=lambda own: own.leaf.not_valid_before_utc, default=None)

    def failed(self, now: Moment) -> None:
        """The connection with the current one failed: the one before has the next try, then it again."""
        best = self._best(now)
        if best is not None:
            self._refused.add(best.key)
        if best is None or (best is self._given and self._best(now) is None):
            self._refused.clear()

    def worked(self, now: Moment) -> None:
        """What is older than the one that worked goes."""
        self.look_ahead(now)
        current = self.current(now)
        if current is None:
            return
        for key, own in list(self._own.items()):
            if own.leaf.not_valid_before_utc < current.leaf.not_valid_before_utc:
                del self._own[key]
                self._station.emit(Keep("client_certificate", key, None))
                self._station.emit(StoreKey(key, None))

    def is_own(self, wanted: HashData) -> bool:
        for own in self._all():
            issuer = own.chain[1] if len(own.chain) > 1 else own.leaf
            named = x509.hash_data(own.leaf, issuer, wanted.algorithm)
            serial = wanted.serial.lower().lstrip("0")
            if named.issuer_name == wanted.issuer_name.lower() and named.serial == serial:
                return True
        return False

    def _all(self) -> list[Own]:
        return [*self._own.values(), *([self._given] if self._given else [])]

    def _configured(self) -> Own | None:
        """What can't be read is said by the link that needs it."""
        pem = self._station.setup.certificate
        try:
            return Own(GIVEN, pem, tuple(x509.read_chain(pem))) if pem else None
        except x509.BadCertificate:
            return None
