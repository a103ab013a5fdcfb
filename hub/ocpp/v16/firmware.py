"""OCPP 1.6 Firmware Management: new firmware that nobody signed, and diagnostics."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station import firmware as station_firmware
from hub.ocpp.station import logs as station_logs
from hub.ocpp.station.firmware import Firmware
from hub.ocpp.station.logs import DIAGNOSTICS, LogRequest
from hub.ocpp.station.reports import FirmwareStatus, LogStatus
from hub.ocpp.station.times import asked

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Words = tuple[str, Mapping[str, object]]

UNSIGNED = frozenset(
    ["Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"]
)
FEWER = {"InstallVerificationFailed": "InstallationFailed"}
ASKED = {
    "DownloadFailed": "Idle",
    "DownloadScheduled": "Idle",
    "InstallationFailed": "Idle",
    "InstallScheduled": "Downloaded",
}
"""What is going on, for who asks (7.25); what has failed isn't going on any more."""
DIAGNOSTICS_WORDS = {"Idle": "Idle", "Uploading": "Uploading", "Uploaded": "Uploaded"}


def update_firmware(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    """Its answer has no words for a refusal: that nothing will come of it is told as a download that failed."""
    payload = call.payload
    asked(payload["retrieveDate"])
    firmware = Firmware(
        payload["location"],
        payload["retrieveDate"],
        retries=payload.get("retries", 0),
        interval_s=payload.get("retryInterval", station_firmware.RETRY_S),
    )
    updates = station.upkeep.firmware
    if updates.update(firmware, now) == "Rejected" and not updates.installing:
        station.upkeep.notices.add(FirmwareStatus("DownloadFailed", signed=False))
    return {}


def get_diagnostics(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    """Without a file's name: there is nothing to be had."""
    payload = call.payload
    request = LogRequest(
        DIAGNOSTICS,
        payload["location"],
        oldest=asked(payload.get("startTime")),
        latest=asked(payload.get("stopTime")),
        retries=payload.get("retries", 0),
        interval_s=payload.get("retryInterval", station_logs.RETRY_S),
        diagnostics=True,
    )
    _, filename = station.upkeep.logs.start(request, now)
    return {"fileName": filename} if filename else {}


def firmware_status(message: FirmwareStatus) -> Words | None:
    """Firmware that is signed has a message of its own, with more words."""
    if message.signed:
        said: dict[str, object] = {"status": message.status}
        if message.request_id is not None:
            said["requestId"] = message.request_id
        return "SignedFirmwareStatusNotification", said
    status = FEWER.get(message.status, message.status)
    if message.asked:
        status = ASKED.get(status, status)
    return ("FirmwareStatusNotification", {"status": status}) if status in UNSIGNED else None


def log_status(message: LogStatus) -> Words | None:
    if message.diagnostics:
        if message.status == "AcceptedCanceled":
            return None
        status = DIAGNOSTICS_WORDS.get(message.status, "UploadFailed")
        return "DiagnosticsStatusNotification", {"status": status}
    if message.status == "AcceptedCanceled":
        return None  # 2.0.1 only
    said: dict[str, object] = {"status": message.status}
    if message.request_id is not None:
        said["requestId"] = message.request_id
    return "LogStatusNotification", said


CALLS = {"UpdateFirmware": update_firmware, "GetDiagnostics": get_diagnostics}
ENCODERS: dict[type, Callable[[Any], Words | None]] = {
    FirmwareStatus: firmware_status,
    LogStatus: log_status,
}
