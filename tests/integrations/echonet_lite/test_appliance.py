"""A meter on the wire becomes values; it comes, goes, and is told by its maker's name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.clock import SystemClock
from hub.errors import DeviceOffline, HubError, Unsupported
from hub.integration.api import DeviceSetup, Reading
from integrations.echonet_lite import make_appliance
from integrations.echonet_lite.frame import Esv
from integrations.echonet_lite.network import NETWORKS
from integrations.echonet_lite.stack import StackSettings
from tests.integrations.echonet_lite import peer

BOARD = {
    0x80: b"\x30",
    0x82: b"\0\0R\0",
    0x88: b"\x42",
    0x8A: b"\x00\x00\x0b",
    0x8C: b"MCB-7".ljust(12, b"\0"),
    0x8D: b"4711".ljust(12, b"\0"),
    0xC0: bytes(4),
    0xC1: bytes(4),
    0xC2: b"\x02",
    0xC6: (3000).to_bytes(4, "big"),
    0xD2: bytes.fromhex("000004d200a07ffe"),
    0xF1: b"\x01\x02",
}


class Sink:
    def __init__(self) -> None:
        self.told: Reading | None = None
        self.gone = ""

    def reading(self, reading: Reading) -> None:
        self.told = reading

    def offline(self, reason: str) -> None:
        self.gone = reason


def setup(folder: Path | None = None, **settings: object) -> DeviceSetup:
    return DeviceSetup("panel", None, {"eoj": 0x0287, **settings}, SystemClock(), folder)


@asynccontextmanager
async def board(objects: Any = None, **settings: object) -> AsyncIterator[tuple[Any, Any, Sink]]:
    async with (
        objects or peer.Peer(objects={0x028701: dict(BOARD)}, told=frozenset({0x80})) as it,
        NETWORKS.use(StackSettings(interfaces=(peer.interface(),))),
    ):
        device, sink = make_appliance(setup(host=it.host, poll=0.1, timeout=0.2, **settings)), Sink()
        running = asyncio.create_task(device.run(sink))
        try:
            await peer.until(lambda: sink.told)
            yield it, device, sink
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_board_s_values_are_read_and_read_again() -> None:
    async with board() as (it, _device, sink):
        assert sink.told is not None
        values = sink.told.shared
        assert (values["power"], values["channel_3_energy"], values["channel_3_current_l1"]) == (
            3000,
            12.34,
            16.0,
        )
        assert values["epc_f1"] == "0102"
        assert values["operation_status"] is True
        assert sink.told.identity is not None
        assert (sink.told.identity.vendor, sink.told.identity.model) == ("Panasonic", "MCB-7")
        it.objects[0x028701][0xC6] = (100).to_bytes(4, "big")
        await peer.until(lambda: sink.told and sink.told.shared["power"] == 100)


def shows(it: Any, eoj: int, epc: int, edt: bytes) -> bool:
    """A board whose list of powers follows the page: channel n has n W."""
    values = it.objects[eoj]
    values[epc] = edt
    first, count = edt
    values[0xB7] = edt + b"".join(n.to_bytes(4, "big") for n in range(first, first + count))
    return True


async def test_the_lists_of_a_board_are_turned_to_all_of_its_channels_again_and_again() -> None:
    values = {**BOARD, 0xB1: bytes([40]), 0xB6: bytes((9, 2)), 0xB7: bytes.fromhex("0902 00000009 0000000a")}
    it = peer.Peer(
        objects={0x028701: values}, told=frozenset({0x80}), settable=frozenset({0xB6}), on_set=shows
    )
    async with board(it) as (_, _device, sink):
        await peer.until(lambda: sink.told and sink.told.shared.get("channel_40_power") == 40)
        shows(it, 0x028701, 0xB6, bytes((5, 1)))
        await peer.until(lambda: len(it.asked(Esv.SETC)) == 2)
        await peer.until(lambda: sink.told and sink.told.shared.get("channel_1_power") == 1)


async def test_a_board_that_turns_no_pages_is_asked_once() -> None:
    values = {**BOARD, 0xB1: bytes([40]), 0xB6: bytes((9, 1)), 0xB7: bytes.fromhex("0901 00000009")}
    it = peer.Peer(
        objects={0x028701: values},
        told=frozenset({0x80}),
        settable=frozenset({0xB6}),
        on_set=lambda *_: False,
    )
    async with board(it) as (_, device, sink):
        for _ in range(3):
            await device.refresh()
        assert sink.told is not None
        assert sink.told.shared["channel_9_power"] == 9
        assert len(it.asked(Esv.SETC)) == 1


async def test_a_silent_board_is_offline_and_comes_back() -> None:
    async with board(retries=1) as (it, device, sink):
        it.silent = True
        await peer.until(lambda: sink.gone)
        with pytest.raises(DeviceOffline):
            await device.refresh()
        sink.told, it.silent = None, False
        await peer.until(lambda: sink.told, 10.0)
        await device.refresh()


async def test_it_is_only_read() -> None:
    device = make_appliance(setup())
    device.set_context(1, transaction=True)
    with pytest.raises(Unsupported, match="only read"):
        await device.execute("start", 1, {})


def test_a_user_s_class_file_beside_the_configuration_is_used(tmp_path: Path) -> None:
    own = tmp_path / "echonet_classes"
    own.mkdir()
    (own / "0287.yaml").write_text(
        "properties: {0xF1: {key: doorOpen, access: o--, type: u16, range: [0, 999]}}", encoding="utf-8"
    )
    device: Any = make_appliance(setup(tmp_path))
    assert device._classes.any(0x0287, "R").properties[0xF1].key == "doorOpen"
    (own / "0287.yaml").write_text("properties: {0xF1: {key: x}}", encoding="utf-8")
    with pytest.raises(HubError, match=r"0287\.yaml"):
        make_appliance(setup(tmp_path))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pol": "5s"}, "unknown key 'pol'; did you mean 'poll'"),
        ({"eoj": None}, "eoj: expected a class"),
        ({"poll": "soon"}, "poll: expected a time"),
    ],
)
def test_what_is_wrong_with_its_settings_is_said(settings: dict[str, object], words: str) -> None:
    with pytest.raises(HubError, match=words):
        make_appliance(setup(**settings))


def test_the_class_must_be_said() -> None:
    with pytest.raises(HubError, match="eoj: is missing"):
        make_appliance(DeviceSetup("panel", None, {}, SystemClock()))
