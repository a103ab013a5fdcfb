"""ECHONET Lite: EV chargers and what else speaks it in a house, found by themselves."""

from hub.integration.api import Device, DeviceSetup
from integrations.echonet_lite.appliance import make_appliance
from integrations.echonet_lite.device import make_device
from integrations.echonet_lite.service import make_service

__all__ = ["Device", "DeviceSetup", "make_appliance", "make_device", "make_service"]
