"""OCPP 2.0.1 L01: new firmware, signed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.firmware import Firmware
from hub.ocpp.station.reports import FirmwareStatus

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Words = tuple[str, Mapping[str, object]]


def update_firmware(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    said = call.payload["firmware"]
    if "signingCertificate" not in said or "signature" not in said:
        # L01.FR.11: what nobody vouches for isn't installed.
        return {"status": "Rejected", "statusInfo": {"reasonCode": "MissingParam"}}
    return {"status": station.upkeep.firmware.update(Firmware.read(call.payload), now)}


def firmware_status(message: FirmwareStatus) -> Words:
    said: dict[str, object] = {"status": message.status}
    if message.request_id is not None:
        said["requestId"] = message.request_id
    return "FirmwareStatusNotification", said


CALLS = {"UpdateFirmware": update_firmware}
ENCODERS: dict[type, Callable[[Any], Words | None]] = {FirmwareStatus: firmware_status}
