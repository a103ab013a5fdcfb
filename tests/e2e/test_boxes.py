"""Chargers that know nothing of our blueprints, through a day of theirs: what they are told, and what the CSMS sees."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.config.load import load_config
from hub.simulate.csms import Csms, Settings
from tests.e2e.boxes import Abl, Alfen, Box, Keba
from tests.e2e.test_makers import LIMIT, START

KINDS: dict[str, tuple[type[Box], str]] = {
    "keba": (Keba, "keba/p30"),
    "abl": (Abl, "abl/emh1"),
    "alfen": (Alfen, "alfen/eve"),
}
VERSION = "ocpp1.6"
PATIENCE_S = 40.0


class Day:
    def __init__(self, box: Box, csms: Csms, charger: str) -> None:
        self.box, self._csms, self._charger = box, csms, charger

    @property
    def statuses(self) -> list[str]:
        told = [message for station, action, message in self._csms.messages if action == "StatusNotification"]
        return [message["status"] for message in told if message["connectorId"] == 1]

    async def until(self, status: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.statuses[-1:] != [status]:
                await asyncio.sleep(0.05)

    async def limit(self, amperes: float) -> None:
        profile: dict[str, Any] = {**LIMIT[VERSION]["csChargingProfiles"]}
        period = {"startPeriod": 0, "limit": amperes}
        profile["chargingSchedule"] = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        told = {"connectorId": 1, "csChargingProfiles": profile}
        answer = await self._csms.call(self._charger, "SetChargingProfile", told)
        assert answer["status"] == "Accepted"

    async def start(self) -> None:
        assert (await self._csms.call(self._charger, *START[VERSION]))["status"] == "Accepted"


@pytest.mark.parametrize("name", KINDS)
async def test_a_day_of_a_charger_that_knows_nothing_of_its_blueprint(tmp_path: Path, name: str) -> None:
    kind, path = KINDS[name]
    box, csms = kind(), Csms(Settings())
    url = f"ws://127.0.0.1:{await csms.start()}/ocpp"
    port = await box.served.listen("127.0.0.1", 0)
    where = (
        f"serial: 'ascii+tcp://127.0.0.1:{port}'"
        if box.framer == "ascii"
        else f"host: 127.0.0.1, port: {port}"
    )
    config = tmp_path / "evhub.yaml"
    config.write_text(f"""
hub: {{state_dir: state}}
mqtt: {{listen: '127.0.0.1:0'}}
csms: {{url: '{url}', versions: [{VERSION}]}}
chargers: {{{name}: {{use_blueprint: {{path: {path}, input: {{{where}}}}}}}}}
""")
    hub = Hub(load_config(config), jitter_s=0.0, logs=False)
    await hub.start()
    try:
        await _through(Day(box, csms, name))
    finally:
        await hub.stop()
        await box.served.close()
        await csms.close()
    assert box.mistakes == []
    assert getattr(box, "lapses", 0) == 0


async def _through(day: Day) -> None:
    box = day.box
    await day.until("Available")
    box.plugged = True
    await day.until("Preparing")
    assert box.amperes == 0, "nobody may charge yet"
    await day.start()
    await day.until("Charging")
    await day.limit(8.0)
    await asyncio.sleep(62)  # Longer than any time-out of theirs.
    assert box.amperes == pytest.approx(8.0, abs=0.1)
    await day.limit(0.0)
    await day.until("SuspendedEVSE")
    await day.limit(12.0)
    await day.until("Charging")
    box.fault = True
    await day.until("Faulted")
    box.fault = False
    await day.until("Charging")
    assert box.amperes == pytest.approx(12.0, abs=0.1)
    box.plugged = False
    await day.until("Available")
    await asyncio.sleep(3)
    box.plugged = True
    await day.until("Preparing")
    assert box.amperes == 0
