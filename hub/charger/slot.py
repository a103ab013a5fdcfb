"""Where a charger's device sits: it runs there, and another one may take its place while the charger charges."""

import asyncio

from hub.integration.api import Device, Sink, Traceable, Tracer


class Slot:
    """`tracer`: who wants to see the frames of the device's protocol."""

    def __init__(self, device: Device, tracer: Tracer | None) -> None:
        self.device = device
        self._tracer = tracer
        self._running: asyncio.Task[None] | None = None
        self._trace(device)

    async def run(self, sink: Sink) -> None:
        """A device that breaks is away: what it has said is no longer true. One that was swapped goes quietly."""
        device = None
        while device is not self.device:
            device = self.device
            running = self._running = asyncio.create_task(device.run(sink))
            try:
                await asyncio.wait([running])
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        sink.offline("its integration has stopped")
        running.result()

    def fits(self, device: Device) -> bool:
        """May `device` take over, with all that is known of this charger as it is?"""
        before = self.device
        return (device.evses, device.abilities, device.ratings) == (
            before.evses,
            before.abilities,
            before.ratings,
        )

    def swap(self, device: Device) -> None:
        self._trace(device)
        self.device = device
        if self._running is not None:
            self._running.cancel()

    def _trace(self, device: Device) -> None:
        if isinstance(device, Traceable):
            device.trace(self._tracer)
