"""What ocpp-go's validators want of a station beyond the schemas, in our own words: Go isn't there to run it.

Its `required` refuses an empty text and a zero, an `int` takes no 5.0, and some of its lists and lengths are shorter
than the specification's.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NAMES_OF_TIMES = ("timestamp", "generatedAt", "scheduleStart", "validFrom", "validTo", "startDateTime")
FILLED = (
    *("name", "transactionId", "reasonCode", "content", "model", "vendorName", "idTag", "csr"),
    *(
        "chargePointModel",
        "chargePointVendor",
        "status",
        "type",
        "key",
        "signedMeterData",
        "data",
        "filename",
    ),
)
"""Texts that aren't empty. An empty idToken is allowed for NoAuthorization."""
FRACTIONS = ("value", "limit", "minLimit", "maxLimit", "minChargingRate", "totalCost")
"""Numbers that needn't be whole; all others are `int`."""
LONGEST: Mapping[tuple[str, str], int] = {
    ("GetVariables", "attributeValue"): 1000,
    ("GetConfiguration", "value"): 500,
    ("GetConfiguration", "key"): 50,
    ("NotifyReport", "unit"): 16,
    ("NotifyReport", "valuesList"): 1000,
    ("NotifyReport", "value"): 2500,
    ("SecurityEventNotification", "techInfo"): 255,
    ("NotifyEvent", "techInfo"): 500,
    ("NotifyCustomerInformation", "data"): 512,
}
NARROW: Mapping[tuple[str, str, str], Callable[[Any], bool]] = {
    ("2.0.1", "FirmwareStatusNotification", "status"): lambda status: (
        status
        in (
            *("Downloaded", "DownloadFailed", "Downloading", "Idle"),
            *("InstallationFailed", "Installing", "Installed"),
        )
    ),
    ("2.0.1", "LogStatusNotification", "status"): lambda status: status != "AcceptedCanceled",
    ("2.0.1", "SetVariables", "attributeStatus"): lambda status: status != "RebootRequired",
    ("2.0.1", "NotifyEvent", "actualValue"): bool,  # a value that is only written stays untold
    ("2.0.1", "GetCompositeSchedule", "evseId"): bool,
    ("2.0.1", "GetCompositeSchedule", "duration"): bool,
}
"""Where it knows less than OCPP 2.0.1: no fault of a station's."""


def members(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the name of the member it is of."""
    yield name, node
    inner = (
        node.items()
        if isinstance(node, dict)
        else [(name, item) for item in node]
        if isinstance(node, list)
        else []
    )
    for key, value in inner:
        yield from members(value, key)


def complaints(version: str, action: str, payload: Any) -> Iterator[str]:
    for name, value in members(payload):
        if name in FILLED and value == "":
            yield f"{name} is empty"
        if name in NAMES_OF_TIMES and not TIME.fullmatch(str(value)):
            yield f"{name} is the time {value}"
        if isinstance(value, float) and name not in FRACTIONS:
            yield f"{name} is {value}, not an integer"
        if name == "multiplier" and value < 0:
            yield f"{name} is {value}"
        if isinstance(value, str) and len(value) > LONGEST.get((action, name), len(value)):
            yield f"{name} has {len(value)} characters"
        if value is None:
            yield f"{name} is null"
    if version == "1.6":
        yield from (f"the sample {sample}" for sample in _samples(payload) if not sample["value"])


def narrow(version: str, action: str, payload: Any) -> Iterator[str]:
    """What it refuses although OCPP allows it."""
    for name, value in members(payload):
        known = NARROW.get((version, action, name))
        if known is not None and not known(value):
            yield f"{action}.{name}: {value}"


def _samples(payload: Any) -> list[Any]:
    return [
        sample for name, sample in members(payload) if name == "sampledValue" and isinstance(sample, dict)
    ]
