"""MQTT 3.1.1 and 5.0 control packets: bytes <-> values, and a parser that takes bytes as they come.

Section numbers are those of the OASIS MQTT 5.0 standard; 3.1.1 has the same layout without properties.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from hub.mqtt.wire import Malformed, Reader, encode_properties, length_prefix, text, u16, variable

Properties = Mapping[str, object]
NONE: Properties = {}


class Kind(IntEnum):
    """Control packet types, section 2.1.2."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Connect:
    client_id: str
    version: int
    """4: MQTT 3.1.1, 5: MQTT 5.0."""
    clean: bool = True
    keep_alive_s: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Publish | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscription:
    filter: str
    qos: int
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    subscriptions: tuple[Subscription, ...]
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""

    kind: Kind
    packet_id: int
    code: int = 0


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    code: int = 0
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Auth:
    code: int = 0


Packet = Connect | Publish | Subscribe | Unsubscribe | Ack | Ping | Disconnect | Auth


class Parser:
    """Bytes in as they arrive, whole packets out. What clients send to a server.

    Raises Malformed (with the MQTT 5 reason code) once; the connection is of no use after that.
    """

    def __init__(self, max_size: int) -> None:
        self._buffer = bytearray()
        self._max_size = max_size
        self.version = 0

    def feed(self, received: bytes) -> list[Packet]:
        self._buffer += received
        packets: list[Packet] = []
        while (head := self._header()) is not None:
            start, length = head
            if len(self._buffer) < start + length:
                break
            body = bytes(self._buffer[start : start + length])
            first = self._buffer[0]
            del self._buffer[: start + length]
            packets.append(self._packet(first, body))
        return packets

    def _header(self) -> tuple[int, int] | None:
        """(offset of the body, its length), or None while the header isn't complete."""
        length = shift = 0
        for index in range(1, 5):
            if index >= len(self._buffer):
                return None
            byte = self._buffer[index]
            length |= (byte & 0x7F) << shift
            if length + index + 1 > self._max_size:
                raise Malformed(0x95, f"a packet of over {self._max_size} bytes")
            if not byte & 0x80:
                return index + 1, length
            shift += 7
        raise Malformed(0x81, "a length of over four bytes")

    def _packet(self, first: int, body: bytes) -> Packet:
        kind, flags = first >> 4, first & 0x0F
        if not self.version and kind != Kind.CONNECT:
            raise Malformed(0x82, "the first packet is no CONNECT")
        if kind == Kind.PUBLISH:
            return parse_publish(flags, Reader(body), self.version)
        entry = _PARSERS.get(kind)
        if entry is None:
            raise Malformed(0x82, f"a client sends no packet of type {kind}")
        wanted_flags, parse = entry
        if flags != wanted_flags:
            raise Malformed(0x81, f"flags {flags} on packet type {kind}")
        reader = Reader(body)
        packet = parse(Kind(kind), reader, self.version)
        reader.end()
        if isinstance(packet, Connect):
            if self.version:
                raise Malformed(0x82, "a second CONNECT")
            self.version = packet.version
        return packet


def parse_publish(flags: int, reader: Reader, version: int) -> Publish:
    qos = flags >> 1 & 3
    if qos == 3 or (qos == 0 and flags & 8):
        raise Malformed(0x81, "QoS 3, or DUP with QoS 0")
    topic = reader.text()
    packet_id = _packet_id(reader) if qos else None
    properties = reader.properties() if version == 5 else NONE
    return Publish(topic, reader.rest(), qos, bool(flags & 1), bool(flags & 8), packet_id, properties)


def _packet_id(reader: Reader) -> int:
    packet_id = reader.u16()
    if not packet_id:
        raise Malformed(0x82, "packet identifier 0")
    return packet_id


def _parse_connect(_kind: Kind, reader: Reader, _version: int) -> Connect:
    name, version = reader.text(), reader.byte()
    if (name, version) not in (("MQTT", 4), ("MQTT", 5)):
        raise Malformed(0x84, f"protocol {name!r} level {version}; MQTT 3.1.1 and 5 are spoken here")
    flags = reader.byte()
    if flags & 1 or (not flags & 0x04 and flags & 0x38) or flags >> 3 & 3 == 3:
        raise Malformed(0x81, f"connect flags 0x{flags:02x}")
    if version == 4 and flags & 0x40 and not flags & 0x80:
        raise Malformed(0x81, "a password without a user name")
    keep_alive = reader.u16()
    properties = reader.properties() if version == 5 else NONE
    client_id = reader.text()
    will = _parse_will(flags, reader, version) if flags & 0x04 else None
    username = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    return Connect(client_id, version, bool(flags & 2), keep_alive, username, password, will, properties)


def _parse_will(flags: int, reader: Reader, version: int) -> Publish:
    properties = reader.properties() if version == 5 else NONE
    topic = reader.text()
    return Publish(topic, reader.binary(), flags >> 3 & 3, bool(flags & 0x20), properties=properties)


def _parse_subscribe(_kind: Kind, reader: Reader, version: int) -> Subscribe:
    packet_id = _packet_id(reader)
    properties = reader.properties() if version == 5 else NONE
    subscriptions = []
    while reader.more():
        pattern, options = reader.text(), reader.byte()
        allowed = 0x3F if version == 5 else 0x03
        if options & ~allowed or options & 3 == 3 or options >> 4 & 3 == 3:
            raise Malformed(0x81, f"subscription options 0x{options:02x}")
        subscriptions.append(
            Subscription(pattern, options & 3, bool(options & 4), bool(options & 8), options >> 4 & 3)
        )
    if not subscriptions:
        raise Malformed(0x82, "SUBSCRIBE without a topic filter")
    return Subscribe(packet_id, tuple(subscriptions), properties)


def _parse_unsubscribe(_kind: Kind, reader: Reader, version: int) -> Unsubscribe:
    packet_id = _packet_id(reader)
    if version == 5:
        reader.properties()
    filters = []
    while reader.more():
        filters.append(reader.text())
    if not filters:
        raise Malformed(0x82, "UNSUBSCRIBE without a topic filter")
    return Unsubscribe(packet_id, tuple(filters))


def _parse_ack(kind: Kind, reader: Reader, version: int) -> Ack:
    packet_id = _packet_id(reader)
    code = reader.byte() if version == 5 and reader.more() else 0
    if reader.more() and version == 5:
        reader.properties()
    return Ack(kind, packet_id, code)


def _parse_ping(_kind: Kind, _reader: Reader, _version: int) -> Ping:
    return Ping()


def _parse_disconnect(_kind: Kind, reader: Reader, version: int) -> Disconnect:
    code = reader.byte() if version == 5 and reader.more() else 0
    return Disconnect(code, reader.properties() if version == 5 and reader.more() else NONE)


def _parse_auth(_kind: Kind, reader: Reader, version: int) -> Auth:
    if version != 5:
        raise Malformed(0x82, "AUTH is a packet of MQTT 5")
    code = reader.byte() if reader.more() else 0
    if reader.more():
        reader.properties()
    return Auth(code)


_PARSERS: dict[int, tuple[int, Callable[[Kind, Reader, int], Packet]]] = {
    Kind.CONNECT: (0, _parse_connect),
    Kind.PUBACK: (0, _parse_ack),
    Kind.PUBREC: (0, _parse_ack),
    Kind.PUBREL: (2, _parse_ack),
    Kind.PUBCOMP: (0, _parse_ack),
    Kind.SUBSCRIBE: (2, _parse_subscribe),
    Kind.UNSUBSCRIBE: (2, _parse_unsubscribe),
    Kind.PINGREQ: (0, _parse_ping),
    Kind.DISCONNECT: (0, _parse_disconnect),
    Kind.AUTH: (0, _parse_auth),
}


def _frame(kind: Kind, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + variable(len(body)) + body


def encode_publish(publish: Publish, version: int) -> bytes:
    flags = publish.dup << 3 | publish.qos << 1 | publish.retain
    head = text(publish.topic)
    if publish.packet_id is not None:
        head += u16(publish.packet_id)
    if version == 5:
        head += encode_properties(publish.properties)
    return _frame(Kind.PUBLISH, flags, head + publish.payload)


def encode_connect(connect: Connect) -> bytes:
    """What a client sends; the hub itself only uses it to test its listener."""
    will = connect.will
    flags = connect.clean << 1
    if will:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
    flags |= (connect.username is not None) << 7 | (connect.password is not None) << 6
    body = text("MQTT") + bytes([connect.version, flags]) + u16(connect.keep_alive_s)
    five = connect.version == 5
    body += encode_properties(connect.properties) if five else b""
    body += text(connect.client_id)
    if will:
        body += encode_properties(will.properties) if five else b""
        body += text(will.topic) + length_prefix(will.payload)
    if connect.username is not None:
        body += text(connect.username)
    if connect.password is not None:
        body += length_prefix(connect.password)
    return _frame(Kind.CONNECT, 0, body)


def encode_subscribe(subscribe: Subscribe, version: int) -> bytes:
    body = u16(subscribe.packet_id) + (encode_properties(subscribe.properties) if version == 5 else b"")
    for item in subscribe.subscriptions:
        options = item.qos | item.no_local << 2 | item.retain_as_published << 3 | item.retain_handling << 4
        body += text(item.filter) + bytes([options])
    return _frame(Kind.SUBSCRIBE, 2, body)


def encode_unsubscribe(unsubscribe: Unsubscribe, version: int) -> bytes:
    body = u16(unsubscribe.packet_id) + (b"\0" if version == 5 else b"")
    return _frame(Kind.UNSUBSCRIBE, 2, body + b"".join(text(pattern) for pattern in unsubscribe.filters))


def encode_connack(session_present: bool, code: int, properties: Properties, version: int) -> bytes:
    body = bytes([session_present, code])
    return _frame(Kind.CONNACK, 0, body + (encode_properties(properties) if version == 5 else b""))


def encode_ack(kind: Kind, packet_id: int, code: int, version: int) -> bytes:
    body = u16(packet_id) + (bytes([code]) if version == 5 and code else b"")
    return _frame(kind, 2 if kind == Kind.PUBREL else 0, body)


def encode_suback(kind: Kind, packet_id: int, codes: tuple[int, ...], version: int) -> bytes:
    """SUBACK or UNSUBACK; 3.1.1's UNSUBACK has no codes."""
    if version == 5:
        return _frame(kind, 0, u16(packet_id) + b"\0" + bytes(codes))
    return _frame(kind, 0, u16(packet_id) + (bytes(codes) if kind == Kind.SUBACK else b""))


def encode_disconnect(code: int, version: int) -> bytes:
    return _frame(Kind.DISCONNECT, 0, bytes([code]) if version == 5 and code else b"")


PINGREQ = bytes([Kind.PINGREQ << 4, 0])
PINGRESP = bytes([Kind.PINGRESP << 4, 0])
