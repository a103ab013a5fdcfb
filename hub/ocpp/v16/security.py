"""OCPP 1.6's security extension: triggers, certificates, security events, logs, signed firmware."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.certificates import CSMS, MANUFACTURER
from hub.ocpp.station.firmware import Firmware
from hub.ocpp.station.hash_data import HashData
from hub.ocpp.station.logs import LogRequest
from hub.ocpp.station.reports import SecurityEvent, SignCertificate

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Words = tuple[str, Mapping[str, object]]

USES = {"CentralSystemRootCertificate": CSMS, "ManufacturerRootCertificate": MANUFACTURER}
TRIGGERS = {
    "BootNotification": "BootNotification",
    "FirmwareStatusNotification": "SignedFirmwareStatusNotification",
    "Heartbeat": "Heartbeat",
    "LogStatusNotification": "LogStatusNotification",
    "MeterValues": "MeterValues",
    "SignChargePointCertificate": "SignChargingStationCertificate",
    "StatusNotification": "StatusNotification",
}
EVENTS = {
    "FailedToAuthenticateAtCsms": "FailedToAuthenticateAtCentralSystem",
    "CsmsFailedToAuthenticate": "CentralSystemFailedToAuthenticate",
    "InvalidCsmsCertificate": "InvalidCentralSystemCertificate",
    "InvalidChargingStationCertificate": "InvalidChargePointCertificate",
}
"""2.0.1's words -> 1.6's, where they differ."""


def extended_trigger(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    wanted, connector = TRIGGERS[call.payload["requestedMessage"]], call.payload.get("connectorId")
    if connector is not None and connector != 0 and connector not in station.evses.flows:
        return {"status": "Rejected"}
    return {"status": "Accepted" if station.triggers.trigger(wanted, connector, now) else "NotImplemented"}


def certificate_signed(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    good = station.upkeep.client_certificate.signed(call.payload["certificateChain"], now)
    return {"status": "Accepted" if good else "Rejected"}


def install(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    use = USES[call.payload["certificateType"]]
    return {"status": station.upkeep.install_certificate(use, call.payload["certificate"], now)}


def delete(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    said = call.payload["certificateHashData"]
    wanted = HashData(
        said["hashAlgorithm"], said["issuerNameHash"], said["issuerKeyHash"], said["serialNumber"]
    )
    return {"status": station.upkeep.delete_certificate(wanted, now)}


def installed(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    found = [
        {
            "hashAlgorithm": named.algorithm,
            "issuerNameHash": named.issuer_name,
            "issuerKeyHash": named.issuer_key,
            "serialNumber": named.serial,
        }
        for named in (
            one.named() for one in station.upkeep.certificates.listed(USES[call.payload["certificateType"]])
        )
    ]
    return {"status": "Accepted", "certificateHashData": found} if found else {"status": "NotFound"}


def get_log(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    status, filename = station.upkeep.logs.start(LogRequest.read(call.payload), now)
    return {"status": status} | ({"filename": filename} if filename else {})


def update_firmware(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    return {"status": station.upkeep.firmware.update(Firmware.read(call.payload), now)}


def security_event(message: SecurityEvent) -> Words:
    said = {"type": EVENTS.get(message.event, message.event), "timestamp": message.at}
    return "SecurityEventNotification", said | ({"techInfo": message.info} if message.info else {})


def sign_certificate(message: SignCertificate) -> Words:
    return "SignCertificate", {"csr": message.csr}


CALLS = {
    "ExtendedTriggerMessage": extended_trigger,
    "CertificateSigned": certificate_signed,
    "InstallCertificate": install,
    "DeleteCertificate": delete,
    "GetInstalledCertificateIds": installed,
    "GetLog": get_log,
    "SignedUpdateFirmware": update_firmware,
}
ENCODERS: dict[type, Callable[[Any], Words]] = {
    SecurityEvent: security_event,
    SignCertificate: sign_certificate,
}
