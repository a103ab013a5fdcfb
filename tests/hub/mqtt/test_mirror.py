"""What an external broker gets, and when."""

import asyncio
import ssl
from collections.abc import Callable

import pytest

from hub.bus import Bus, Message
from hub.errors import HubError
from hub.mqtt.address import BrokerAddress, Credentials, parse_broker
from hub.mqtt.client import StateClient
from hub.mqtt.mirror import Mirror


class Outlet:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []
        self.room = 100

    def send(self, topic: str, payload: bytes, *, qos: int, retain: bool, message: Message) -> None:
        self.sent.append((topic, payload, retain))


class World:
    def __init__(self) -> None:
        self.bus, self.outlet = Bus(), Outlet()
        self.turns: list[Callable[[], None]] = []
        self.mirror = Mirror(self.bus, self.outlet, self.turns.append)

    def turn(self) -> list[tuple[str, bytes, bool]]:
        turns, self.turns[:] = list(self.turns), []
        for turn in turns:
            turn()
        sent, self.outlet.sent = self.outlet.sent, []
        return sent


def test_a_broker_that_comes_gets_everything_retained_and_the_events_it_missed() -> None:
    world = World()
    world.bus.publish("a", 1, retain=True)
    world.bus.publish("a", 2, retain=True)
    world.bus.publish("event", "x")
    world.bus.publish("meter", "y", qos=0)
    assert not world.turn()
    world.mirror.connected()
    assert world.turn() == [("event", b"x", False), ("a", b"2", True)]


def test_changes_of_one_turn_leave_together_and_only_the_newest_state() -> None:
    world = World()
    world.mirror.connected()
    for value in range(3):
        world.bus.publish("a", value, retain=True)
        world.bus.publish("e", value)
    assert len(world.turns) == 1
    assert world.turn() == [("e", b"0", False), ("e", b"1", False), ("e", b"2", False), ("a", b"2", True)]


def test_a_broker_without_room_gets_the_newest_later() -> None:
    world = World()
    world.mirror.connected()
    world.outlet.room = 0
    world.bus.publish("a", 1, retain=True)
    assert not world.turn()
    world.bus.publish("a", 2, retain=True)
    world.outlet.room = 5
    assert world.turn() == [("a", b"2", True)]


def test_what_came_from_the_broker_does_not_go_back() -> None:
    world = World()
    world.mirror.connected()
    world.bus.publish("cmd", b"x", properties={"origin": "broker"})
    assert not world.turn()


def test_after_a_loss_nothing_is_written_and_close_ends_it() -> None:
    world = World()
    world.mirror.connected()
    world.bus.publish("a", 1, retain=True)
    world.mirror.disconnected()
    assert not world.turn()
    world.mirror.close()
    world.bus.publish("e", 1)
    world.mirror.connected()
    assert world.turn() == [("a", b"1", True)]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://h", BrokerAddress("h", 1883, "tcp", False, "/mqtt")),
        ("mqtts://h:1", BrokerAddress("h", 1, "tcp", True, "/mqtt")),
        ("wss://h/x", BrokerAddress("h", 443, "websockets", True, "/x")),
    ],
)
def test_broker_addresses_are_read(url: str, address: BrokerAddress) -> None:
    assert parse_broker(url) == address


@pytest.mark.parametrize("url", ["http://h", "mqtt://", "h:1883"])
def test_bad_broker_addresses_are_refused(url: str) -> None:
    with pytest.raises(HubError):
        parse_broker(url)


def test_missing_tls_files_are_named(tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(HubError, match=r"mqtt\.tls: nowhere\.pem: cannot be read: No such file"):
        Credentials(ca=Path("nowhere.pem")).tls()


def test_what_somebody_else_says_on_the_hubs_topics_is_known_and_said_again() -> None:
    world = World()
    world.mirror.connected()
    world.bus.publish("evhub/a/state", {"power": 1}, retain=True)
    world.bus.publish("evhub/a/evse/1/set/power", b"1", retain=True, properties={"origin": "broker"})
    world.turn()
    assert world.mirror.is_foreign("evhub/a/state", b'{"power":2}')
    assert world.mirror.is_foreign("evhub/a/state", b"")
    assert not world.mirror.is_foreign("evhub/a/state", b'{"power":1}')
    assert not world.mirror.is_foreign("evhub/b/state", b"{}")
    assert not world.mirror.is_foreign("evhub/a/evse/1/set/power", b"2")
    world.mirror.again("evhub/a/state")
    assert world.turn() == [("evhub/a/state", b'{"power":1}', True)]


async def test_why_a_broker_cannot_be_reached_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    client = StateClient(Bus(), parse_broker("mqtt://127.0.0.1:1"), Credentials(), "evhub")
    unknown = ssl.SSLCertVerificationError(1, "certificate verify failed")
    unknown.verify_code, unknown.verify_message = 18, "self-signed certificate"
    for error in (ConnectionRefusedError(111, "x"), unknown):
        client._lost = False
        try:
            raise error
        except OSError:
            client._on_connect_fail(None, None)
        await asyncio.sleep(0)
    client.mirror.close()
    assert [line.split(" is away: ")[1] for line in caplog.messages] == [
        "Connection refused",
        "self-signed certificate",
    ]
