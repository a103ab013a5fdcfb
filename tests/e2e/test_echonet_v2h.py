"""A V2H device from the plug to the CSMS: charging by power, discharging, a restart that forgets its limit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.simulate.ev import Car
from integrations.echonet_lite.simulated import DISCHARGER, ChargerObject, Traits
from integrations.echonet_lite.simulation import Faults
from integrations.echonet_lite.simulator import Simulator, site
from tests.e2e.test_echonet import FREE, House, house
from tests.integrations.echonet_lite.peer import address

NIGHT = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 2400.0, "numberPhases": 1}],
        }
    ],
}


@asynccontextmanager
async def v2h(folder: Path, traits: Traits) -> AsyncIterator[tuple[House, Simulator, ChargerObject]]:
    simulator = site(address(), 1, traits=traits, faults=Faults(), speed=60)
    simulator.open()
    running = asyncio.create_task(simulator.run())
    blueprint = f"{{path: echonet/ev_charger_discharger, input: {{host: {simulator.host}}}}}"
    try:
        async with house(folder, f"garage: {{use_blueprint: {blueprint}{FREE}}}") as home:
            await home.until(lambda: home.status() == "available" and home.csms.stations)
            yield home, simulator, next(iter(simulator.node.objects.values()))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        simulator.close()


def state(home: House) -> Any:
    assert home.hub is not None
    runtime = home.hub.registry.get("garage")
    assert runtime is not None
    return runtime.state(1)


async def test_a_car_charges_by_power_and_discharges_and_the_csms_sees_what_ocpp_can_say(
    tmp_path: Path,
) -> None:
    async with v2h(tmp_path, Traits(class_code=DISCHARGER)) as (home, simulator, charger):
        charger.plug(Car(needs_wh=20_000, phases=1, max_current=30))
        simulator.tell()
        await home.until(lambda: home.status() == "charging" and home.csms.transactions)
        (transaction,) = home.csms.transactions.values()
        asked = {"evseId": 1, "chargingProfile": NIGHT}
        assert (await home.csms.call("garage", "SetChargingProfile", asked))["status"] == "Accepted"
        await home.until(lambda: charger.values[0xEB] == (2400).to_bytes(4, "big"))
        assert (0xDC, b"\x03") in charger.written
        await home.until(lambda: state(home)["power"] == 2400)
        charger.write(0xDA, b"\x43")
        simulator.tell()
        await home.until(lambda: home.status() == "suspended_evse")
        await home.until(lambda: (state(home).get("energy_export") or 0) > 0)
        assert state(home)["power"] == -3000
        assert not transaction.ended
        charger.unplug()
        simulator.tell()
        await home.until(lambda: transaction.ended)
        assert home.csms.complaints == []


async def test_a_device_that_forgot_its_limit_is_told_again(tmp_path: Path) -> None:
    async with v2h(tmp_path, Traits(class_code=DISCHARGER)) as (home, simulator, charger):
        charger.plug(Car(needs_wh=30_000, phases=1, max_current=30))
        simulator.tell()
        await home.until(lambda: home.status() == "charging")
        assert (await home.execute("set_limit", {"current": 10})).outcome == "accepted"
        assert charger.values[0xEB] == (2000).to_bytes(4, "big")
        charger.write(0xEB, (6000).to_bytes(4, "big"))
        simulator.node.start(asyncio.get_running_loop().time())
        simulator.tell()
        await home.until(lambda: charger.values[0xEB] == (2000).to_bytes(4, "big"), 45.0)
