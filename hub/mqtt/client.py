"""The hub as a client of an external broker: state out on one connection, commands in on another.

Two connections, so that a burst of state never delays a command. State goes through paho's own thread
(20 us for a publish, measured; aiomqtt 80 to 250), commands come through aiomqtt.
"""

import asyncio
import logging
import random
import ssl
import sys
from collections.abc import Callable, Mapping
from uuid import uuid4

import aiomqtt
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.bus import Bus, Message
from hub.errors import reason
from hub.mqtt.access import COMMANDS
from hub.mqtt.address import BrokerAddress, Credentials
from hub.mqtt.mirror import Mirror
from hub.tls import refusal

log = logging.getLogger(__name__)

IN_FLIGHT = 2_000
"""Messages handed to paho and not yet taken by the broker; beyond that only the newest state is remembered."""
KEEP_ALIVE_S = 20
CORRECT_S = 10.0
"""Between two corrections of one topic."""
PROTOCOLS = {"5": aiomqtt.ProtocolVersion.V5, "3.1.1": aiomqtt.ProtocolVersion.V311}
RECEIVED = {
    "ResponseTopic": "response_topic",
    "CorrelationData": "correlation_data",
    "MessageExpiryInterval": "message_expiry_interval",
}


class StateClient:
    """Carries the mirror's messages; reconnects by itself, as long as it runs. Implements `mirror.Outlet`."""

    def __init__(self, bus: Bus, address: BrokerAddress, credentials: Credentials, base: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._pending = 0
        self._will = f"{base}/bridge/state"
        self._client = _paho(address, credentials, f"evhub-{uuid4().hex[:16]}")
        self._client.will_set(self._will, b"offline", qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._lost = False
        self._base = base
        self._corrections: dict[str, float] = {}
        self.mirror = Mirror(bus, self, self._loop.call_soon)
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Leaves the broker with `offline` written."""
        self._client.connect_async(self._address.host, self._address.port, keepalive=KEEP_ALIVE_S)
        self._client.loop_start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.mirror.close()
            self._lost = True  # from here on nobody loses anything
            if self.connected.is_set():
                self._client.publish(self._will, b"offline", qos=1, retain=True)
                await asyncio.sleep(0.1)
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    @property
    def room(self) -> int:
        return IN_FLIGHT - self._pending

    def send(self, topic: str, payload: bytes, *, qos: int, retain: bool, message: Message) -> None:
        properties = _properties(message.properties) if self._address.version == "5" else None
        if (
            self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties).rc
            == paho.MQTT_ERR_SUCCESS
        ):
            self._pending += 1

    # paho's thread calls these; everything that counts happens on the loop.

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        self._call(self._connected, reason)

    def _on_connect_fail(self, _client: object, _data: object) -> None:
        error = sys.exc_info()[1]  # paho calls from where it has caught it
        words = refusal(error) if isinstance(error, ssl.SSLError) else ""
        self._call(
            self._disconnected, words or (reason(error) if isinstance(error, OSError) else "no answer")
        )

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        words = "the connection was lost" if reason == "Unspecified error" else str(reason)
        self._call(self._disconnected, words)

    def _on_publish(self, _client: object, _data: object, _mid: int, _reason: object, _props: object) -> None:
        self._call(self._published)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._call(self._heard, message.topic, bytes(message.payload))

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _connected(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._disconnected(str(reason))
            return
        log.info("MQTT broker %s:%d is there", self._address.host, self._address.port)
        self._lost, self._pending = False, 0
        self.connected.set()
        self.mirror.connected()
        if self._address.version == "5":  # 3.1.1 would send back all that we write
            options = SubscribeOptions(qos=0, noLocal=True, retainHandling=2)
            self._client.subscribe(f"{self._base}/#", options=options)

    def _heard(self, topic: str, payload: bytes) -> None:
        """Somebody else writes the hub's topics (also a broker, with the last will of a connection that was ours):
        what is true is written again. Two hubs with one base topic mustn't set each other alight, so not at once
        a second time."""
        if not self.mirror.is_foreign(topic, payload):
            return
        now = self._loop.time()
        due = self._corrections.get(topic, now)
        if due > now + CORRECT_S:
            return  # it is coming
        log.warning("somebody else writes on %s: it is the hub's, and written again", topic)
        self._corrections[topic] = max(due, now) + CORRECT_S
        self._loop.call_later(max(0.0, due - now), self.mirror.again, topic)

    def _disconnected(self, reason: str) -> None:
        self.mirror.disconnected()
        self.connected.clear()
        if not self._lost:
            self._lost = True
            log.warning("MQTT broker %s:%d is away: %s", self._address.host, self._address.port, reason)

    def _published(self) -> None:
        self._pending = max(0, self._pending - 1)
        if self._pending == IN_FLIGHT // 2 or not self._pending:
            self.mirror.flush()


class CommandClient:
    """Brings what clients write on the command topics to the bus; starts clean, so nothing old is executed."""

    def __init__(self, bus: Bus, address: BrokerAddress, credentials: Credentials, base: str) -> None:
        self._bus, self._address, self._credentials = bus, address, credentials
        self._filters = [pattern.format(base=base) for pattern in COMMANDS]
        self._cleared: set[str] = set()

    async def run(self) -> None:
        """Until cancelled; comes back after every loss with growing pauses."""
        wait, said = 1.0, ""
        while True:
            try:
                async with self._client() as client:
                    said = ""
                    for pattern in self._filters:
                        await self._subscribe(client, pattern)
                    wait = 1.0
                    async for message in client.messages:
                        self._receive(message)
                        if message.retain and message.payload:
                            # It is refused; the broker must not keep it for the next time.
                            self._cleared.add(str(message.topic))
                            await client.publish(str(message.topic), b"", qos=1, retain=True)
            except aiomqtt.MqttError as error:
                within = error.__context__  # aiomqtt has numbers and brackets in its text
                words = reason(within) if isinstance(within, OSError) else str(error)
                if words != said:
                    log.info("MQTT commands: %s", words)
                said = words
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            wait = min(wait * 2, 10.0)

    async def _subscribe(self, client: aiomqtt.Client, pattern: str) -> None:
        """MQTT 5 says also of a new message whether it is retained; 3.1.1 only of one that was kept."""
        if self._address.version == "5":
            await client.subscribe(pattern, options=SubscribeOptions(qos=1, retainAsPublished=True))
        else:
            await client.subscribe(pattern, qos=1)

    def _client(self) -> aiomqtt.Client:
        address, credentials = self._address, self._credentials
        return aiomqtt.Client(
            address.host,
            address.port,
            username=credentials.username,
            password=credentials.password,
            identifier=f"evhub-cmd-{uuid4().hex[:12]}",
            protocol=PROTOCOLS[address.version],
            transport=address.transport,
            websocket_path=address.path if address.transport == "websockets" else None,
            tls_context=credentials.tls() if address.secure else None,
            keepalive=KEEP_ALIVE_S,
            timeout=10,
        )

    def _receive(self, message: aiomqtt.Message) -> None:
        if not message.payload and str(message.topic) in self._cleared:
            self._cleared.discard(str(message.topic))  # our own, coming back
            return
        properties: dict[str, object] = {"origin": "broker", "retained": message.retain}
        for name, ours in RECEIVED.items():
            value = getattr(message.properties, name, None)
            if value is not None:
                properties[ours] = value
        self._bus.publish(str(message.topic), message.payload, qos=message.qos, properties=properties)


def _paho(address: BrokerAddress, credentials: Credentials, client_id: str) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=paho.MQTTv5 if address.version == "5" else paho.MQTTv311,
        transport=address.transport,
    )
    if address.transport == "websockets":
        client.ws_set_options(path=address.path)
    if credentials.username is not None:
        client.username_pw_set(credentials.username, credentials.password)
    if address.secure:
        client.tls_set_context(credentials.tls())
    client.reconnect_delay_set(1, 10)
    client.max_inflight_messages_set(IN_FLIGHT)
    return client


def _properties(given: Mapping[str, object] | None) -> Properties | None:
    if not given or "correlation_data" not in given:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.CorrelationData = given["correlation_data"]
    return properties
