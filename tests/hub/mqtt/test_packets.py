"""MQTT packets, byte by byte and round."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mqtt.packets import (
    PINGREQ,
    Ack,
    Auth,
    Connect,
    Disconnect,
    Kind,
    Parser,
    Ping,
    Publish,
    Subscribe,
    Subscription,
    Unsubscribe,
    encode_ack,
    encode_connack,
    encode_connect,
    encode_disconnect,
    encode_publish,
    encode_suback,
    encode_subscribe,
    encode_unsubscribe,
)
from hub.mqtt.wire import Malformed, Reader, encode_properties, variable

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def connected(version: int = 4) -> Parser:
    parser = Parser(10_000)
    parser.feed(encode_connect(Connect("c", version)))
    return parser


def test_a_connect_of_mosquitto_is_read() -> None:
    raw = bytes.fromhex("101a00044d5154540402003c000e6d6f73712f61626364656667686900"[:-2])
    (packet,) = Parser(1000).feed(raw)
    assert packet == Connect("mosq/abcdefghi", 4, True, 60)


@given(
    client=WORDS,
    version=st.sampled_from([4, 5]),
    keep=st.integers(0, 65535),
    user=st.none() | WORDS,
    will=st.none() | st.builds(Publish, WORDS, st.binary(max_size=20), st.integers(0, 2), st.booleans()),
)
def test_connects_come_back_as_they_went(
    client: str, version: int, keep: int, user: str | None, will: Publish | None
) -> None:
    password = b"pw" if user is not None else None
    connect = Connect(client, version, True, keep, user, password, will)
    (packet,) = Parser(100_000).feed(encode_connect(connect))
    assert packet == connect


@given(
    topic=WORDS,
    payload=st.binary(max_size=300),
    qos=st.integers(0, 2),
    retain=st.booleans(),
    version=st.sampled_from([4, 5]),
)
def test_publishes_come_back_as_they_went_in_any_slices(
    topic: str, payload: bytes, qos: int, retain: bool, version: int
) -> None:
    properties = {"response_topic": "r", "user_property": [("a", "b"), ("a", "c")]} if version == 5 else {}
    publish = Publish(topic, payload, qos, retain, False, 7 if qos else None, properties)
    raw = encode_publish(publish, version)
    parser = connected(version)
    packets = [packet for index in range(len(raw)) for packet in parser.feed(raw[index : index + 1])]
    assert packets == [publish]


def test_the_small_packets_are_read() -> None:
    parser = connected(5)
    raw = (
        encode_subscribe(Subscribe(1, (Subscription("a/#", 1, True, True, 2),)), 5)
        + encode_unsubscribe(Unsubscribe(2, ("a/#", "b")), 5)
        + encode_ack(Kind.PUBACK, 3, 0x10, 5)
        + PINGREQ
        + bytes.fromhex("f0021800")
        + encode_disconnect(4, 5)
    )
    assert parser.feed(raw) == [
        Subscribe(1, (Subscription("a/#", 1, True, True, 2),)),
        Unsubscribe(2, ("a/#", "b")),
        Ack(Kind.PUBACK, 3, 0x10),
        Ping(),
        Auth(0x18),
        Disconnect(4),
    ]


def test_what_the_server_sends_has_the_standards_bytes() -> None:
    assert encode_connack(True, 0, {}, 4) == bytes.fromhex("20020100")
    assert encode_connack(False, 0, {"maximum_qos": 1}, 5) == bytes.fromhex("200500000224 01")
    assert encode_suback(Kind.SUBACK, 1, (1, 128), 4) == bytes.fromhex("900400010180")
    assert encode_suback(Kind.UNSUBACK, 1, (0,), 4) == bytes.fromhex("b0020001")
    assert encode_suback(Kind.UNSUBACK, 1, (0,), 5) == bytes.fromhex("b004000100 00")
    assert encode_ack(Kind.PUBREL, 9, 0, 4) == bytes.fromhex("62020009")
    assert encode_disconnect(0x8D, 4) == bytes.fromhex("e000")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("30020001", 0x82),  # PUBLISH before CONNECT
        ("100c00044d51545403020000 0000", 0x84),  # level 3
        ("100c00044d51545404030000 0000", 0x81),  # reserved connect flag
        ("100c00044d51545404420000 0000", 0x81),  # a password without a user
        ("10ffffffff01", 0x95),
        ("100d00044d515454040200000000ff", 0x81),  # a byte too many
    ],
)
def test_bad_openings_are_refused_with_their_code(raw: str, code: int) -> None:
    with pytest.raises(Malformed) as error:
        Parser(10_000).feed(bytes.fromhex(raw))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("36050001610001", 0x81),  # QoS 3
        ("38030001 61", 0x81),  # DUP with QoS 0
        ("3205000161 0000", 0x82),  # packet id 0
        ("30040002ff61", 0x81),  # no UTF-8
        ("30030001 00", 0x81),  # NUL
        ("80050001000161", 0x81),  # flags
        ("82020001", 0x82),  # nothing to subscribe
        ("82060001000161 03", 0x81),  # QoS 3
        ("a2020001", 0x82),
        ("20020000", 0x82),  # a CONNACK from a client
        ("f000", 0x82),  # AUTH in 3.1.1
        ("100c00044d51545404020000 0000", 0x82),  # a second CONNECT
    ],
)
def test_bad_packets_are_refused_with_their_code(raw: str, code: int) -> None:
    with pytest.raises(Malformed) as error:
        connected().feed(bytes.fromhex(raw))
    assert error.value.code == code


@pytest.mark.parametrize("raw", ["0163", "02ff", "0501 02", "0801000801", "ffffffff01"])
def test_bad_properties_are_refused(raw: str) -> None:
    with pytest.raises(Malformed):
        Reader(bytes.fromhex(raw)).properties()


def test_a_property_twice_is_refused() -> None:
    with pytest.raises(Malformed) as error:
        Reader(bytes.fromhex("0401010101")).properties()
    assert error.value.code == 0x82


def test_all_kinds_of_properties_come_back() -> None:
    given = {
        "payload_format_indicator": 1,
        "message_expiry_interval": 60,
        "content_type": "x",
        "correlation_data": b"\0\1",
        "receive_maximum": 7,
        "subscription_identifier": [268435455, 1],
        "user_property": [("k", "v")],
    }
    assert Reader(encode_properties(given)).properties() == given


@given(st.integers(0, 268_435_455))
def test_variable_integers_come_back(value: int) -> None:
    assert Reader(variable(value)).variable() == value


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([0, 4, 5]))
def test_no_bytes_raise_anything_but_malformed(raw: bytes, version: int) -> None:
    parser = connected(version) if version else Parser(10_000)
    try:
        parser.feed(raw)
    except Malformed as error:
        assert error.code >= 0x80
