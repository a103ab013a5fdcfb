"""The bus as a broker: connections, sessions and access, without sockets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.bus import Message
from hub.mqtt.access import Account
from hub.mqtt.connection import Connection
from hub.mqtt.packets import (
    PINGREQ,
    Connect,
    Kind,
    Publish,
    Unsubscribe,
    encode_ack,
    encode_connect,
    encode_disconnect,
    encode_publish,
    encode_unsubscribe,
)
from hub.mqtt.wire import Reader
from tests.hub.mqtt.peer import World

STATE = "evhub/garage/evse/1/state/power"


def test_a_subscriber_gets_the_suback_then_what_is_retained_then_what_comes() -> None:
    world = World()
    world.bus.publish(STATE, 11024.0, retain=True)
    client = world.client()
    suback, retained = client.subscribe("evhub/#")
    assert suback[:1] == (Kind.SUBACK,)
    assert retained[:2] == (Kind.PUBLISH, 0b0011)
    world.bus.publish("evhub/garage/evse/1/state", {"power": 1.5, "list": [1]}, retain=True, qos=0)
    assert client.messages() == [("evhub/garage/evse/1/state", b'{"power":1.5,"list":[1]}')]


def test_scalars_are_plain_text_and_unknown_is_empty() -> None:
    world = World()
    client = world.client()
    client.subscribe("evhub/#", 0)
    for value in (True, 16.0, "charging", None, b"raw"):
        world.bus.publish("evhub/x", value)
    assert [payload for _, payload in client.messages()] == [b"true", b"16.0", b"charging", b"", b"raw"]


def test_what_a_client_publishes_is_on_the_bus() -> None:
    world = World()
    heard: list[Message] = []
    world.bus.subscribe("#", heard.append)
    assert world.client("ems").publish("evhub/garage/cmd", b"{}", 1, retain=True) == [
        (Kind.PUBACK, 0, b"\0\5")
    ]
    assert heard[0].payload == b"{}"
    assert heard[0].properties == {"origin": "ems", "user": "anonymous", "retained": True}
    assert not list(world.bus.retained("#"))


def test_a_retained_message_on_a_foreign_topic_is_kept() -> None:
    world = World()
    world.client().publish("house/pv", b"7", retain=True)
    assert [message.payload for message in world.bus.retained("house/#")] == [b"7"]


@pytest.mark.parametrize("topic", [STATE, "evhub/bridge/state", "evhub/garage/cmd_result", "$SYS/x"])
def test_nobody_but_the_hub_writes_its_topics(topic: str) -> None:
    world = World()
    heard: list[Message] = []
    world.bus.subscribe("evhub/#", heard.append)
    assert world.client(version=5).publish(topic, b"1", 1) == [(Kind.PUBACK, 0, b"\0\5\x87")]
    assert not heard
    assert world.broker.counters()["refused"] == 1


def test_a_user_reads_and_writes_only_what_is_his() -> None:
    ems = Account("ems", "secret", ("evhub/garage/#",), ("evhub/garage/cmd",))
    world = World({"ems": ems})
    client = world.client("e", 5, username="ems", password=b"secret")
    client.subscribe("#")
    world.bus.publish("evhub/street/state", 1)
    world.bus.publish("evhub/garage/state", 2)
    assert client.messages() == [("evhub/garage/state", b"2")]
    assert client.publish("evhub/garage/cmd", b"{}", 1)[-1][2] == b"\0\5"
    assert client.publish("evhub/street/cmd", b"{}", 1)[0][2] == b"\0\5\x87"


@pytest.mark.parametrize(("version", "code"), [(4, 4), (5, 0x86)])
def test_a_wrong_password_is_refused(version: int, code: int) -> None:
    world = World({"ems": Account("ems", "secret")})
    peer = world.peer(version)
    ((kind, _, body),) = peer.connect(username="ems", password=b"guess")
    assert (kind, body[1]) == (Kind.CONNACK, code)
    assert peer.connection.closing
    peer.leave()


def test_an_unknown_protocol_level_is_answered_in_the_words_of_3_1_1() -> None:
    peer = World().peer()
    peer.write(bytes.fromhex("100c00044d515454030200000000"))
    assert peer.read() == [(Kind.CONNACK, 0, b"\0\1")]


def test_the_welcome_of_mqtt_5_says_what_is_served() -> None:
    ((kind, _, body),) = World().peer(5).connect("")
    reader = Reader(body)
    assert (kind, reader.byte(), reader.byte()) == (Kind.CONNACK, 0, 0)
    said = reader.properties()
    assert said["maximum_qos"] == 1
    assert str(said["assigned_client_identifier"]).startswith("auto-")


@pytest.mark.parametrize(
    ("connect", "code"),
    [
        (Connect("", 4, False), 2),
        (Connect("c", 5, properties={"authentication_method": "x"}), 0x8C),
        (Connect("c", 5, will=Publish("a", b"", 2)), 0x9B),
        (Connect("c", 5, will=Publish("a/#", b"", 0)), 0x90),
    ],
)
def test_connects_that_cannot_be_served_are_refused(connect: Connect, code: int) -> None:
    peer = World().peer(connect.version)
    peer.write(encode_connect(connect))
    assert peer.read()[0][2][1] == code


def test_a_client_id_that_connects_again_takes_over() -> None:
    world = World()
    first = world.client("same", 5, will=Publish("will", b"gone"))
    heard: list[Message] = []
    world.bus.subscribe("will", heard.append)
    second = world.client("same", 5)
    assert first.read() == [(Kind.DISCONNECT, 0, b"\x8e")]
    first.leave()
    assert [message.payload for message in heard] == [b"gone"]
    second.subscribe("a")
    world.bus.publish("a", 1)
    assert second.messages() == [("a", b"1")]


def test_a_kept_session_gets_what_came_meanwhile_and_what_was_in_flight_again() -> None:
    world = World()
    client = world.client("keeper", clean=False)
    client.subscribe("news/#")
    world.bus.publish("news/1", 1)
    assert len(client.read()) == 1
    client.leave()
    world.bus.publish("news/2", 2)
    world.bus.publish("news/3", 3, qos=0)
    again = world.peer()
    connack, repeated, fresh = again.connect("keeper", clean=False)
    assert connack[2] == b"\1\0"
    assert repeated[1] & 0b1000
    assert b"news/1" in repeated[2]
    assert b"news/2" in fresh[2]


def test_a_kept_session_is_forgotten_in_the_end() -> None:
    world = World(session_s=100.0)
    client = world.client("keeper", 5, properties={"session_expiry_interval": 4294967295})
    client.subscribe("a")
    client.leave()
    world.broker.sweep(world.clock.advance(50).mono)
    assert world.broker.counters()["sessions"] == 1
    world.broker.sweep(world.clock.advance(51).mono)
    assert world.broker.counters()["sessions"] == 0


def test_a_session_expiry_can_be_changed_when_leaving() -> None:
    world = World()
    client = world.client("keeper", 5, properties={"session_expiry_interval": 500})
    client.write(bytes.fromhex("e007000511 00000000"))
    client.leave()
    assert world.broker.counters()["sessions"] == 0


def test_a_slow_reader_gets_the_newest_state_and_every_event() -> None:
    world = World()
    client = world.client()
    client.subscribe("#", 1)
    session = client.connection.session
    assert session
    session.writable = False
    for value in range(5):
        world.bus.publish("state", value, retain=True, qos=0)
        world.bus.publish("event", value)
    assert not client.read()
    assert session.backlog == 6
    session.writable = True
    client.connection.out += session.more()
    assert client.messages() == [("state", b"4"), *(("event", str(value).encode()) for value in range(5))]


def test_no_more_than_the_receive_maximum_is_in_flight() -> None:
    world = World()
    client = world.client("c", 5, properties={"receive_maximum": 2})
    client.subscribe("e")
    for value in range(3):
        world.bus.publish("e", value)
    assert client.messages() == [("e", b"0"), ("e", b"1")]
    client.write(encode_ack(Kind.PUBACK, 1, 0, 5))
    assert client.messages() == [("e", b"2")]


def test_a_full_queue_drops_the_oldest_and_counts() -> None:
    world = World(waiting=2)
    client = world.client("keeper", clean=False)
    client.subscribe("e")
    client.leave()
    for value in range(5):
        world.bus.publish("e", value)
    assert world.broker.counters()["dropped"] == 3
    world.bus.publish("e", 9, qos=0)
    assert world.broker.counters()["dropped"] == 4


def test_a_packet_over_the_clients_maximum_is_not_sent() -> None:
    world = World()
    client = world.client("c", 5, properties={"maximum_packet_size": 30})
    client.subscribe("e")
    world.bus.publish("e", "x" * 50)
    world.bus.publish("e", "y")
    assert client.messages() == [("e", b"y")]


def test_no_local_and_retain_as_published_are_kept_to() -> None:
    world = World()
    client = world.client("c", 5)
    client.subscribe("a", no_local=True, retain_as_published=True)
    client.publish("a", b"own")
    assert not client.messages()
    world.bus.publish("a", "other", retain=True)
    ((_, flags, _),) = client.read()
    assert flags & 1


def test_retain_handling_says_when_retained_messages_come() -> None:
    world = World()
    world.bus.publish("a", 1, retain=True)
    client = world.client("c", 5)
    assert len(client.subscribe("a", retain_handling=2)) == 1
    assert len(client.subscribe("a", retain_handling=1)) == 1
    assert len(client.subscribe("a", retain_handling=0)) == 2
    assert len(client.subscribe("+", retain_handling=1)) == 2


def test_properties_travel_with_a_message_of_mqtt_5() -> None:
    world = World()
    reader, writer = world.client("r", 5), world.client("w", 5)
    reader.write(bytes.fromhex("8209 0001 020b07 0001 61 01"))
    reader.read()
    writer.publish("a", b"x", properties={"response_topic": "back", "message_expiry_interval": 5})
    ((_, _, body),) = reader.read()
    properties = Reader(body[3:]).properties() if body[:3] == b"\0\1a" else {}
    assert properties == {"response_topic": "back", "subscription_identifier": [7]}


def test_unsubscribed_is_quiet() -> None:
    world = World()
    client = world.client("c", 5)
    client.subscribe("a")
    client.write(encode_unsubscribe(Unsubscribe(9, ("a", "b")), 5))
    assert client.read() == [(Kind.UNSUBACK, 0, b"\0\x09\0\0\x11")]
    world.bus.publish("a", 1)
    assert not client.read()


@pytest.mark.parametrize(
    ("pattern", "version", "code"),
    [("a/#/b", 4, 0x80), ("a/#/b", 5, 0x8F), ("$share/g/a", 5, 0x9E), ("a", 5, 1), ("a", 4, 1)],
)
def test_a_subscription_is_granted_or_refused_with_the_right_code(
    pattern: str, version: int, code: int
) -> None:
    ((_, _, body),) = World().client("c", version).subscribe(pattern, 2)
    assert body[-1] == code


def test_subscriptions_are_limited() -> None:
    client = World(subscriptions=1).client("c", 5)
    client.subscribe("a")
    assert client.subscribe("b")[0][2][-1] == 0x97


def test_topic_aliases_stand_for_their_topic() -> None:
    world = World()
    heard: list[Message] = []
    world.bus.subscribe("a", heard.append)
    client = world.client("c", 5)
    client.publish("a", b"1", properties={"topic_alias": 3})
    client.publish("", b"2", properties={"topic_alias": 3})
    assert [message.payload for message in heard] == [b"1", b"2"]


@pytest.mark.parametrize(("alias", "code"), [(0, 0x94), (33, 0x94), (4, 0x82)])
def test_bad_topic_aliases_end_the_connection(alias: int, code: int) -> None:
    client = World().client("c", 5)
    assert client.publish("", b"2", properties={"topic_alias": alias}) == [
        (Kind.DISCONNECT, 0, bytes([code]))
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (encode_publish(Publish("a", b"", 2, packet_id=1), 5), 0x9B),
        (encode_publish(Publish("a/+", b""), 5), 0x90),
        (encode_ack(Kind.PUBREL, 1, 0, 5), 0x82),
        (bytes.fromhex("f000"), 0x8C),
        (bytes.fromhex("ff00"), 0x81),
    ],
)
def test_what_is_not_served_ends_the_connection_with_its_code(raw: bytes, code: int) -> None:
    client = World().client("c", 5)
    client.write(raw)
    assert client.read() == [(Kind.DISCONNECT, 0, bytes([code]))]
    client.write(PINGREQ)
    assert not client.read()


def test_a_flood_is_cut_off() -> None:
    client = World(publishes_per_s=1.0, burst=2).client("c", 5)
    client.publish("a", b"")
    client.publish("a", b"")
    assert client.publish("a", b"") == [(Kind.DISCONNECT, 0, b"\x96")]


def test_silence_ends_the_connection_and_the_will_is_heard() -> None:
    world = World()
    heard: list[Message] = []
    world.bus.subscribe("will", heard.append)
    client = world.client("c", keep_alive_s=10, will=Publish("will", b"gone", retain=True))
    client.connection.expire(world.clock.advance(14).mono)
    client.write(PINGREQ)
    assert client.read() == [(Kind.PINGRESP, 0, b"")]
    client.connection.expire(world.clock.advance(14).mono)
    assert not client.connection.closing
    client.connection.expire(world.clock.advance(2).mono)
    assert client.connection.closing
    client.leave()
    assert [message.payload for message in heard] == [b"gone"]


def test_a_clean_goodbye_has_no_will() -> None:
    world = World()
    heard: list[Message] = []
    world.bus.subscribe("will", heard.append)
    client = world.client("c", will=Publish("will", b"gone"))
    client.write(encode_disconnect(0, 4))
    client.leave()
    assert not heard


def test_who_never_connects_is_cut_off() -> None:
    world = World()
    peer = world.peer()
    peer.connection.expire(world.clock.advance(11).mono)
    assert peer.connection.closing
    assert not peer.read()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5), st.sampled_from([4, 5]))
def test_no_bytes_of_a_client_raise(chunks: list[bytes], version: int) -> None:
    world = World()
    peer = world.client("c", version)
    for chunk in chunks:
        peer.write(chunk)
    peer.leave()
    fresh = Connection(world.broker, world.limits, 0.0)
    fresh.receive(b"".join(chunks), 0.0)
