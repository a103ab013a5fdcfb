"""SEMP messages."""

from xml.etree import ElementTree

import pytest

from hub.errors import DeviceRefused
from integrations.modbus.quirks.semp import NAMESPACE, SempDevice, control, devices

ANSWER = f"""<?xml version="1.0" encoding="UTF-8"?>
<Device2EM xmlns="{NAMESPACE}">
  <DeviceInfo>
    <Identification><DeviceId>F-11223344-112233445566-00</DeviceId><DeviceName>CC613</DeviceName></Identification>
    <Characteristics>
      <MinPowerConsumption>1380</MinPowerConsumption>
      <MaxPowerConsumption>11040</MaxPowerConsumption>
    </Characteristics>
  </DeviceInfo>
</Device2EM>"""


def test_devices_are_read_with_their_range() -> None:
    assert devices(ANSWER) == [SempDevice("F-11223344-112233445566-00", 1380, 11040)]


@pytest.mark.parametrize(
    ("least", "most", "switches"),
    [(1380, 11040, True), (1380, 22080, True), (4140, 11040, False), (1380, 4600, False), (0, 11040, False)],
)
def test_a_range_from_one_phase_to_three_means_that_it_switches(
    least: int, most: int, switches: bool
) -> None:
    assert SempDevice("x", least, most).switches_phases is switches


def test_what_a_device_does_not_say_is_nothing() -> None:
    text = f'<Device2EM xmlns="{NAMESPACE}"><DeviceInfo/></Device2EM>'
    assert devices(text) == [SempDevice("", 0, 0)]


@pytest.mark.parametrize(
    "text",
    ["", "not xml", "<a>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<!doctype a><a/>"],
)
def test_what_is_no_semp_is_refused(text: str) -> None:
    with pytest.raises(DeviceRefused, match="SEMP"):
        devices(text)


def test_control_says_what_power_to_take() -> None:
    root = ElementTree.fromstring(control("F-1 & Co", 1518, 17))
    told = {part.tag.partition("}")[2]: part.text for part in root.iter()}
    assert root.tag == f"{{{NAMESPACE}}}EM2Device"
    assert told["DeviceId"] == "F-1 & Co"
    assert (told["On"], told["RecommendedPowerConsumption"], told["Timestamp"]) == ("true", "1518", "17")
