"""One way for each kind of address that a CSMS may name."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.ocpp.station.urls import FILES, Reach
from hub.ocpp.station.variable_table import BY_NAME
from hub.uplink import over_ftp, over_http, over_sftp
from hub.uplink.reaching import PORTS, Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, over


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


@pytest.mark.parametrize(("scheme", "greeting"), [("http", b""), ("sftp", b""), ("ftp", b"220 hello\r\n")])
def test_a_transfer_is_called_off_from_outside(scheme: str, greeting: bytes, tmp_path: Path) -> None:
    using = Way(Reach(frozenset({"127.0.0.1"})), (), Halt())

    def serve(silent: socket.socket) -> None:
        client, _ = silent.accept()
        with client:
            client.sendall(greeting)
            client.recv(100)
            using.halt.halt()
            client.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        thread = threading.Thread(target=serve, args=(silent,))
        thread.start()
        with pytest.raises(TransferFailed):
            fetch(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x", tmp_path / "fw", using)
        thread.join()
    with pytest.raises(TransferFailed, match="called off"):
        fetch(f"{scheme}://127.0.0.1:1/x", tmp_path / "fw", using)
