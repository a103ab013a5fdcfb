"""Where the station's CSMS is: network profiles, their order, security upgrades, passwords (A01, A05, B09, B10).

Theory: a start (of the hub, or a Reset) begins with the first slot of NetworkConfigurationPriority and gives each
NetworkProfileConnectionAttempts tries; when all have failed, the slot that last worked is tried for ever. A lost
connection is come back to where it was. What a person has configured goes before what a CSMS had set upon it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.lazily import lazily
from hub.model.moment import Moment
from hub.ocpp.station import urls
from hub.ocpp.station.client_certificate import Own
from hub.ocpp.station.effects import Keep, Reconnect
from hub.ocpp.station.upkeep_variables import SLOTS
from hub.ocpp.station.variables import SetResult

if TYPE_CHECKING:
    from hub.ocpp.station import x509
    from hub.ocpp.station.station import Station
else:
    x509 = lazily("hub.ocpp.station.x509")

FIRST = SLOTS[0]
TLS_EVENTS = {
    "certificate": "InvalidCsmsCertificate",
    "version": "InvalidTLSVersion",
    "cipher": "InvalidTLSCipherSuite",
    "own certificate": "InvalidChargingStationCertificate",
}
"""Why TLS failed -> the security event."""


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """`subprotocols` empty: those of the configuration. `timeout_s` 0: MessageTimeout's default."""

    url: str
    security_profile: int
    subprotocols: tuple[str, ...] = ()
    timeout_s: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the next connection is made. `password` None: the configured one. `roots`: in PEM."""

    slot: str
    url: str
    security_profile: int
    subprotocols: tuple[str, ...]
    password: str | None
    own: Own | None
    roots: tuple[str, ...]


class Network:
    """`kept`: what `Keep("network", ...)` kept: slots, and "state"."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        setup = station.setup
        self._basis = [setup.url, setup.security_profile]
        """What a person has configured; when that changes, what was set upon it is void."""
        state = kept.get("state", {})
        valid = state.get("basis") == self._basis
        self.security_profile = max(setup.security_profile, state.get("profile", 0) if valid else 0)
        self._worked: str | None = state.get("active") if valid else None
        self._profiles = {FIRST: NetworkProfile(setup.url, setup.security_profile)}
        for slot, body in kept.items():
            if slot in SLOTS and body["basis"] == self._basis:
                fields = {name: value for name, value in body.items() if name != "basis"}
                fields["subprotocols"] = tuple(fields["subprotocols"])
                self._profiles[slot] = NetworkProfile(**fields)
        self._previous_password: str | None = kept.get("previous password")
        self._password = 0
        """Which of the passwords is tried."""
        self._wanted: int | None = None
        """1.6: a security profile on trial."""
        self._tried = 0
        self._old_root = False
        """The root before the current one is tried."""
        self._round = self._priority()

    # Connecting

    def attempt(self, now: Moment) -> Attempt:
        slot = self.slot
        profile = self._profiles[slot]
        security = self._wanted or max(profile.security_profile, self.security_profile)
        secure = security >= 2
        own = self._station.upkeep.client_certificate.current(now) if security == 3 else None
        return Attempt(
            slot,
            "wss" + profile.url[2:] if secure and profile.url.startswith("ws:") else profile.url,
            security,
            profile.subprotocols,
            self._passwords()[self._password % len(self._passwords())],
            own,
            self.roots,
        )

    @property
    def slot(self) -> str:
        if self._round:
            return self._round[0]
        known = self._worked if self._worked in self._profiles else None
        return known or self._priority()[0]

    @property
    def roots(self) -> tuple[str, ...]:
        found = self._station.upkeep.certificates.trusted_by_link(fallback=self._old_root)
        return tuple(x509.pem(root) for root in found)

    def succeeded(self, now: Moment) -> None:
        slot, security = self.slot, self.attempt(now).security_profile
        if self._password == 0 and self._previous_password is not None:
            self._previous_password = None
            self._station.emit(Keep("network", "previous password", None))
        if security == 3:
            self._station.upkeep.client_certificate.worked(now)
        if (slot, security) != (self._worked, self.security_profile):
            raised = security > self.security_profile
            self._worked, self.security_profile = slot, security
            body = {"basis": self._basis, "profile": security, "active": slot}
            self._station.emit(Keep("network", "state", body))
            if raised:
                self._drop_lower()
                self._reconfigured(f"SecurityProfile {security}", now)
        if security >= 2 and not self._old_root:
            self._station.upkeep.certificates.drop_fallback()
        self._wanted, self._tried, self._round, self._old_root = None, 0, [], False
        self.note()

    def failed(self, reason: str, info: str, now: Moment) -> bool:
        """`reason`: unauthorized, one of TLS_EVENTS, or anything else. True: back to what has just worked, at once."""
        security = self._station.upkeep.security
        if reason == "unauthorized":
            self._password = (self._password + 1) % len(self._passwords())
            security.until_connected("FailedToAuthenticateAtCsms", now, info)
        elif reason in TLS_EVENTS:
            security.until_connected(TLS_EVENTS[reason], now, info)
        if self.attempt(now).security_profile == 3:
            self._station.upkeep.client_certificate.failed(now)
        here = self._worked in (None, self.slot)
        if reason == "certificate" and here and self._station.upkeep.certificates.has_fallback:
            self._old_root = not self._old_root  # M05.FR.14
        self._tried += 1
        if self._tried < self._station.variables.int("NetworkProfileConnectionAttempts"):
            return False
        self._tried = 0
        if self._wanted is not None:
            self._wanted = None  # the upgrade didn't work: as before
            return True
        if self._round:
            del self._round[0]
            back = not self._round and self._station.upkeep.certificates.has_fallback
            self._old_root = back  # M05.FR.16
            if not self._round and self._worked is None:
                self._round = self._priority()
        return False

    def restarted(self) -> None:
        """B10.FR.04: begins with the first entry."""
        self._round, self._tried = self._priority(), 0

    # What a CSMS sets

    def set_profile(self, slot: str, profile: NetworkProfile) -> str:
        """Accepted or Rejected (B09)."""
        schemes = {"wss"} if profile.security_profile >= 2 else {"ws"}
        try:
            self._station.setup.reach.check(profile.url, schemes)
        except urls.BadUrl:
            return "Rejected"
        if slot not in SLOTS or not self.security_profile <= profile.security_profile <= 3:
            return "Rejected"
        self._profiles[slot] = profile
        self._station.emit(Keep("network", slot, {**asdict(profile), "basis": self._basis}))
        return "Accepted"

    def checked_priority(self, slots: list[str], now: Moment) -> SetResult:
        """A05.FR.02 to 04, B10.FR.01/02: each must be one that could be used. It is at the next start."""
        for slot in slots:
            profile = self._profiles.get(slot)
            if profile is None or not self._possible(profile.security_profile, now):
                return SetResult.REJECTED
        return SetResult.ACCEPTED

    def upgrade(self, security_profile: int, now: Moment) -> SetResult:
        """1.6's way: the same CSMS with a higher security profile, and back to the old one if that doesn't work."""
        if security_profile == self.security_profile:
            return SetResult.ACCEPTED
        if not self._possible(security_profile, now):
            return SetResult.REJECTED
        self._wanted, self._tried = security_profile, 0
        self._station.emit(Reconnect(f"security profile {security_profile}"))
        return SetResult.ACCEPTED

    def password_changed(self, before: str, now: Moment) -> None:
        """The one before is tried when the new one is refused (A01)."""
        self._password = 0
        self._previous_password = before or None
        self._station.emit(Keep("network", "previous password", self._previous_password))
        self._reconfigured("BasicAuthPassword", now)

    # Inside

    def _reconfigured(self, what: str, now: Moment) -> None:
        self._station.upkeep.security.happened("ReconfigurationOfSecurityParameters", now, what)

    def note(self) -> None:
        """For the variables that tell of it."""
        variables = self._station.variables
        variables.note("SecurityProfile", str(self.security_profile))
        variables.note("SecurityProfileWanted", str(self.security_profile))
        variables.note("ActiveNetworkProfile", self.slot)
        timeout = self._profiles[self.slot].timeout_s
        if timeout > 0:
            variables.note("MessageTimeout", str(timeout))

    def _possible(self, security_profile: int, now: Moment) -> bool:
        if not self.security_profile <= security_profile <= 3:
            return False
        higher = security_profile > self.security_profile
        upkeep = self._station.upkeep
        if higher and security_profile >= 2 and not upkeep.certificates.can_trust_csms(now):
            return False
        return not (higher and security_profile == 3 and not upkeep.client_certificate.available(now))

    def _drop_lower(self) -> None:
        """A05.FR.06: there is no way back."""
        for slot, profile in list(self._profiles.items()):
            if profile.security_profile >= self.security_profile or slot == self._worked:
                continue
            del self._profiles[slot]
            self._station.emit(Keep("network", slot, None))
        left = ",".join(slot for slot in self._priority())
        self._station.variables.note("NetworkConfigurationPriority", left)
        self._station.emit(Keep("variable", "NetworkConfigurationPriority", left))

    def _priority(self) -> list[str]:
        wanted = self._station.variables.list("NetworkConfigurationPriority")
        return [slot for slot in wanted if slot in self._profiles] or [next(iter(self._profiles))]

    def _passwords(self) -> list[str | None]:
        """The configured one (None) is the last resort."""
        given = (self._station.variables.text("Password"), self._previous_password)
        return [*(text for text in given if text), None]
