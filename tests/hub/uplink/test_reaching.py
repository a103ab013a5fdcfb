"""A transfer's connections end when it is called off, whatever they are doing."""

import contextlib
import socket
import threading
from pathlib import Path

import pytest

from hub.ocpp.station.urls import Reach
from hub.uplink.reaching import PORTS, Halt, TransferFailed, Way
from hub.uplink.transfer import fetch

HERE = Reach(frozenset({"127.0.0.1"}))


def test_a_socket_that_comes_too_late_is_closed() -> None:
    halt = Halt()
    halt.halt()
    with socket.socket() as late:
        with pytest.raises(TransferFailed):
            halt.guard(late)
        assert late.fileno() == -1


def _silent_after_hello(silent: socket.socket, using: Way, ended: list[bytes]) -> None:
    client, _ = silent.accept()
    with client:
        client.recv(5)
        using.halt.halt()
        client.settimeout(3)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while client.recv(1000):
                pass
            ended.append(b"")


@pytest.mark.parametrize("scheme", ["https", "ftps"])
def test_a_transfer_is_called_off_while_tls_is_agreed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    using, ended = Way(HERE, (), Halt()), list[bytes]()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(PORTS, "ftps", silent.getsockname()[1])
        thread = threading.Thread(target=_silent_after_hello, args=(silent, using, ended))
        thread.start()
        with pytest.raises(TransferFailed):
            fetch(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x", tmp_path / "fw", using)
        thread.join()
    assert ended
