"""A charger as the hub sees it, with the shipped blueprint, on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.errors import DeviceOffline, DeviceRefused, NotConfirmed, Unsupported
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec
from hub.model.charger import Status
from hub.shipped import shipped
from integrations.echonet_lite import actions, schedule, visits
from integrations.echonet_lite import discovery as finding
from integrations.echonet_lite.device import EchonetDevice, make_device
from integrations.echonet_lite.frame import Esv, Frame
from integrations.echonet_lite.network import NETWORKS, Network
from integrations.echonet_lite.stack import Manners, StackSettings
from integrations.echonet_lite.transactions import CONTEST
from tests.integrations.echonet_lite.peer import CHARGER, Peer, address, charger, interface, uid, until

QUICK = {"timeout": 0.2, "retries": 2, "gap": 0.0}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Manners((0.2, 0.2), gap_s=0.0, priority=2)
    monkeypatch.setattr(finding, "LOOKING", patience)
    monkeypatch.setattr(finding, "CONTESTING", Manners((0.2, 0.2), gap_s=0.0, priority=CONTEST))
    monkeypatch.setattr(finding, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(actions, "VERIFY_S", (0.0, 0.1, 0.2))
    monkeypatch.setattr(visits, "FIRST_PROBE_S", 0.1)
    monkeypatch.setattr(visits, "LONGEST_PROBE_S", 0.2)


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    async with NETWORKS.use(StackSettings((interface(),), b"evhub-test-05")) as opened:
        yield opened


class Told:
    """A sink."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.losses: list[str] = []

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def offline(self, reason: str) -> None:
        self.losses.append(reason)

    @property
    def values(self) -> Mapping[str, Any]:
        return self.readings[-1].evses[1].values

    @property
    def status(self) -> Status | None:
        return self.readings[-1].evses[1].status if self.readings else None


def made(path: str = "echonet/ev_charger", poll: float = 0.1, **inputs: Any) -> EchonetDevice:
    mapping = load_blueprint(path, inputs, (shipped("blueprints"),), load_codec)
    mapping.link = {**mapping.link, **QUICK}
    mapping.groups = {group: poll if every else 0.0 for group, every in mapping.groups.items()}
    device = make_device(DeviceSetup("garage", mapping, {}, SystemClock()))
    assert isinstance(device, EchonetDevice)
    return device


@asynccontextmanager
async def running(device: EchonetDevice) -> AsyncIterator[Told]:
    told = Told()
    task = asyncio.create_task(device.run(told))
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def start(peer: Peer, device: EchonetDevice, told: Told) -> None:
    """A car comes, and may take 16 A."""
    peer.change(0xC7, b"\x41")
    await until(lambda: told.status is Status.PREPARING)
    device.set_context(1, transaction=True)
    await device.execute("start", 1, {"limit": 16.0})


pytestmark = pytest.mark.usefixtures("network")


async def test_a_car_that_plugs_in_is_seen() -> None:
    async with Peer() as peer, running(made(host=peer.host)) as told:
        await until(lambda: told.status is Status.AVAILABLE)
        peer.change(0xC7, b"\x41", tell=False)
        await until(lambda: told.status is Status.PREPARING)
        assert told.values.get("soc") is None
        assert told.values["energy"] == 1000


async def test_an_announced_change_is_seen_long_before_the_next_poll() -> None:
    """Rule 23."""
    async with Peer() as peer, running(made(poll=60.0, host=peer.host)) as told:
        await until(lambda: told.status is Status.AVAILABLE)
        peer.change(0xC7, b"\x41")
        await until(lambda: told.status is Status.PREPARING, 4.0)


async def test_a_start_writes_limit_and_mode_and_proves_them() -> None:
    device = made()
    async with Peer() as peer, running(device) as told:
        await start(peer, device, told)
        assert peer.objects[CHARGER][0xED] == (160).to_bytes(2, "big")
        assert peer.objects[CHARGER][0xDA] == b"\x42"
        assert told.values["last_command"] == "confirmed"
        peer.change(0xD3, (3200).to_bytes(4, "big"), tell=False)
        await until(lambda: told.status is Status.CHARGING)
        await device.execute("set_limit", 1, {"limit": 8.0})
        assert peer.objects[CHARGER][0xED] == (80).to_bytes(2, "big")
        peer.change(0xD3, bytes(4), tell=False)
        await device.execute("pause", 1, {})
        assert peer.objects[CHARGER][0xDA] == b"\x44"
        await until(lambda: told.status is Status.SUSPENDED_EVSE)


async def test_a_mode_that_nobody_asked_for_is_the_cars() -> None:
    device = made()
    async with Peer() as peer, running(device) as told:
        await start(peer, device, told)
        peer.change(0xDA, b"\x44")
        await until(lambda: told.status is Status.SUSPENDED_EV)


async def test_a_charger_that_starts_anew_has_forgotten_that_it_was_told_to_start() -> None:
    """Its standby is nobody's wish then: whoever drives it sees that it isn't enabled, and starts it again."""
    device = made()
    async with Peer() as peer, running(device) as told:
        await start(peer, device, told)
        assert told.readings[-1].evses[1].enabled
        peer.objects[CHARGER][0xDA] = b"\x44"
        peer.announce()
        await until(lambda: told.readings[-1].evses[1].enabled is False)
        assert told.status is Status.PREPARING
        await device.execute("start", 1, {"limit": 16.0})
        assert peer.objects[CHARGER][0xDA] == b"\x42"
        peer.change(0xDA, b"\x44")
        await until(lambda: told.status is not Status.CHARGING)


async def test_a_refused_confirmation_of_the_connection_is_no_reason_not_to_charge() -> None:
    """Its map says that it takes one."""
    device = made()

    def refuses(peer: Peer, eoj: int, epc: int, edt: bytes) -> bool:
        if epc != 0xCD:
            peer.objects[eoj][epc] = edt
        return epc != 0xCD

    settable = frozenset({0xCD, 0xDA, 0xED})
    async with Peer(settable=settable, on_set=refuses) as peer, running(device) as told:
        peer.change(0xC7, b"\x41")
        await until(lambda: told.status is Status.PREPARING)
        await device.execute("start", 1, {"limit": 16.0})
        assert peer.objects[CHARGER][0xDA] == b"\x42"
        assert {item.epc for frame in peer.asked(Esv.SETC) for item in frame.properties} == settable


@pytest.mark.parametrize("mute", [{0x9F}, {0x9D, 0x9E, 0x9F}])
async def test_a_charger_that_never_answers_to_its_maps_is_read_all_the_same(mute: set[int]) -> None:
    device = made()

    def answers(asked: Frame, answer: bytes) -> list[bytes]:
        return [] if asked.deoj == CHARGER and any(p.epc in mute for p in asked.properties) else [answer]

    async with Peer(behave=answers) as peer, running(device) as told:
        await until(lambda: told.status is Status.AVAILABLE)
        peer.change(0xC7, b"\x41")
        await until(lambda: told.status is Status.PREPARING)


async def test_a_limit_in_watts_where_amperes_cannot_be_set() -> None:
    device = made()
    objects = {CHARGER: charger(epc_EB=(6000).to_bytes(4, "big"))}
    async with (
        Peer(objects=objects, settable=frozenset({0xDA, 0xEB})) as peer,
        running(device) as told,
    ):
        await until(lambda: told.readings)
        await device.execute("set_limit", 1, {"limit": 10.0})
        assert peer.objects[CHARGER][0xEB] == (2000).to_bytes(4, "big")
        assert 0xED not in {item.epc for frame in peer.asked(Esv.SETC) for item in frame.properties}


async def test_what_the_object_does_not_take_is_not_sent() -> None:
    device = made()
    async with Peer(settable=frozenset({0xDA})) as peer, running(device) as told:
        await until(lambda: told.readings)
        with pytest.raises(Unsupported, match="has no current_limit"):
            await device.execute("set_limit", 1, {"limit": 10.0})
        assert not peer.asked(Esv.SETC)
        assert "last_command" not in told.values


async def test_a_rejected_set_is_told_at_once() -> None:
    """Rule 5."""
    device = made()
    async with Peer(on_set=lambda *_: False) as peer, running(device) as told:
        await until(lambda: told.readings)
        async with asyncio.timeout(3.0):
            with pytest.raises(DeviceRefused, match=r"current_limit = 10\.0: rejected by the charger"):
                await device.execute("set_limit", 1, {"limit": 10.0})
        assert told.values["last_command"] == "rejected"
        assert len(peer.asked(Esv.SETC)) == 1


async def test_a_set_that_shows_later_is_waited_for() -> None:
    """Rule 24."""
    device = made()

    def lags(peer: Peer, _eoj: int, epc: int, edt: bytes) -> bool:
        asyncio.get_running_loop().call_later(0.15, peer.objects[CHARGER].__setitem__, epc, edt)
        return True

    async with Peer(on_set=lags), running(device) as told:
        await until(lambda: told.readings)
        await device.execute("set_limit", 1, {"limit": 10.0})
        assert told.values["last_command"] == "confirmed"
        assert told.values["current_limit"] == 10.0


async def test_a_set_that_is_ignored_is_not_confirmed() -> None:
    """Rule 24: the value that is published is the real one."""
    device = made()
    async with Peer(on_set=lambda *_: True), running(device) as told:
        await until(lambda: told.readings)
        with pytest.raises(NotConfirmed, match=r"current_limit is 32\.0 instead of 10\.0"):
            await device.execute("set_limit", 1, {"limit": 10.0})
        assert told.values["last_command"] == "not_confirmed"
        assert told.values["current_limit"] == 32.0


async def test_a_charger_that_falls_silent_is_offline_and_comes_back() -> None:
    async with Peer() as peer, running(made(host=peer.host)) as told:
        await until(lambda: told.readings)
        peer.silent = True
        await until(lambda: told.losses)
        count = len(told.readings)
        peer.silent = False
        await until(lambda: len(told.readings) > count)
        assert len(told.losses) == 1


async def test_a_request_that_is_lost_with_all_its_tries_makes_no_charger_fall_silent() -> None:
    async with Peer() as peer, running(made()) as told:
        await until(lambda: told.status is Status.AVAILABLE)
        told.losses.clear()
        lost: list[int] = []

        def loses_one_request(asked: Frame, answer: bytes) -> list[bytes]:
            if asked.deoj == CHARGER and (not lost or asked.tid == lost[0]):
                lost[:] = [asked.tid]
                return []
            return [answer]

        peer.behave = loses_one_request
        await until(lambda: lost)
        peer.change(0xC7, b"\x41", tell=False)
        await until(lambda: told.status is Status.PREPARING)
        assert told.losses == []


async def test_a_charger_is_followed_to_another_address() -> None:
    """Rule 15."""
    device = made(identification=uid(77).hex())
    async with Peer(number=77) as peer, running(device) as told:
        await until(lambda: told.readings)
        peer.move(address())
        peer.announce()
        peer.change(0xC7, b"\x41")
        await until(lambda: told.status is Status.PREPARING)
        await device.execute("set_limit", 1, {"limit": 9.0})


async def test_two_chargers_with_one_identification_are_each_at_its_address() -> None:
    """Rule 15."""
    one, two = made(host=address()), made(host=address())
    hosts = [str(device._place.host) for device in (one, two)]
    async with (
        Peer(host=hosts[0], number=80) as first,
        Peer(host=hosts[1], number=80) as second,
        running(one) as told,
        running(two) as seen,
    ):
        await until(lambda: told.readings and seen.readings)
        second.silent = True
        await until(lambda: seen.losses)
        second.silent = False
        await until(lambda: two._online, 10.0)
        await two.execute("set_limit", 1, {"limit": 9.0})
        assert [frame.esv for frame in second.asked(Esv.SETC)]
        assert not first.asked(Esv.SETC)


async def test_another_node_at_the_charger_s_old_address_is_not_it() -> None:
    """Rule 15."""
    device = made(identification=uid(78).hex())
    async with Peer(number=78) as peer, running(device) as told:
        await until(lambda: told.readings)
        told.losses.clear()
        peer.number = 79
        peer.announce()
        await until(lambda: told.losses)
        with pytest.raises(DeviceOffline):
            await device.execute("set_limit", 1, {"limit": 9.0})
        assert not peer.asked(Esv.SETC)


async def test_of_several_chargers_one_must_be_named(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with Peer() as one, Peer() as two:
        await network.discovery.look(one.host)
        await network.discovery.look(two.host)
        async with running(made()) as told:
            await until(lambda: told.losses)
            assert "must be chosen by its identification" in told.losses[-1]
        async with running(made(identification=uid(two.number).hex())) as told:
            await until(lambda: told.readings)


async def test_announcements_that_do_not_get_through_are_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 23."""
    monkeypatch.setattr(schedule, "GRACE_S", 0.15)
    async with Peer() as peer, running(made(poll=0.1, host=peer.host)) as told:
        await until(lambda: told.readings)
        for number in range(20):
            peer.change(0xC7, b"\x41" if number % 2 else b"\x30", tell=False)
            before = len(told.readings)
            await until(lambda before=before: len(told.readings) > before)  # type: ignore[misc]
            if "multicast doesn't get through" in caplog.text:
                return
    pytest.fail("it wasn't said")


async def test_a_charger_without_maps_is_read_all_the_same() -> None:
    objects = {CHARGER: charger()}
    async with Peer(objects=objects, maps=False) as peer, running(made(host=peer.host)) as told:
        await until(lambda: told.status is Status.AVAILABLE)
        assert told.values["mode"] == "standby"


async def test_a_discharger_shows_its_discharge() -> None:
    values = charger(
        epc_C7=b"\x43",
        epc_DA=b"\x43",
        epc_D3=(-3000).to_bytes(4, "big", signed=True),
        epc_D6=(500).to_bytes(4, "big"),
    )
    device = made("echonet/ev_charger_discharger")
    async with Peer(objects={0x027E01: values}) as peer, running(device) as told:
        device.set_context(1, transaction=True)
        await until(lambda: told.status is Status.SUSPENDED_EVSE)
        assert told.values["power"] == -3000
        assert told.values["energy_export"] == 500
        assert peer.asked()


async def test_who_wants_to_see_the_datagrams_sees_those_of_this_node() -> None:
    seen: list[tuple[str, bytes | str]] = []
    async with Peer() as peer, Peer() as other:
        device = made(host=peer.host)
        device.trace(lambda direction, frame: seen.append((direction, frame)))
        async with running(device) as told, running(made(host=other.host)):
            await until(lambda: told.status is Status.AVAILABLE and len(other.heard) > 5)
            assert {direction for direction, _ in seen} == {"up", "down"}
            frames = [frame for _, frame in seen if isinstance(frame, bytes)]
            assert all(frame.startswith(b"\x10\x81") for frame in frames)
            asked = [frame for direction, frame in seen if direction == "down"]
            assert len(asked) <= len(peer.heard)
        before = len(seen)
        peer.change(0xC7, b"\x41")
        await asyncio.sleep(0)
        assert len(seen) == before
