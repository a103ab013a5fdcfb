"""Modbus: chargers that are polled by registers."""

from hub.integration.api import Device, DeviceSetup, Gauge
from integrations.modbus.device import make_device
from integrations.modbus.sharing import LINKS

__all__ = ["Device", "DeviceSetup", "gauges", "make_device"]


def gauges() -> list[Gauge]:
    """Of each wire, as shares of its time: what is planned, and what was used in the last minute; and what came that
    was no reply."""
    return [
        Gauge(f"evhub_modbus_{name}", {"wire": link.load.wire}, value)
        for link in LINKS.used()
        for name, value in (
            ("wire_planned_ratio", round(link.load.wanted, 4)),
            ("wire_use_ratio", round(link.load.use, 4)),
            ("replies_discarded_total", float(link.discarded)),
            ("frames_damaged_total", float(link.damaged)),
        )
    ]
