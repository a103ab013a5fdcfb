"""A stand-in on the wire, and the hub's device that finds it, listens to it and tells it what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.errors import DeviceRefused, HubError
from hub.integration.api import DeviceSetup, EvseReading, Reading
from hub.integration.loader import load_codec
from hub.simulate.ev import Car
from integrations.echonet_lite import make_device
from integrations.echonet_lite.network import NETWORKS
from integrations.echonet_lite.simulated import DISCHARGER, ChargerObject, Traits
from integrations.echonet_lite.simulation import Faults
from integrations.echonet_lite.simulator import SimulatedCharger, Simulator, site
from integrations.echonet_lite.stack import StackSettings
from tests.integrations.echonet_lite import peer

BLUEPRINTS = Path(__file__).parents[3] / "blueprints"


class Sink:
    """The last reading."""

    def __init__(self) -> None:
        self.seen: EvseReading | None = None
        self.gone = 0

    def reading(self, reading: Reading) -> None:
        self.seen = reading.evses[1]

    def offline(self, reason: str) -> None:
        self.seen = None
        self.gone += 1

    def status(self) -> str:
        return self.seen.status.value if self.seen else "offline"


async def until(holds: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def charging_site(
    traits: Traits | None = None, faults: Faults | None = None, *, count: int = 1, **inputs: Any
) -> AsyncIterator[tuple[Simulator, Any, Sink]]:
    """A stand-in, and the device of its first charger, which has been found."""
    simulator = site(peer.address(), count, traits=traits or Traits(), faults=faults or Faults(), speed=60)
    simulator.open()
    kind = "ev_charger_discharger" if traits and traits.class_code == DISCHARGER else "ev_charger"
    given = {"host": simulator.host, **inputs}
    mapping = load_blueprint(f"echonet/{kind}", given, (BLUEPRINTS,), load_codec)
    device, sink = make_device(DeviceSetup("c", mapping, {}, SystemClock())), Sink()
    network = f"{simulator.host}/24"
    near = ".".join([*network.split(".")[:3], "1/24"])
    async with NETWORKS.use(StackSettings(interfaces=(near,))):
        tasks = [asyncio.create_task(device.run(sink)), asyncio.create_task(simulator.run())]
        try:
            await until(lambda: sink.seen)
            yield simulator, device, sink
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            simulator.close()


def first(simulator: Simulator) -> ChargerObject:
    return next(iter(simulator.node.objects.values()))


async def test_a_car_that_plugs_in_is_announced_charges_and_is_full() -> None:
    async with charging_site() as (simulator, device, sink):
        first(simulator).plug(Car(needs_wh=100, phases=1, max_current=30))
        simulator.tell()
        await until(lambda: sink.status() == "preparing", 1.0)
        device.set_context(1, transaction=True)
        await device.execute("start", 1, {"limit": 20.0})
        await until(lambda: sink.status() == "charging")
        assert sink.seen
        assert sink.seen.values["last_command"] == "confirmed"
        assert sink.seen.values["limit_applied"] == 20.0
        await until(lambda: sink.status() == "suspended_ev")
        assert sink.seen.values["energy"] == 1100


async def test_a_rejected_command_is_told_at_once() -> None:
    traits = Traits(rejects=frozenset({0xDA}))
    async with charging_site(traits) as (simulator, device, _sink), asyncio.timeout(1.0):
        first(simulator).plug()
        with pytest.raises(DeviceRefused, match="rejected by the charger"):
            await device.execute("start", 1, {"limit": 16.0})


async def test_a_mode_that_reads_back_as_another_one_is_believed_by_what_is_drawn() -> None:
    async with charging_site(Traits(others=True)) as (simulator, device, sink):
        first(simulator).plug()
        device.set_context(1, transaction=True)
        await device.execute("start", 1, {"limit": 16.0})
        assert sink.status() == "charging"
        assert sink.seen
        assert sink.seen.values["last_command"] == "confirmed"
        await device.execute("pause", 1, {})
        assert sink.status() == "suspended_evse"


async def test_a_mode_that_lags_is_waited_for() -> None:
    async with charging_site(Traits(class_code=DISCHARGER, lag_s=1.2)) as (simulator, device, sink):
        first(simulator).plug()
        device.set_context(1, transaction=True)
        await device.execute("start", 1, {"limit": 16.0})
        assert sink.status() == "charging"


async def test_a_discharging_car_suspends_the_transaction_and_exports() -> None:
    async with charging_site(Traits(class_code=DISCHARGER)) as (simulator, device, sink):
        charger = first(simulator)
        charger.plug()
        device.set_context(1, transaction=True)
        charger.write(0xDA, b"\x43")
        simulator.tell()
        await until(lambda: sink.status() == "suspended_evse")
        assert sink.seen
        assert sink.seen.values["power"] == -3000


async def test_a_slow_doubling_network_with_garbage_and_small_answers_still_works() -> None:
    faults = Faults(twice=0.3, delay_s=0.01, jitter_s=0.05, garbage_s=0.2, most=4)
    async with charging_site(faults=faults) as (simulator, _device, sink):
        first(simulator).plug()
        simulator.tell()
        await until(lambda: sink.status() == "preparing", 15.0)


async def test_what_is_lost_is_asked_again() -> None:
    async with charging_site() as (simulator, device, sink):
        first(simulator).plug()
        simulator.node.faults.loss = 1.0
        asyncio.get_running_loop().call_later(1.0, setattr, simulator.node.faults, "loss", 0.0)
        await device.refresh()
        assert sink.status() == "preparing"


async def test_a_node_that_moves_is_followed() -> None:
    async with charging_site() as (simulator, _device, sink):
        simulator.move(peer.address())
        first(simulator).plug()
        simulator.tell()
        await until(lambda: sink.status() == "preparing", 15.0)


async def test_without_meter_and_state_of_charge_both_are_absent_not_zero() -> None:
    async with charging_site(Traits(meter=False, soc=False)) as (simulator, device, sink):
        first(simulator).plug()
        device.set_context(1, transaction=True)
        await device.execute("start", 1, {"limit": 16.0})
        assert sink.status() == "charging"
        assert sink.seen
        assert [sink.seen.values.get(key) for key in ("power", "energy", "soc")] == [None, None, None]


async def test_who_searches_and_is_answered_loses_nobody() -> None:
    async with charging_site() as (simulator, device, sink):
        async with NETWORKS.use() as network:
            for _ in range(5):
                simulator.node.start(asyncio.get_running_loop().time())
                simulator.tell()
                network.stack.search()
                await device.refresh()
        assert sink.gone == 0


async def test_the_last_of_a_hundred_is_reached() -> None:
    async with charging_site(count=100, instance=100) as (_simulator, _device, sink):
        assert sink.status() == "available"


async def test_the_demo_s_charger_is_one_on_the_one_port() -> None:
    mapping = load_blueprint("echonet/ev_charger", {"host": "x"}, (BLUEPRINTS,), load_codec)
    charger = SimulatedCharger(mapping)
    with pytest.raises(HubError, match="3610 only"):
        await charger.start(peer.address(), 5000)
    host = peer.address()
    assert await charger.start(host) == 3610
    charger.plug()
    charger.fault(True)
    charger.silent = True
    assert charger.silent
    assert charger.outlets[1].car
    charger.unplug()
    await charger.close()


async def test_an_address_that_is_not_this_machine_s_is_said() -> None:
    simulator = site("192.0.2.9", 1, traits=Traits(), faults=Faults())
    with pytest.raises(HubError, match=r"UDP 3610 on 192\.0\.2\.9"):
        simulator.open()


async def test_what_the_blueprint_does_not_map_is_shown_and_the_maker_by_name(tmp_path: Path) -> None:
    values = {**peer.charger(), 0x8A: b"\x00\x00\x6c", 0xCE: (9000).to_bytes(4, "big"), 0xF0: b"\x01\x02"}
    async with (
        peer.Peer(objects={0x02A101: values}) as it,
        NETWORKS.use(StackSettings(interfaces=(peer.interface(),))),
    ):
        own = tmp_path / "echonet_classes"
        own.mkdir()
        text = "properties: {0xF0: {key: cableTime, access: o--, type: u16, range: [0, 999], unit: s}}"
        (own / "02A1.yaml").write_text(text, encoding="utf-8")
        mapping = load_blueprint("echonet/ev_charger", {"host": it.host}, (BLUEPRINTS,), load_codec)
        seen: dict[Path | None, Reading] = {}
        for folder in (None, tmp_path):
            device: Any = make_device(DeviceSetup("c", mapping, {}, SystemClock(), folder))
            told = Sink()
            told.reading = lambda reading, folder=folder: seen.update({folder: reading})  # type: ignore[method-assign, misc]
            running = asyncio.create_task(device.run(told))
            await until(lambda folder=folder: folder in seen)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    raw, defined = seen[None], seen[tmp_path]
    assert raw.evses[1].values["epc_f0"] == "0102"
    assert raw.evses[1].values["chargeable_capacity"] == 9000
    assert defined.evses[1].values["cable_time"] == 258
    assert raw.identity is not None
    assert raw.identity.vendor == "Nichicon"
