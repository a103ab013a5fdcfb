"""What keeps a station in order besides charging: its parts, and the one place where the station meets them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.certificates import Certificates
from hub.ocpp.station.client_certificate import ClientCertificate
from hub.ocpp.station.display import Display
from hub.ocpp.station.effects import Done
from hub.ocpp.station.firmware import FirmwareUpdates
from hub.ocpp.station.hash_data import HashData
from hub.ocpp.station.logs import Logs
from hub.ocpp.station.messages import Message, OpenEventStream
from hub.ocpp.station.monitoring import Monitors
from hub.ocpp.station.network import Network
from hub.ocpp.station.notices import Notice, Notices
from hub.ocpp.station.reports import SignCertificate
from hub.ocpp.station.security import Security
from hub.ocpp.station.variables import SetResult

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

Kept = Callable[[str], dict[str, Any]]


class Upkeep:
    """Built last, when the station's own parts are there."""

    def __init__(self, station: "Station", kept: Kept) -> None:
        self._station = station
        self.notices = Notices(kept("notice"), station.emit)
        self.security = Security(station, kept("security_log"))
        self.certificates = Certificates(station, kept("certificate"), kept("root").get("fallback"))
        self.client_certificate = ClientCertificate(station, kept("client_certificate"), station.setup.keys)
        self.network = Network(station, kept("network"))
        self.firmware = FirmwareUpdates(station, kept("firmware"))
        self.logs = Logs(station, kept("log"))
        self.display = Display(station, kept("display"))
        self.monitors = Monitors(station, kept("monitor"), kept("monitoring"))

    def begin(self, now: Moment) -> None:
        """The process has started."""
        self.network.note()
        self.client_certificate.look_ahead(now)
        self._note_certificates()
        self.security.happened("StartupOfTheDevice", now)
        self.firmware.begin(now)
        self.logs.begin()
        self.display.look(now)

    @property
    def tells_each_try(self) -> bool:
        dialect = self._station.dialect
        return dialect is not None and dialect.tells_each_try

    # From the station

    def tick(self, now: Moment) -> None:
        self.client_certificate.tick(now)
        self.firmware.tick(now)
        self.logs.tick(now)
        self.look(now)
        self.monitors.streams.tick(now)

    def look(self, now: Moment) -> None:
        """Something may have changed."""
        self.display.look(now)
        self.monitors.look(now)

    def deadlines(self) -> list[float]:
        return [
            *self.client_certificate.deadlines(),
            *self.firmware.deadlines(),
            *self.logs.deadlines(),
            *self.monitors.deadlines(),
            *self.display.deadlines(),
        ]

    def clock_was_set(self, now: Moment) -> None:
        """The machine's, or the CSMS's."""
        self.firmware.clock_was_set(now)
        self.client_certificate.clock_was_set(now)

    def restarted(self, reason: str, now: Moment) -> None:
        """A Reset."""
        self.monitors.streams.restarted()
        self.security.happened("ResetOrReboot", now, reason)
        self.network.restarted()

    def heard(self, message: Message, payload: Mapping[str, Any], now: Moment) -> None:
        """The CSMS's answer to a message of ours."""
        if isinstance(message, SignCertificate):
            self.client_certificate.answered(str(payload.get("status")), now)
        elif isinstance(message, OpenEventStream):
            self.monitors.streams.answered(message, payload.get("status") == "Accepted", now)

    def not_heard(self, message: Message, now: Moment) -> None:
        """No answer, or an error."""
        if isinstance(message, SignCertificate):
            self.client_certificate.answered("Accepted", now)
        elif isinstance(message, OpenEventStream):
            self.monitors.streams.answered(message, False, now)

    def job_done(self, ref: str, done: Done, now: Moment) -> None:
        """A download, an upload or an installation has ended."""
        self.firmware.job_done(ref, done, now)
        self.logs.job_done(ref, done, now)

    # Settings

    def veto(self, name: str, text: str, now: Moment) -> SetResult | None:
        """What a new (valid) value means besides being kept; None: nothing. REJECTED: it isn't taken."""
        if name == "NetworkConfigurationPriority":
            return self.network.checked_priority([slot.strip() for slot in text.split(",")], now)
        if name == "SecurityProfileWanted":
            return self.network.upgrade(int(text), now)
        return None

    def changed(self, name: str, before: str, now: Moment) -> None:
        if name == "Password":
            self.network.password_changed(before, now)
        if name == "AllowNewSessionsPendingFirmwareUpdate":
            self._station.statuses.show_all(now)

    @property
    def file_roots(self) -> tuple[str, ...]:
        """What a file server's certificate is checked with besides the system's roots (N01.FR.15)."""
        return (*self._station.setup.roots, *self.network.roots)

    # Certificates

    def install_certificate(self, use: str, pem: str, now: Moment) -> str:
        status = self.certificates.install(use, pem, now)
        self._note_certificates()
        return status

    def delete_certificate(self, wanted: HashData, now: Moment) -> str:
        status = self.certificates.delete(wanted, now)
        self._note_certificates()
        return status

    def _note_certificates(self) -> None:
        self._station.variables.note("CertificateEntries", str(len(self.certificates)))

    # Messages on demand

    def triggers(self) -> dict[str, Callable[[int | None, Moment], None]]:
        return {
            "SignChargingStationCertificate": lambda _evse, now: self.client_certificate.request(now),
            "FirmwareStatusNotification": lambda _evse, _now: self.firmware.trigger(),
            "SignedFirmwareStatusNotification": lambda _evse, _now: self.firmware.trigger(signed=True),
            "UnsignedFirmwareStatusNotification": lambda _evse, _now: self.firmware.trigger(signed=False),
            "LogStatusNotification": self.logs.trigger,
            "DiagnosticsStatusNotification": self.logs.trigger_diagnostics,
        }

    def next_notice(self, now: Moment) -> tuple[int, Notice] | None:
        return self.notices.due(now)
