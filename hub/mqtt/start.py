"""The hub's MQTT as the configuration wants it: its own broker, or connections to another one, and the command door."""

from hub.bus import Bus
from hub.clock import Clock
from hub.config.settings import MqttSettings
from hub.mqtt.access import Access, Account
from hub.mqtt.address import Credentials, parse_broker
from hub.mqtt.client import CommandClient, StateClient
from hub.mqtt.commands import CommandDoor, Door
from hub.mqtt.listener import Listener
from hub.part import Part
from hub.tls import server_context
from hub.topics import Topics


class MqttPart:
    """What runs from `start` on, and ends with `stop`; then it may start anew with other settings."""

    def __init__(self, bus: Bus, topics: Topics, door: Door, clock: Clock) -> None:
        self._bus, self._topics, self._door, self._clock = bus, topics, door, clock
        self._part = Part()
        self.listener: Listener | None = None
        """Of the hub's own broker."""

    async def start(self, mqtt: MqttSettings) -> None:
        """Raises HubError: the address is taken, or files can't be used."""
        commands = CommandDoor(self._bus, self._topics, self._door, self._clock)
        if mqtt.broker == "embedded":
            await self._listen(mqtt)
        else:
            self._dial(mqtt)
        commands.start()
        self._part.closing(commands.close)

    async def stop(self) -> None:
        part, self._part, self.listener = self._part, Part(), None
        await part.stop()

    def counters(self) -> dict[str, int]:
        return self.listener.broker.counters() if self.listener else {}

    async def _listen(self, mqtt: MqttSettings) -> None:
        users = {
            name: Account(name, user.password, user.read, user.write) for name, user in mqtt.users.items()
        }
        self.listener = Listener(
            self._bus,
            Access(users, mqtt.base_topic),
            self._clock,
            host=mqtt.listen_host,
            port=mqtt.listen_port,
            tls=server_context(mqtt.tls.cert, mqtt.tls.key) if mqtt.tls.cert else None,
            anonymous=not users,
        )
        await self.listener.start()
        self._part.run("mqtt listener", self.listener.run)
        self._part.closing(self.listener.close)

    def _dial(self, mqtt: MqttSettings) -> None:
        address = parse_broker(mqtt.broker, mqtt.version)
        credentials = Credentials(mqtt.username, mqtt.password, mqtt.tls.ca, mqtt.tls.cert, mqtt.tls.key)
        state = StateClient(self._bus, address, credentials, mqtt.base_topic)
        commands = CommandClient(self._bus, address, credentials, mqtt.base_topic)
        self._part.run("mqtt state", state.run)
        self._part.run("mqtt commands", commands.run)
