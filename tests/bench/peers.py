"""What stands around the programs that are measured: chargers, a CSMS on TLS, an MQTT watcher, and the clock of all."""

import asyncio
import datetime
import ipaddress
import ssl
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import aiomqtt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.simulate.csms import Csms

BASE = 0x4000
LOCK, STATUS, LIMIT, POWER, ENERGY = 0x400A, 0x400C, 0x400E, 0x401C, 0x401E
CHARGING, FULL = 0x0400, 0x0200


class Wallbox(asyncio.Protocol):
    """An ABB Terra AC on Modbus TCP, with a car that charges; one object a connection, one image a charger."""

    def __init__(self, image: "Image") -> None:
        self._image = image
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports derive from none of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 12:
            length = 6 + int.from_bytes(self._buffer[4:6], "big")
            if len(self._buffer) < length:
                return
            request, self._buffer = self._buffer[:length], self._buffer[length:]
            answer = self._image.answer(request[7:])
            self._transport.write(request[:4] + struct.pack(">HB", len(answer) + 1, request[6]) + answer)


class Image:
    """Registers of one charger. `served_at` is when a reply first told the last change."""

    def __init__(self) -> None:
        self.words = [0] * 0x200
        self.served_at = self.written_at = 0.0
        self.served: Callable[[], None] = _nothing
        self.written: Callable[[], None] = _nothing
        self.set(LOCK + 1, 0x101)
        self.set(STATUS + 1, CHARGING)
        self.set(0x4007, 32000)
        self.set(LIMIT + 1, 32000)
        self._fresh = False

    def set(self, address: int, value: int) -> None:
        self.words[address - BASE] = value

    def turn(self, status: int) -> None:
        """A change that is to be seen at the other ends."""
        self.set(STATUS + 1, status)
        self._fresh = True

    def answer(self, pdu: bytes) -> bytes:
        at, count = struct.unpack(">HH", pdu[1:5])
        at -= BASE
        if pdu[0] == 16:
            self.words[at : at + count] = struct.unpack(f">{count}H", pdu[6:])
            self.words[LIMIT - BASE : LIMIT - BASE + 2] = self.words[0x100:0x102]
            self.written_at = time.perf_counter()
            self.written()
            return pdu[:5]
        if self._fresh and at <= STATUS - BASE < at + count:
            self._fresh, self.served_at = False, time.perf_counter()
            self.served()
        if at <= POWER - BASE < at + count:
            self.words[POWER + 1 - BASE] = 11000 + (self.words[POWER + 1 - BASE] + 1) % 100
            self.words[ENERGY + 1 - BASE] = (self.words[ENERGY + 1 - BASE] + 3) % 65536
        return bytes([pdu[0], 2 * count]) + struct.pack(f">{count}H", *self.words[at : at + count])


def _nothing() -> None:
    """Nobody waits."""


class TimedCsms(Csms):
    """Notes when a station's change arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, Callable[[], None]] = {}
        self.frames = 0
        self.accepted: set[str] = set()
        self.charging: set[str] = set()

    def answer(
        self, station: str, version: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        self.frames += 1
        if action == "BootNotification":
            self.accepted.add(station)
        if action == "TransactionEvent":
            self.charging.add(station)
            if payload["triggerReason"] == "ChargingStateChanged" and station in self.arrived:
                self.arrived.pop(station)()
        reply = super().answer(station, version, action, payload)
        self.messages.clear()
        return reply


async def watch(port: int, seen: Callable[[str, Mapping[str, Any]], None]) -> None:
    """Every EVSE's state as JSON, from the program's MQTT."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("evhub/+/evse/+/state", qos=0)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            seen(str(message.topic).split("/")[1], orjson.loads(message.payload))


def certificates(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """(what clients trust, what the server shows)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1)).add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = builder.add_extension(usage, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    cert_file, key_file = folder / "csms.pem", folder / "csms.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return cert_file, context
