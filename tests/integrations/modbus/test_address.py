"""From a blueprint's link to a wire."""

from typing import Any

import pytest

from hub.errors import HubError
from integrations.modbus.address import Address, SerialAddress, TcpAddress, Tls, address_of


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ({"host": "h"}, TcpAddress("h", 502)),
        ({"host": "h", "port": 1502, "tid": "ignore"}, TcpAddress("h", 1502, check_tid=False)),
        ({"host": "h", "framer": "rtu"}, TcpAddress("h", 502, "rtu")),
        ({"host": "rtu+tcp://h:4196"}, TcpAddress("h", 4196, "rtu")),
        ({"host": "tls://h"}, TcpAddress("h", 802, tls=Tls())),
        ({"host": "tls://h", "port": 502}, TcpAddress("h", 802, tls=Tls())),
        ({"host": "tls://h:502", "port": 502}, TcpAddress("h", 502, tls=Tls())),
        ({"host": "tls://h", "port": 1802}, TcpAddress("h", 1802, tls=Tls())),
        ({"host": "tls://h?ca=/ca.pem&cert=/c.pem&key=/k.pem"},
         TcpAddress("h", 802, tls=Tls("/ca.pem", "/c.pem", "/k.pem"))),
        ({"host": "tls://h", "tls": {"ca": "/ca.pem"}}, TcpAddress("h", 802, tls=Tls("/ca.pem"))),
        ({"host": "h", "tls": {"ca": "/ca.pem"}}, TcpAddress("h", 802, tls=Tls("/ca.pem"))),
        ({"host": "[::1]"}, TcpAddress("::1", 502)),
        ({"serial": "/dev/ttyUSB0"}, SerialAddress("/dev/ttyUSB0")),
        ({"serial": "/dev/s", "framer": "ascii", "baudrate": 38400, "parity": "none", "stopbits": 2},
         SerialAddress("/dev/s", "ascii", 38400, "none", 2)),
        ({"serial": "h:4196"}, TcpAddress("h", 4196, "rtu")),
        ({"serial": "ascii+tcp://h:4196"}, TcpAddress("h", 4196, "ascii")),
    ],
)  # fmt: skip
def test_a_link_names_a_wire(link: dict[str, Any], address: Address) -> None:
    assert address_of(link) == address


def test_sockets_may_have_ports_of_their_own() -> None:
    assert address_of({"host": "h", "port": 502}, 503) == TcpAddress("h", 503)


def test_equal_wires_have_equal_keys_whatever_is_spoken() -> None:
    assert TcpAddress("h", 502).key == TcpAddress("h", 502, "rtu").key
    assert SerialAddress("/dev/a", baudrate=9600).key == SerialAddress("/dev/a").key
    assert str(SerialAddress("/dev/a")) == "/dev/a 19200 8E1"


@pytest.mark.parametrize(
    "link",
    [
        {},
        {"host": "http://h"},
        {"host": "rtu+tcp://"},
        {"host": "tls://h?pem=x"},
        {"host": "tcp://h:99999"},
        {"host": "tcp://h:x"},
        {"host": "tcp://[::1"},
    ],
)
def test_a_link_that_names_none_is_said(link: dict[str, Any]) -> None:
    with pytest.raises(HubError):
        address_of(link)
