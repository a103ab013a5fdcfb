"""Logs for the CSMS: which one, where to, and how its upload goes (N01; 1.6's GetLog and GetDiagnostics)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment, rfc3339
from hub.ocpp.station.effects import Abandon, Begin, Done, Keep, Upload
from hub.ocpp.station.facts import told
from hub.ocpp.station.reports import LogStatus
from hub.ocpp.station.times import asked
from hub.ocpp.station.urls import BadUrl
from hub.ocpp.station.variable_table import VARIABLES

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

SECURITY, DIAGNOSTICS = "SecurityLog", "DiagnosticsLog"
RETRY_S = 30
MOST_RETRIES = 100
FAILURES = frozenset({"BadMessage", "PermissionDenied", "NotSupportedOperation"})
"""Of 2.0.1's words; everything else is an UploadFailure."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """`diagnostics`: asked for by 1.6's GetDiagnostics."""

    kind: str
    url: str
    request_id: int | None = None
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int = 0
    interval_s: int = RETRY_S
    diagnostics: bool = False

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> "LogRequest":
        """GetLog: 1.6's security extension has it in 2.0.1's words. Raises CallError."""
        said = payload["log"]
        return cls(
            payload["logType"],
            said["remoteLocation"],
            payload["requestId"],
            asked(said.get("oldestTimestamp")),
            asked(said.get("latestTimestamp")),
            payload.get("retries", 0),
            payload.get("retryInterval", RETRY_S),
        )


class Logs:
    """One upload at a time; a new request ends the one before. `kept`: what `Keep("log", ...)` kept."""

    def __init__(self, station: "Station", kept: Mapping[str, Any]) -> None:
        self._station = station
        self._lost = kept.get("request")
        self._request: LogRequest | None = None
        self._job: Upload | None = None
        self._left = 0
        self._number = 0
        self._due: float | None = None
        self._last = LogStatus("Idle")

    def begin(self) -> None:
        """The process has started: an upload that went with the last one is told to have failed."""
        if self._lost is not None:
            request_id, diagnostics = self._lost
            self._lost = None
            self._station.upkeep.notices.add(LogStatus("UploadFailure", request_id, diagnostics))
            self._station.emit(Keep("log", "request", None))

    def start(self, request: LogRequest, now: Moment) -> tuple[str, str | None]:
        """(Accepted, AcceptedCanceled or Rejected; the file's name)"""
        try:
            self._station.setup.reach.check(request.url)
        except BadUrl:
            return "Rejected", None
        status = "Accepted"
        if self._request is not None:
            status = "AcceptedCanceled"
            self._station.emit(Abandon(self._ref))
            self._tell("AcceptedCanceled")
            self._due = None
        self._request, self._left = request, min(max(request.retries, 0), MOST_RETRIES)
        self._job = self._upload(request, now)
        self._station.emit(Keep("log", "request", [request.request_id, request.diagnostics]))
        self._begin()
        return status, self._job.filename

    def job_done(self, ref: str, done: Done, now: Moment) -> None:
        if ref != self._ref or self._request is None:
            return
        failure = done.reason if done.reason in FAILURES else "UploadFailure"
        if done.good or self._left <= 0:
            self._end("Uploaded" if done.good else failure)
            return
        if self._station.upkeep.tells_each_try:
            self._tell(failure)
        self._left -= 1
        self._due = now.mono + max(1, self._request.interval_s)

    def tick(self, now: Moment) -> None:
        if self._due is not None and now.mono >= self._due:
            self._due = None
            self._begin()

    def deadlines(self) -> list[float]:
        return [] if self._due is None else [self._due]

    def trigger(self, _evse: int | None, _now: Moment) -> None:
        """N01.FR.13: without an upload it is Idle."""
        self._station.say(self._current(diagnostics=False), unregistered=True)

    def trigger_diagnostics(self, _evse: int | None, _now: Moment) -> None:
        self._station.say(self._current(diagnostics=True), unregistered=True)

    def _current(self, *, diagnostics: bool) -> LogStatus:
        """Of an upload that this message tells of."""
        going_on = self._request is not None and self._request.diagnostics == diagnostics
        return self._last if going_on else LogStatus("Idle", diagnostics=diagnostics)

    @property
    def _ref(self) -> str:
        return f"log:{self._number}"

    def _upload(self, request: LogRequest, now: Moment) -> Upload:
        security = request.kind == SECURITY
        name = f"{self._station.setup.charger}-{'security' if security else 'diagnostics'}"
        lines = self._station.upkeep.security.lines(request.oldest, request.latest) if security else []
        return Upload(
            request.url,
            f"{name}-{now.wall:%Y%m%dT%H%M%SZ}.log",
            "".join(f"{line}\n" for line in lines) if security else None,
            "" if security else self._about(now),
            None if request.oldest is None else rfc3339(request.oldest),
            None if request.latest is None else rfc3339(request.latest),
            self._station.upkeep.file_roots,
        )

    def _about(self, now: Moment) -> str:
        """The station as it is now; no secrets."""
        station = self._station
        lines = [f"station {station.setup.charger} at {rfc3339(now.wall)}"]
        lines += [
            f"{variable.name}={told(station, variable.name)}" for variable in VARIABLES if not variable.secret
        ]
        for flow in station.evses.flows.values():
            running = flow.transaction.id if flow.transaction else "none"
            lines.append(f"evse {flow.evse}: {station.statuses.status(flow).value}, transaction {running}")
        lines.append(f"owed messages: {len(station.outbox)}")
        return "".join(f"{line}\n" for line in lines)

    def _begin(self) -> None:
        assert self._job is not None
        self._number += 1
        self._tell("Uploading")
        self._station.emit(Begin(self._ref, self._job))

    def _end(self, status: str) -> None:
        self._tell(status)
        self._station.emit(Keep("log", "request", None))
        self._request = self._job = self._due = None

    def _tell(self, status: str) -> None:
        assert self._request is not None
        self._last = LogStatus(status, self._request.request_id, self._request.diagnostics)
        self._station.upkeep.notices.add(self._last)
