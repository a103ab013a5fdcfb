"""Which interfaces are used."""

from ipaddress import IPv4Interface, IPv6Interface

import pytest

from hub.errors import HubError
from integrations.echonet_lite.interfaces import Interface, find, loopback

LAN = Interface("eth0", 2, IPv4Interface("192.0.2.2/24"), "192.0.2.255")
LAN6 = Interface("eth0", 2, IPv6Interface("fe80::2/64"))


def test_an_address_is_on_a_link_or_not() -> None:
    assert LAN.holds("192.0.2.99")
    assert not LAN.holds("198.51.100.1")
    assert not LAN.holds("fe80::1")
    assert not LAN.holds("x")
    assert LAN6.holds("fe80::1%eth0")
    assert not LAN6.holds("fe80::1%wlan0")


def test_a_link_local_address_has_its_zone() -> None:
    assert LAN6.host == "fe80::2%eth0"
    assert LAN.host == "192.0.2.2"


def test_an_address_of_the_loopback_is_an_interface() -> None:
    (one,) = find(("127.66.0.5/24",))
    assert one.host == "127.66.0.5"
    assert one.holds("127.66.0.77")
    assert not one.holds("127.66.1.77")


def test_a_name_may_be_given() -> None:
    (local,) = loopback()
    assert local in find((local.name,))


def test_what_is_not_there_is_said_with_what_is() -> None:
    with pytest.raises(HubError, match=r"there is no 'eth99'; there are .*lo"):
        find(("eth99",))


def test_without_names_the_loopback_is_left_out() -> None:
    assert all(not one.address.is_loopback for one in find())
