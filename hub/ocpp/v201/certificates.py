"""OCPP 2.0.1 M03 to M05: the certificates that a CSMS installs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.certificates import USES
from hub.ocpp.station.hash_data import HashData

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station


def install(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    use, pem = call.payload["certificateType"], call.payload["certificate"]
    return {"status": station.upkeep.install_certificate(use, pem, now)}


def delete(station: "Station", call: "Call", now: Moment) -> Mapping[str, object]:
    return {"status": station.upkeep.delete_certificate(hashed(call.payload["certificateHashData"]), now)}


def installed(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    wanted = call.payload.get("certificateType") or USES  # without: all (M03)
    found = [
        {"certificateType": one.use, "certificateHashData": hash_words(one.named())}
        for one in station.upkeep.certificates.listed(*wanted)
    ]
    return {"status": "Accepted", "certificateHashDataChain": found} if found else {"status": "NotFound"}


def hashed(said: Mapping[str, str]) -> HashData:
    return HashData(
        said["hashAlgorithm"], said["issuerNameHash"], said["issuerKeyHash"], said["serialNumber"]
    )


def hash_words(named: HashData) -> dict[str, str]:
    return {
        "hashAlgorithm": named.algorithm,
        "issuerNameHash": named.issuer_name,
        "issuerKeyHash": named.issuer_key,
        "serialNumber": named.serial,
    }


CALLS = {
    "InstallCertificate": install,
    "DeleteCertificate": delete,
    "GetInstalledCertificateIds": installed,
}
