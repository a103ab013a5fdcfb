"""The whole way of an ECHONET Lite charger: from C7 to a TransactionEvent, from a charging profile to ED, and back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.cli.main import main
from hub.config.load import load_config
from hub.control import ask
from hub.model.command import Command, CommandResult
from hub.simulate.csms import Csms, Settings
from hub.simulate.ev import Car
from integrations.echonet_lite import actions
from integrations.echonet_lite.frame import Esv
from integrations.echonet_lite.simulated import DISCHARGER, STANDBY, ChargerObject, Traits
from integrations.echonet_lite.simulation import Faults
from integrations.echonet_lite.simulator import Simulator, site
from tests.integrations.echonet_lite.peer import CHARGER, Peer, address, charger, interface, uid

FREE = ", tokens: {free: true}"


class House:
    """A hub with ECHONET Lite on a loopback network of its own, and a CSMS."""

    def __init__(self, folder: Path, chargers: str, section: str) -> None:
        self.path = folder / "evhub.yaml"
        self.csms = Csms(Settings())
        self.hub: Hub | None = None
        self._chargers, self._section, self._interface = chargers, section, interface()

    async def start(self) -> None:
        port = await self.csms.start()
        self.path.write_text(
            f"""
hub: {{state_dir: state}}
mqtt: {{listen: '127.0.0.1:0'}}
csms:
  url: ws://127.0.0.1:{port}/ocpp
  versions: [ocpp2.0.1]
  defaults: {{RetryBackOffWaitMinimum: 0, RetryBackOffRandomRange: 0, TxUpdatedInterval: 1}}
echonet_lite: {{interfaces: ['{self._interface}']{self._section}}}
chargers: {{{self._chargers}}}
"""
        )
        self.hub = Hub(load_config(self.path), jitter_s=0.0, logs=False)
        await self.hub.start()

    async def stop(self) -> None:
        if self.hub is not None:
            await self.hub.stop()
        await self.csms.close()

    async def execute(self, op: str, message: dict[str, Any]) -> CommandResult:
        assert self.hub is not None
        return await self.hub.registry.execute(Command("garage", op, message))

    def status(self, charger: str = "garage") -> Any:
        assert self.hub is not None
        runtime = self.hub.registry.get(charger)
        return runtime.state(1).get("status") if runtime else None

    @property
    def found(self) -> list[dict[str, Any]]:
        assert self.hub is not None
        return [d for m in self.hub.bus.retained("evhub/bridge/discovered") for d in m.payload]  # type: ignore[union-attr]

    async def until(self, holds: Callable[[], Any], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def house(folder: Path, chargers: str = "", section: str = "") -> AsyncIterator[House]:
    made = House(folder, chargers, section)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def garage(peer: Peer, more: str = FREE) -> str:
    return f"garage: {{use_blueprint: {{path: echonet/ev_charger, input: {{host: {peer.host}}}}}{more}}}"


def draws(peer: Peer, _eoj: int, epc: int, edt: bytes) -> bool:
    """A car that takes what it gets while the mode is 'charge'."""
    values = peer.objects[CHARGER]
    values[epc] = edt
    amperes = int.from_bytes(values[0xED], "big") / 10
    power = round(200 * amperes) if values[0xDA] == b"\x42" else 0
    values[0xD3] = power.to_bytes(4, "big")
    values[0xD8] = (int.from_bytes(values[0xD8], "big") + 500).to_bytes(4, "big")
    return True


PROFILE_201 = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}]}
    ],
}
PROFILE_16 = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}],
    },
}
DIALECTS = {
    "ocpp2.0.1": ({"evseId": 1, "chargingProfile": PROFILE_201}, "RequestStopTransaction", str),
    "ocpp1.6": ({"connectorId": 1, "csChargingProfiles": PROFILE_16}, "RemoteStopTransaction", int),
}


@asynccontextmanager
async def stand_in(traits: Traits) -> AsyncIterator[tuple[Simulator, ChargerObject]]:
    simulator = site(address(), 1, traits=traits, faults=Faults(), speed=60.0)
    simulator.open()
    clock = asyncio.create_task(simulator.run())
    try:
        yield simulator, next(iter(simulator.node.objects.values()))
    finally:
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)
        simulator.close()


@pytest.mark.parametrize("version", DIALECTS)
@pytest.mark.parametrize(
    ("blueprint", "traits", "limit"),
    [
        ("ev_charger", Traits(), (0xED, (90).to_bytes(2, "big"))),
        ("ev_charger", Traits(limits=frozenset({0xEB})), (0xEB, (1800).to_bytes(4, "big"))),
        ("ev_charger_discharger", Traits(class_code=DISCHARGER), (0xEB, (1800).to_bytes(4, "big"))),
    ],
)
async def test_a_plug_becomes_a_transaction_a_profile_a_limit_and_a_stop_a_stop(
    tmp_path: Path, version: str, blueprint: str, traits: Traits, limit: tuple[int, bytes]
) -> None:
    profile, stop, ident = DIALECTS[version]
    async with stand_in(traits) as (simulator, wallbox):
        where = f"{{path: echonet/{blueprint}, input: {{host: {simulator.host}}}}}"
        chargers = f"garage: {{use_blueprint: {where}{FREE}, csms: {{versions: [{version}]}}}}"
        async with house(tmp_path, chargers) as home:
            await home.until(lambda: home.status() == "available" and home.csms.stations)
            wallbox.plug(Car(needs_wh=20_000, phases=1, max_current=30))
            simulator.tell()
            await home.until(lambda: home.status() == "charging" and home.csms.transactions)
            (transaction,) = home.csms.transactions.values()
            answer = await home.csms.call("garage", "SetChargingProfile", profile)
            assert answer["status"] == "Accepted"
            await home.until(lambda: limit in wallbox.written)
            await home.until(lambda: wallbox.register_wh > 1_100)
            stopped = await home.csms.call("garage", stop, {"transactionId": ident(transaction.id)})
            assert stopped["status"] == "Accepted"
            await home.until(lambda: wallbox.mode == STANDBY and transaction.ended)
            wallbox.unplug()
            simulator.tell()
            await home.until(lambda: home.status() == "available")
            assert transaction.stop_wh is not None
            assert transaction.start_wh is not None
            assert 1_000 <= transaction.start_wh < transaction.stop_wh <= wallbox.register_wh
            assert home.csms.complaints == []


async def test_a_plug_is_told_long_before_the_next_poll(tmp_path: Path) -> None:
    async with Peer() as peer, house(tmp_path, garage(peer, ", csms: null, tokens: {free: false}")) as home:
        await home.until(lambda: home.status() == "available")
        peer.change(0xC7, b"\x41")
        await home.until(lambda: home.status() == "preparing", 3.0)


async def test_a_rejected_set_is_a_rejected_command_before_any_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "VERIFY_S", (0.0, 0.1))
    async with Peer(on_set=draws) as peer, house(tmp_path, garage(peer, ", csms: null" + FREE)) as home:
        await home.until(lambda: home.status() == "available")
        peer.change(0xC7, b"\x41")
        await home.until(lambda: home.status() == "charging")
        done = await home.execute("set_limit", {"current": 12})
        assert done.outcome == "accepted"
        assert done.result["evses"][0]["proof"] == "confirmed"  # type: ignore[index]
        peer.on_set = lambda *_: False
        async with asyncio.timeout(1.9):
            refused = await home.execute("set_limit", {"current": 10})
        assert refused.outcome == "rejected"
        assert refused.code == "device"
        assert "rejected by the charger" in str(refused.text)
        assert refused.result["evses"][0]["proof"] == "rejected"  # type: ignore[index]
        peer.on_set = lambda *_: True
        ignored = await home.execute("set_limit", {"current": 8})
        assert ignored.code == "not_confirmed"
        assert ignored.result["evses"][0]["proof"] == "not_confirmed"  # type: ignore[index]


async def test_what_is_found_is_shown_and_taken_in_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Peer() as peer, house(tmp_path) as home:
        peer.announce()
        await home.until(lambda: home.found)
        (device,) = home.found
        assert device["address"] == peer.host
        assert device["vendor"] == "Kanagawa Institute of Technology"
        assert device["kind"] == "EV Charger"
        assert device["suggested_blueprint"] == "echonet/ev_charger"
        arguments = ["discover", "-c", str(home.path), "--wait", "0"]
        assert await asyncio.to_thread(main, arguments) == 0
        shown = capsys.readouterr().out
        assert device["key"] in shown
        assert "use_blueprint: {path: echonet/ev_charger" in shown
        assert await asyncio.to_thread(main, [*arguments, "--accept", device["key"], "--as", "garage"]) == 0
        assert "charger garage is taken in" in capsys.readouterr().out
        await home.until(lambda: home.status() == "available")
        await home.until(lambda: home.found[0]["charger"] == "garage")
        assert await asyncio.to_thread(main, [*arguments, "--accept", device["key"]]) == 1
        peer.move(address())
        peer.announce()
        peer.change(0xC7, b"\x41")
        await home.until(lambda: home.status() == "preparing" or home.status() == "charging", 30)


async def test_discover_auto_takes_in_chargers_and_nothing_else(tmp_path: Path) -> None:
    objects = {CHARGER: charger(), CHARGER + 1: charger(), 0x028801: {0x80: b"\x30"}}
    async with Peer(objects=objects) as peer, house(tmp_path, section=", discover: auto") as home:
        peer.announce()
        assert home.hub is not None
        await home.until(lambda: home.hub and len(home.hub.registry.all()) == 2)
        for runtime in home.hub.registry.all():
            await home.until(lambda name=runtime.id: home.status(name) == "available")  # type: ignore[misc]
        assert {item.epc for frame in peer.asked(Esv.SETC) for item in frame.properties} <= {0xDA}


async def test_a_changed_section_starts_the_protocol_anew(tmp_path: Path) -> None:
    async with Peer(number=660) as peer, house(tmp_path, garage(peer)) as home:
        assert home.hub is not None
        await home.until(lambda: home.status() == "available")
        text = home.path.read_text().replace(
            "]}\nchargers", "], node_id: '0102030405060708090a0b0c0d'}\nchargers"
        )
        home.path.write_text(text)
        told = await ask(home.path.parent / "state" / "control.sock", "reload")
        assert told["changed"] == []
        peer.heard.clear()
        await home.until(lambda: home.status() == "available" and peer.asked())
        assert uid(660).hex().upper() in str(home.found)


def test_discovery_without_a_hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evhub.yaml"
    file.write_text(f"hub: {{state_dir: .}}\nechonet_lite: {{interfaces: ['{interface()}']}}\n")
    assert main(["discover", "echonet", "-c", str(file), "--wait", "0.1"]) == 0
    assert "nothing was found" in capsys.readouterr().out
    assert main(["discover", "-c", str(file), "--wait", "0.1", "--json"]) == 0
    assert main(["discover", "-c", str(file), "--wait", "0.1", "--ignore", "x"]) == 1
