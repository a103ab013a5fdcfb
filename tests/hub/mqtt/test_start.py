"""MQTT as the configuration wants it: served here, or dialled; stopped, and started with other settings."""

from pathlib import Path

import aiomqtt
import pytest

from hub.bus import Bus
from hub.charger.registry import Registry
from hub.clock import ManualClock
from hub.config.settings import MqttSettings, TlsSettings
from hub.errors import HubError
from hub.mqtt.start import MqttPart
from hub.topics import Topics

HERE = MqttSettings(listen_port=0)


def made() -> MqttPart:
    bus, topics, clock = Bus(), Topics(), ManualClock()
    return MqttPart(bus, topics, Registry(bus, topics, clock), clock)


async def test_it_is_served_again_after_a_stop() -> None:
    part = made()
    for _ in range(2):
        await part.start(HERE)
        assert part.listener is not None
        async with aiomqtt.Client("127.0.0.1", part.listener.port):
            assert part.counters()["clients"] == 1
        await part.stop()
        assert (part.listener, part.counters()) == (None, {})


async def test_another_broker_is_dialled_and_none_is_served() -> None:
    part = made()
    await part.start(MqttSettings("mqtt://127.0.0.1:1"))
    assert part.listener is None
    await part.stop()


async def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("none")
    with pytest.raises(HubError, match=r"cert\.pem"):
        await made().start(MqttSettings(listen_port=0, tls=TlsSettings(cert=tmp_path / "cert.pem")))
