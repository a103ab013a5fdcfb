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


def _called_off(silent: socket.socket, greeting: bytes, using: Way, ended: list[bool]) -> None:
    client, _ = silent.accept()
    with client:
        client.sendall(greeting)
        client.recv(5)
        using.halt.halt()
        client.settimeout(3)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while client.recv(1000):
                pass
            ended.append(True)


@pytest.mark.parametrize(
    ("scheme", "greeting"),
    [("http", b""), ("ftp", b"220 hello\r\n"), ("sftp", b""), ("https", b""), ("ftps", b"")],
)
def test_a_transfer_is_called_off_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, greeting: bytes
) -> None:
    """The last two while TLS is agreed on."""
    using, ended = Way(HERE, (), Halt()), list[bool]()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setitem(PORTS, "ftps", port)
        thread = threading.Thread(target=_called_off, args=(silent, greeting, using, ended))
        thread.start()
        with pytest.raises(TransferFailed):
            fetch(f"{scheme}://127.0.0.1:{port}/x", tmp_path / "fw", using)
        thread.join()
        assert ended
        with pytest.raises(TransferFailed, match="called off"):
            fetch(f"{scheme}://127.0.0.1:{port}/x", tmp_path / "fw", using)
