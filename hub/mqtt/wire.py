"""MQTT's primitive types and properties, sections 1.5 and 2.2.2."""

from collections.abc import Callable, Mapping
from typing import cast


class Malformed(Exception):
    """Bytes that are no MQTT; `code` is the reason code that MQTT 5 gives for it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Reader:
    """Takes a packet's body apart from the left."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._body):
            raise Malformed(0x81, "the packet ends too early")
        part = self._body[self._at : end]
        self._at = end
        return part

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def more(self) -> bool:
        return self._at < len(self._body)

    def end(self) -> None:
        if self.more():
            raise Malformed(0x81, "bytes after the packet's end")

    def byte(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2))

    def u32(self) -> int:
        return int.from_bytes(self.take(4))

    def binary(self) -> bytes:
        return self.take(self.u16())

    def text(self) -> str:
        try:
            value = self.binary().decode()
        except UnicodeDecodeError as error:
            raise Malformed(0x81, "text that is no UTF-8") from error
        if "\0" in value:
            raise Malformed(0x81, "U+0000 in a text")
        return value

    def pair(self) -> tuple[str, str]:
        return self.text(), self.text()

    def variable(self) -> int:
        value = shift = 0
        for _ in range(4):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7
        raise Malformed(0x81, "a variable byte integer of over four bytes")

    def properties(self) -> dict[str, object]:
        """By name; a repeated `user_property` or `subscription_identifier` makes a list."""
        inner = Reader(self.take(self.variable()))
        found: dict[str, object] = {}
        while inner.more():
            number = inner.byte()
            if number not in _BY_NUMBER:
                raise Malformed(0x81, f"property {number}")
            name, read = _BY_NUMBER[number]
            value = read(inner)
            if name in REPEATABLE:
                cast(list[object], found.setdefault(name, [])).append(value)
            elif name in found:
                raise Malformed(0x82, f"property {name} twice")
            else:
                found[name] = value
        return found


def variable(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def u16(value: int) -> bytes:
    return value.to_bytes(2)


def length_prefix(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value


def text(value: str) -> bytes:
    return length_prefix(value.encode())


def encode_properties(properties: Mapping[str, object]) -> bytes:
    if not properties:
        return b"\0"
    body = b""
    for name, value in properties.items():
        number, write = _BY_NAME[name]
        for item in cast(list[object], value) if name in REPEATABLE else (value,):
            body += bytes([number]) + write(item)
    return variable(len(body)) + body


def _write_byte(value: object) -> bytes:
    return bytes([cast(int, value)])


def _write_u16(value: object) -> bytes:
    return u16(cast(int, value))


def _write_u32(value: object) -> bytes:
    return cast(int, value).to_bytes(4)


def _write_variable(value: object) -> bytes:
    return variable(cast(int, value))


def _write_text(value: object) -> bytes:
    return text(cast(str, value))


def _write_binary(value: object) -> bytes:
    return length_prefix(cast(bytes, value))


def _write_pair(value: object) -> bytes:
    key, item = cast(tuple[str, str], value)
    return text(key) + text(item)


_TYPES: dict[str, tuple[Callable[[Reader], object], Callable[[object], bytes]]] = {
    "byte": (Reader.byte, _write_byte),
    "u16": (Reader.u16, _write_u16),
    "u32": (Reader.u32, _write_u32),
    "variable": (Reader.variable, _write_variable),
    "text": (Reader.text, _write_text),
    "binary": (Reader.binary, _write_binary),
    "pair": (Reader.pair, _write_pair),
}
_TABLE = (
    (1, "payload_format_indicator", "byte"),
    (2, "message_expiry_interval", "u32"),
    (3, "content_type", "text"),
    (8, "response_topic", "text"),
    (9, "correlation_data", "binary"),
    (11, "subscription_identifier", "variable"),
    (17, "session_expiry_interval", "u32"),
    (18, "assigned_client_identifier", "text"),
    (19, "server_keep_alive", "u16"),
    (21, "authentication_method", "text"),
    (22, "authentication_data", "binary"),
    (23, "request_problem_information", "byte"),
    (24, "will_delay_interval", "u32"),
    (25, "request_response_information", "byte"),
    (26, "response_information", "text"),
    (28, "server_reference", "text"),
    (31, "reason_string", "text"),
    (33, "receive_maximum", "u16"),
    (34, "topic_alias_maximum", "u16"),
    (35, "topic_alias", "u16"),
    (36, "maximum_qos", "byte"),
    (37, "retain_available", "byte"),
    (38, "user_property", "pair"),
    (39, "maximum_packet_size", "u32"),
    (40, "wildcard_subscription_available", "byte"),
    (41, "subscription_identifier_available", "byte"),
    (42, "shared_subscription_available", "byte"),
)
REPEATABLE = frozenset({"user_property", "subscription_identifier"})
_BY_NUMBER = {number: (name, _TYPES[kind][0]) for number, name, kind in _TABLE}
_BY_NAME = {name: (number, _TYPES[kind][1]) for number, name, kind in _TABLE}
