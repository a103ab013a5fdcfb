"""Bender's controllers switch phases over SEMP, on a port beside Modbus, and only while a manager is heard."""

import asyncio
import logging
from collections.abc import Mapping

from hub.blueprint.mapping import BlueprintMapping
from hub.errors import DeviceOffline, DeviceRefused, Unsupported
from hub.model.entity import Scalar
from integrations.modbus.quirks.base import Give, Quirk
from integrations.modbus.quirks.http import exchange
from integrations.modbus.quirks.semp import (
    FREE_W,
    ONE_PHASE_W,
    PATH,
    THREE_PHASES_W,
    SempDevice,
    control,
    devices,
)
from integrations.modbus.registers import Registers

log = logging.getLogger(__name__)
HEARD_EVERY_S = 50.0
"""Once a minute at least."""
POWERS = {1: ONE_PHASE_W, 3: THREE_PHASES_W}


class BenderSemp(Quirk):
    """Carries out `set_phases`, and gives `semp_phases`, what was set last. Where the input `phase_switching` is
    off, nothing is ever asked over HTTP."""

    def __init__(self, mapping: BlueprintMapping, registers: Registers, give: Give) -> None:
        super().__init__(mapping, registers, give)
        self._host = str(mapping.link["host"])
        self._port = int(mapping.inputs.get("input.semp_port", 8888))
        self._wanted = bool(mapping.inputs.get("input.phase_switching", False))
        self._device: SempDevice | None = None
        self._sent_at = float("-inf")

    @property
    def without(self) -> frozenset[str]:
        return frozenset() if self._wanted else frozenset({"set_phases"})

    async def run(self) -> None:
        while self._wanted:
            await asyncio.sleep(HEARD_EVERY_S / 10)
            if self._device is not None and self._now() - self._sent_at >= HEARD_EVERY_S:
                await self._stay()

    async def came(self) -> None:
        if not self._wanted:
            return
        try:
            found = [
                one for one in devices(await exchange(self._host, self._port, PATH)) if one.switches_phases
            ]
            self._device = found[0] if found else None
            if self._device is not None:
                await self._send(FREE_W)
        except (DeviceOffline, DeviceRefused) as error:
            # Everything else of the charger works without it.
            self._device = None
            log.warning("no phase switching at %s: %s", self._host, error)

    async def act(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> bool:
        if action != "set_phases":
            return False
        phases = arguments.get("phases")
        if self._device is None or evse != 1:
            raise Unsupported(f"{self.mapping.name} at {self._host} doesn't switch phases over SEMP")
        power_w = POWERS.get(phases) if isinstance(phases, int) else None
        if power_w is None:
            raise DeviceRefused(f"{phases!r} phases are none of 1 and 3")
        await self._send(power_w)
        self.give(1, "semp_phases", phases)
        return True

    async def _stay(self) -> None:
        try:
            await self._send(FREE_W)
        except (DeviceOffline, DeviceRefused) as error:
            log.warning("SEMP at %s: %s", self._host, error)

    async def _send(self, power_w: int) -> None:
        assert self._device is not None
        # SEMP doesn't say where its timestamps begin.
        now = self._now()
        self._sent_at = now
        await exchange(self._host, self._port, PATH, control(self._device.device_id, power_w, int(now)))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
