"""New firmware for the gateway: fetched, checked, and handed to whoever installs it (L01, L02).

Theory: scheduled -> downloading (again after a failure, as often as was asked) -> downloaded and checked -> waits for
its time and for the last transaction -> installing -> done. Each step is told and kept; after a restart it goes on
where it was, except that an installation which the restart ended has worked when the hub's version changed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.lazily import lazily
from hub.model.moment import Moment, parse_time
from hub.ocpp.station.certificates import MANUFACTURER
from hub.ocpp.station.effects import Abandon, Begin, Done, Download, Happened, Install, Keep
from hub.ocpp.station.reports import FirmwareStatus
from hub.ocpp.station.times import asked
from hub.ocpp.station.urls import BadUrl

if TYPE_CHECKING:
    from hub.ocpp.station import x509
    from hub.ocpp.station.station import Station
else:
    x509 = lazily("hub.ocpp.station.x509")

RETRY_S = 60
MOST_RETRIES = 100
UNVERIFIED = "Unverified"
"""Why an installation failed: the file isn't the one that was fetched (L01.FR.29)."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What was asked for, and how far it is. `certificate` None: 1.6's unsigned kind."""

    url: str
    retrieve_at: str
    request_id: int | None = None
    install_at: str | None = None
    certificate: str | None = None
    signature: str = ""
    retries: int = 0
    interval_s: int = RETRY_S
    phase: str = "scheduled"
    """scheduled, downloading, waiting (for its time, for transactions), installing"""
    file: str = ""
    sha256: str = ""
    version: str = ""
    """The hub's, when the installation began."""

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> "Firmware":
        """UpdateFirmware, or SignedUpdateFirmware of 1.6's security extension: the same words. Raises CallError."""
        said = payload["firmware"]
        asked(said["retrieveDateTime"]), asked(said.get("installDateTime"))
        return cls(
            said["location"],
            said["retrieveDateTime"],
            payload["requestId"],
            said.get("installDateTime"),
            said["signingCertificate"],
            said["signature"],
            payload.get("retries", 0),
            payload.get("retryInterval", RETRY_S),
        )

    @property
    def signed(self) -> bool:
        return self.certificate is not None


class FirmwareUpdates:
    """`kept`: what `Keep("firmware", ...)` kept: "request" and "status"."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        request = kept.get("request")
        self._firmware = None if request is None else Firmware(**request)
        status = kept.get("status")
        self._last = FirmwareStatus(*status) if status else FirmwareStatus("Idle", None, False)
        self._number = 0
        self._due: float | None = None

    def begin(self, now: Moment) -> None:
        """The process has started."""
        firmware = self._firmware
        if firmware is None:
            return
        if firmware.phase == "installing":
            good = firmware.version != self._station.setup.version
            if good:
                self._station.boot.reason = "FirmwareUpdate"
            self._installed(good, now)
        elif firmware.phase == "downloading":
            self._keep(replace(firmware, phase="scheduled"))
        self._go_on(now)

    # Asked

    def update(self, firmware: Firmware, now: Moment) -> str:
        """Accepted, AcceptedCanceled, Rejected or InvalidCertificate."""
        before = self._firmware
        if before is not None and before.phase == "installing":
            return "Rejected"  # L01.FR.27: what installs can't be called back
        try:
            self._station.setup.reach.check(firmware.url)
        except BadUrl:
            return "Rejected"
        if firmware.certificate is not None:
            problem = self._distrust(firmware.certificate, now)
            if problem:
                self._station.upkeep.security.happened("InvalidFirmwareSigningCertificate", now, problem)
                return "InvalidCertificate"
        if before is not None:
            self._station.emit(Abandon(self._ref))
            self._due = None
        self._keep(replace(firmware, retries=min(max(firmware.retries, 0), MOST_RETRIES)))
        if before is not None:
            self._station.statuses.show_all(now)  # an EVSE may have been kept free for the one before
        if self._wait(firmware.retrieve_at, now) > 0:
            self._tell("DownloadScheduled")
        self._go_on(now)
        return "Accepted" if before is None else "AcceptedCanceled"

    def trigger(self, signed: bool | None = None) -> None:
        """L01.FR.25/26. `signed`: 1.6 asks for one of its two messages."""
        last = self._last
        ours = signed is None or signed == last.signed
        idle = FirmwareStatus("Idle", None, last.signed if signed is None else signed)
        said = last if ours and last.status not in ("Installed", "Idle") else idle
        self._station.say(replace(said, asked=True), unregistered=True)

    @property
    def installing(self) -> bool:
        return self._phase == "installing"

    @property
    def blocks_new_sessions(self) -> bool:
        """L01.FR.07: while an installation waits for the last transaction."""
        if self._due is not None or self._phase not in ("waiting", "installing"):
            return False
        return not self._station.variables.bool("AllowNewSessionsPendingFirmwareUpdate")

    # Going on

    def tick(self, now: Moment) -> None:
        if self._due is not None and now.mono >= self._due:
            self._due = None
            self._go_on(now)

    def clock_was_set(self, now: Moment) -> None:
        """What waits for its time waits for it by the new one."""
        if self._due is not None and self._firmware is not None:
            self._due = now.mono + max(0.0, self._wait(self._next_at(self._firmware), now))

    def idle(self, now: Moment) -> None:
        """A transaction has ended: an installation may have waited for it."""
        if self._phase == "waiting" and self._due is None and not self._busy():
            self._install(now)

    def deadlines(self) -> list[float]:
        return [] if self._due is None else [self._due]

    def job_done(self, ref: str, done: Done, now: Moment) -> None:
        if self._firmware is None or ref != self._ref:
            return
        if self._firmware.phase == "installing":
            self._installed(done.good, now, verified=done.reason != UNVERIFIED)
        elif done.good:
            self._downloaded(done, now)
        elif self._firmware.retries > 0:
            if self._station.upkeep.tells_each_try:
                self._tell("DownloadFailed")
            self._keep(replace(self._firmware, phase="scheduled", retries=self._firmware.retries - 1))
            self._due = now.mono + max(1, self._firmware.interval_s)
        else:
            self._end("DownloadFailed")

    def _go_on(self, now: Moment) -> None:
        firmware = self._firmware
        if firmware is None:
            return
        wait = self._wait(self._next_at(firmware), now)
        if wait > 0:
            self._due = now.mono + wait
        elif firmware.phase == "scheduled":
            self._download()
        elif self._busy():
            self._station.statuses.show_all(now)
        else:
            self._install(now)

    def _download(self) -> None:
        assert self._firmware is not None
        self._keep(replace(self._firmware, phase="downloading"))
        self._number += 1
        self._tell("Downloading")
        self._station.emit(Begin(self._ref, Download(self._firmware.url, self._station.upkeep.file_roots)))

    def _downloaded(self, done: Done, now: Moment) -> None:
        assert self._firmware is not None
        self._tell("Downloaded")
        if self._firmware.certificate is not None:
            signer = x509.read_chain(self._firmware.certificate)[0]
            if not x509.signed_by(signer, self._firmware.signature, done.sha256):
                self._end("InvalidSignature")
                self._station.upkeep.security.happened("InvalidFirmwareSignature", now)
                return
            self._tell("SignatureVerified")
        self._keep(replace(self._firmware, phase="waiting", file=done.file, sha256=done.sha256.hex()))
        if self._wait(self._firmware.install_at, now) > 0 or self._busy():
            self._tell("InstallScheduled")
        self._go_on(now)

    def _install(self, now: Moment) -> None:
        assert self._firmware is not None
        self._keep(replace(self._firmware, phase="installing", version=self._station.setup.version))
        self._number += 1
        self._tell("Installing")
        install = Install(self._firmware.file, self._firmware.sha256, self._firmware.signed)
        self._station.emit(Begin(self._ref, install))
        self._station.statuses.show_all(now)

    def _installed(self, good: bool, now: Moment, *, verified: bool = True) -> None:
        failed = "InstallationFailed" if verified else "InstallVerificationFailed"
        self._end("Installed" if good else failed)
        if good:
            self._station.upkeep.security.happened("FirmwareUpdated", now)
        self._station.statuses.show_all(now)

    # Inside

    @property
    def _phase(self) -> str | None:
        return self._firmware.phase if self._firmware else None

    @property
    def _ref(self) -> str:
        return f"firmware:{self._number}"

    @staticmethod
    def _next_at(firmware: Firmware) -> str | None:
        return firmware.retrieve_at if firmware.phase == "scheduled" else firmware.install_at

    def _wait(self, at: str | None, now: Moment) -> float:
        """Seconds, by the CSMS's clock."""
        return 0.0 if at is None else (parse_time(at) - parse_time(self._station.stamp(now))).total_seconds()

    def _busy(self) -> bool:
        return any(flow.transaction for flow in self._station.evses.flows.values())

    def _distrust(self, pem: str, now: Moment) -> str:
        try:
            chain = x509.read_chain(pem)
            x509.check_time(chain[0], now.wall)
        except x509.BadCertificate as error:
            return str(error)
        roots = self._station.upkeep.certificates.roots(MANUFACTURER)
        return (
            "" if x509.trusted(chain, roots, now.wall) else "no installed manufacturer's root vouches for it"
        )

    def _keep(self, firmware: Firmware | None) -> None:
        self._firmware = firmware
        self._station.emit(Keep("firmware", "request", None if firmware is None else asdict(firmware)))

    def _end(self, status: str) -> None:
        self._tell(status)
        self._station.emit(Abandon(self._ref))  # its file isn't needed any more
        self._keep(None)

    def _tell(self, status: str) -> None:
        assert self._firmware is not None
        self._last = FirmwareStatus(status, self._firmware.request_id, self._firmware.signed)
        self._station.emit(Keep("firmware", "status", [status, self._last.request_id, self._last.signed]))
        self._station.upkeep.notices.add(self._last)
        self._station.emit(Happened("firmware_update", {"status": status}))
