"""What CitrineOS can ask of a station: action, payload, and the status of the answer where it is one."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.interop.test_node_csms import PERIOD, TOKEN

NOWHERE = "http://127.0.0.1:1/"
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
DEFAULT = {
    "id": 2,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]}],
}
LISTED = {"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}
LATER = "2099-01-01T00:00:00.000Z"
Asked = Sequence[tuple[str, Mapping[str, Any], str]]
ASKED_2_0_1: Asked = (
    ("GetVariables", {"getVariableData": [POWER]}, "getVariableResult"),
    ("GetReport", {"requestId": 1, "componentVariable": [POWER]}, "Accepted"),
    (
        "SetVariableMonitoring",
        {"setMonitoringData": [{**POWER, "type": "Delta", "value": 9, "severity": 5}]},
        "",
    ),
    ("GetMonitoringReport", {"requestId": 2}, "Accepted"),
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": DEFAULT}, "Accepted"),
    ("GetChargingProfiles", {"requestId": 3, "chargingProfile": {"stackLevel": 0}}, "Accepted"),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 60}, "Accepted"),
    ("ClearChargingProfile", {"chargingProfileId": 2}, "Accepted"),
    (
        "SendLocalList",
        {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [LISTED]},
        "Accepted",
    ),
    ("GetLocalListVersion", {}, ""),
    ("ClearCache", {}, "Accepted"),
    ("ReserveNow", {"id": 7, "expiryDateTime": LATER, "idToken": TOKEN, "evseId": 1}, "Accepted"),
    ("CancelReservation", {"reservationId": 7}, "Accepted"),
    (
        "SetDisplayMessage",
        {"message": {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "ようこそ"}}},
        "Accepted",
    ),
    ("ClearDisplayMessage", {"id": 1}, "Accepted"),
    (
        "CustomerInformation",
        {"requestId": 4, "report": True, "clear": False, "idToken": TOKEN},
        "Accepted",
    ),
    ("GetLog", {"logType": "SecurityLog", "requestId": 5, "log": {"remoteLocation": NOWHERE}}, "Accepted"),
    ("UpdateFirmware", {"requestId": 6, "firmware": {"location": NOWHERE, "retrieveDateTime": LATER}}, ""),
    ("GetInstalledCertificateIds", {}, ""),
    ("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "none"}, ""),
    ("ChangeAvailability", {"operationalStatus": "Operative"}, "Accepted"),
    ("UnlockConnector", {"evseId": 1, "connectorId": 1}, ""),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted"),
    ("DataTransfer", {"vendorId": "acme"}, "UnknownVendorId"),
)
PROFILE_1_6 = {
    "chargingProfileId": 2,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
}
ASKED_1_6: Asked = (
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE_1_6}, "Accepted"),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, "Accepted"),
    ("ClearChargingProfile", {"id": 2}, "Accepted"),
    (
        "SendLocalList",
        {
            "listVersion": 1,
            "updateType": "Full",
            "localAuthorizationList": [{"idTag": "APP-1", "idTagInfo": {"status": "Accepted"}}],
        },
        "Accepted",
    ),
    ("GetLocalListVersion", {}, ""),
    ("ClearCache", {}, "Accepted"),
    (
        "ReserveNow",
        {"connectorId": 1, "expiryDate": LATER, "idTag": "APP-1", "reservationId": 7},
        "Accepted",
    ),
    ("CancelReservation", {"reservationId": 7}, "Accepted"),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, "Accepted"),
    ("UnlockConnector", {"connectorId": 1}, ""),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}, "Accepted"),
    ("GetDiagnostics", {"location": NOWHERE}, ""),
    ("UpdateFirmware", {"location": NOWHERE, "retrieveDate": LATER}, ""),
    ("DataTransfer", {"vendorId": "acme"}, "UnknownVendorId"),
)
