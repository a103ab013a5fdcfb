"""OCPP 2.0.1 A: certificates of the station itself, and security events."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.station.reports import SecurityEvent, SignCertificate

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Words = tuple[str, Mapping[str, object]]


def certificate_signed(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    use = call.payload.get("certificateType", "ChargingStationCertificate")
    if use != "ChargingStationCertificate":
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}}
    good = station.upkeep.client_certificate.signed(call.payload["certificateChain"], now)
    return {"status": "Accepted" if good else "Rejected"}


def security_event(message: SecurityEvent) -> Words:
    said = {"type": message.event, "timestamp": message.at}
    return "SecurityEventNotification", said | ({"techInfo": message.info} if message.info else {})


def sign_certificate(message: SignCertificate) -> Words:
    return "SignCertificate", {"csr": message.csr, "certificateType": "ChargingStationCertificate"}


CALLS = {"CertificateSigned": certificate_signed}
ENCODERS: dict[type, Callable[[Any], Words]] = {
    SecurityEvent: security_event,
    SignCertificate: sign_certificate,
}
