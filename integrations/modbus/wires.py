"""Thin transports: bytes out, bytes in, and the news of a loss. No Modbus here."""

import asyncio
import contextlib
import errno
import socket
import ssl
import termios
from collections.abc import Callable
from typing import Protocol, cast

import serial

from hub.errors import HubError, reason
from hub.tls import client_context, refusal
from integrations.modbus.address import Address, SerialAddress, TcpAddress, Tls

Hear = Callable[[bytes], None]
Lost = Callable[[str], None]
PARITIES = {"none": "N", "even": "E", "odd": "O"}


class Wire(Protocol):
    """Opened, used and closed by one link."""

    def send(self, message: bytes) -> None: ...

    def close(self) -> None: ...


class _Stream(asyncio.Protocol):
    def __init__(self, hear: Hear, lost: Lost) -> None:
        self._hear, self._lost = hear, lost
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        raw = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._hear(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._transport = None
            self._lost(_said(exc) if exc else "the device closed the connection")

    def send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.write(message)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


def _said(error: Exception) -> str:
    return f"TLS: {refusal(error)}" if isinstance(error, ssl.SSLError) else str(error)


class _Serial:
    def __init__(self, address: SerialAddress, hear: Hear, lost: Lost) -> None:
        self._hear, self._lost = hear, lost
        self._port = _port(address)
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._port.fileno()
        self._loop.add_reader(self._descriptor, self._ready)

    def _ready(self) -> None:
        try:
            received = self._port.read(4096)
        except OSError as error:
            self._fail(str(error))
            return
        if received:
            self._hear(received)

    def send(self, message: bytes) -> None:
        """A request is shorter than any driver's buffer."""
        try:
            self._port.write(message)
        except OSError as error:
            self._fail(str(error))

    def close(self) -> None:
        if self._port.is_open:
            self._loop.remove_reader(self._descriptor)
            self._port.close()

    def _fail(self, reason: str) -> None:
        if self._port.is_open:
            self.close()
            self._lost(reason)


def _port(address: SerialAddress) -> serial.Serial:
    try:
        return serial.Serial(
            address.device,
            address.baudrate,
            parity=PARITIES[address.parity],
            stopbits=address.stopbits,
            timeout=0,
            write_timeout=0,
            exclusive=True,
        )
    except (termios.error, ValueError) as error:
        raise OSError(f"{address}: {error}") from error
    except serial.SerialException as error:
        taken = error.errno == errno.EAGAIN
        raise OSError("another program has it" if taken else reason(error)) from error


async def open_wire(address: Address, hear: Hear, lost: Lost) -> Wire:
    """Raises ConnectionError, with words for a person."""
    try:
        if isinstance(address, SerialAddress):
            return _Serial(address, hear, lost)
        return await _connect(address, hear, lost)
    except ssl.SSLError as error:
        raise ConnectionError(f"TLS: {refusal(error)}") from error
    except HubError as error:
        raise ConnectionError(str(error)) from error
    except OSError as error:
        raise ConnectionError(reason(error)) from error


async def _connect(address: TcpAddress, hear: Hear, lost: Lost) -> Wire:
    secured = None if address.tls is None else context(address.tls)
    _, stream = await asyncio.get_running_loop().create_connection(
        lambda: _Stream(hear, lost), address.host, address.port, ssl=secured
    )
    return stream


def context(tls: Tls) -> ssl.SSLContext:
    """Raises HubError for files that can't be used."""
    return client_context(tls.ca, cert=tls.cert, key=tls.key)
