"""EM2GO's firmware is told apart by what it makes of 6.1 A: newer firmware keeps the tenth, older cuts it off."""

import logging

from hub.errors import DeviceOffline, DeviceRefused
from integrations.modbus.codec import encode
from integrations.modbus.frame import ModbusException, write_request
from integrations.modbus.links import WRITE
from integrations.modbus.quirks.base import Quirk
from integrations.modbus.spans import Span

log = logging.getLogger(__name__)
PROBE_A, COARSE_A = 6.1, 6.0


class Em2goProbe(Quirk):
    """Gives `fine_steps`: does the charger take tenths of an ampere? What stood there before stands there again."""

    async def came(self) -> None:
        point = self.mapping.points["current_limit"]
        item = self.registers.place(point, 1)
        try:
            before = await self.registers.read_span(item)
            await self._write(item, encode(point.keys, point.conversion.raw(PROBE_A)))
            try:
                seen = point.conversion.value(item.decode(await self.registers.read_span(item)))
            finally:
                await self._write(item, before)
        except ModbusException as refusal:
            raise DeviceRefused(f"{point.name}: {refusal}") from refusal
        if seen not in (PROBE_A, COARSE_A):
            raise DeviceRefused(f"{point.name} is {seen!r} after {PROBE_A} was written")
        log.info("EM2GO at %s takes %s", self.mapping.link.get("host"), "0.1 A" if seen == PROBE_A else "1 A")
        self.give(1, "fine_steps", seen == PROBE_A)

    async def _write(self, item: Span, words: list[int]) -> None:
        request = write_request(item.unit, item.table, item.address, words, item.point.keys.get("write"))
        try:
            await self.registers.links[item.port].ask(request, WRITE, manner=self.registers.manner)
        except DeviceOffline:
            # The answer may be lost and the write done: the read that follows tells.
            log.debug("no answer to writing %s", item.element)
