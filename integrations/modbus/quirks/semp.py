"""SEMP, an energy manager's simple protocol: which devices there are, and what power one of them should take."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from hub.errors import DeviceRefused

NAMESPACE = "http://www.sma.de/communication/schema/SEMP/v1"
PATH = "/SimpleEnergyManagementProtocol"
ONE_PHASE_W = 1518
"""253 V x 6 A: reached with one phase at every voltage, never with three."""
THREE_PHASES_W = 9936
"""207 V x 16 A x 3: reached with three phases at every voltage, never with one."""
FREE_W = 0xFFFF
"""More than any box takes: the manager is there, and Modbus decides."""
THREE_PHASES_FROM_W, ONE_PHASE_TO_W = 4140, 4600


@dataclass(frozen=True, slots=True)
class SempDevice:
    device_id: str
    least_w: int
    most_w: int

    @property
    def switches_phases(self) -> bool:
        """Its range holds what only one phase, and what only three can take."""
        return 0 < self.least_w < THREE_PHASES_FROM_W and self.most_w > ONE_PHASE_TO_W


def devices(text: str) -> list[SempDevice]:
    """Of a Device2EM message. Raises DeviceRefused."""
    # Entities could grow without end; no SEMP message needs them.
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise DeviceRefused("the SEMP answer declares entities")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - what could grow was refused above
    except ElementTree.ParseError as error:
        raise DeviceRefused(f"the SEMP answer is no XML: {error}") from error
    return [
        SempDevice(
            _text(info, "Identification", "DeviceId"),
            _watts(info, "MinPowerConsumption"),
            _watts(info, "MaxPowerConsumption"),
        )
        for info in root.iter(f"{{{NAMESPACE}}}DeviceInfo")
    ]


def control(device_id: str, power_w: int, timestamp: int) -> str:
    """An EM2Device message: what power the device should take."""
    root = ElementTree.Element("EM2Device", {"xmlns": NAMESPACE})
    one = ElementTree.SubElement(root, "DeviceControl")
    for name, value in (
        ("DeviceId", device_id),
        ("On", "true"),
        ("RecommendedPowerConsumption", str(power_w)),
        ("Timestamp", str(timestamp)),
    ):
        ElementTree.SubElement(one, name).text = value
    return '<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, encoding="unicode")


def _text(info: ElementTree.Element, *path: str) -> str:
    found = info.find("/".join(f"{{{NAMESPACE}}}{name}" for name in path))
    return "" if found is None else (found.text or "").strip()


def _watts(info: ElementTree.Element, name: str) -> int:
    told = _text(info, "Characteristics", name)
    return int(told) if told.isdecimal() else 0
