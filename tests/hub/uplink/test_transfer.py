"""One way for each kind of address that a CSMS may name."""

import subprocess
import sys

from hub.ocpp.station.urls import FILES
from hub.ocpp.station.variable_table import BY_NAME
from hub.uplink import over_ftp, over_http, over_sftp
from hub.uplink.reaching import PORTS
from hub.uplink.transfer import over


def test_every_kind_of_address_that_is_accepted_can_be_followed() -> None:
    followed = {"http": over_http, "ftp": over_ftp, "sftp": over_sftp}
    assert set(PORTS) == FILES
    assert all(over(scheme) is followed[scheme.removesuffix("s").removesuffix("e")] for scheme in FILES)


def test_ssh_is_not_read_before_it_is_needed() -> None:
    code = "import sys, hub.uplink.jobs; sys.exit('asyncssh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_the_station_says_it_speaks_it_speaks() -> None:
    said = BY_NAME["FileTransferProtocols"].default.split(",")
    assert {scheme.lower() for scheme in said} == FILES - {"ftpes"}  # that is FTPS, too
