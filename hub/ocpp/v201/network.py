"""OCPP 2.0.1 B09: network connection profiles."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.network import NetworkProfile

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

VERSIONS = {
    None: ("ocpp2.1", "ocpp2.0.1"),  # 2.1 leaves it out
    "OCPP16": ("ocpp1.6",),
    "OCPP20": ("ocpp2.0.1",),
    "OCPP201": ("ocpp2.0.1",),
    "OCPP21": ("ocpp2.1",),
}


def set_network_profile(station: "Station", call: "Call", _now: Moment) -> Mapping[str, object]:
    said = call.payload["connectionData"]
    versions = VERSIONS.get(said.get("ocppVersion"))
    # Which way packets go is the machine's business: an APN or a VPN can't be had through OCPP here.
    if versions is None or said["ocppTransport"] != "JSON" or "apn" in said or "vpn" in said:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedParam"}}
    if said["messageTimeout"] < 0:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidValue"}}
    profile = NetworkProfile(
        said["ocppCsmsUrl"].rstrip("/"), said["securityProfile"], versions, said["messageTimeout"]
    )
    return {"status": station.upkeep.network.set_profile(str(call.payload["configurationSlot"]), profile)}


CALLS = {"SetNetworkProfile": set_network_profile}
