"""One way for each kind of address that a CSMS may name."""

from hub.ocpp.station.urls import FILES
from hub.ocpp.station.variable_table import BY_NAME
from hub.uplink.reaching import PORTS
from hub.uplink.transfer import OVER


def test_every_kind_of_address_that_is_accepted_can_be_followed() -> None:
    assert set(OVER) == set(PORTS) == FILES


def test_what_the_station_says_it_speaks_it_speaks() -> None:
    said = BY_NAME["FileTransferProtocols"].default.split(",")
    assert {scheme.lower() for scheme in said} == FILES - {"ftpes"}  # that is FTPS, too
