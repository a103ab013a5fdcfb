"""Modbus: chargers that are polled by registers."""

from hub.integration.api import Device, DeviceSetup
from integrations.modbus.device import make_device

__all__ = ["Device", "DeviceSetup", "make_device"]
