"""Sees through what is wanted of one EVSE: carries out the control's actions, one at a time."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from hub.charger.control import STRIKES, Wanted
from hub.charger.evse import Evse
from hub.clock import Clock
from hub.errors import DeviceError, DeviceOffline, HubError, Unsupported
from hub.integration.api import Device
from hub.model.entity import Scalar

log = logging.getLogger(__name__)


Promise = asyncio.Future[HubError | None]
"""None: confirmed."""


class Host(Protocol):
    """The runtime, as far as a driver needs it."""

    id: str
    available: bool

    @property
    def device(self) -> Device: ...

    def show(self, evse: int) -> None: ...

    def event(self, event_type: str, **details: object) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None: ...


class Driver:
    """`look` whenever something may have changed, and once a second."""

    def __init__(self, evse: Evse, clock: Clock, host: Host) -> None:
        self._evse, self._clock, self._host = evse, clock, host
        self._waiting: list[Promise] = []
        self._complained = False

    def look(self) -> None:
        evse, control = self._evse, self._evse.control
        offer = evse.offer()
        if self._host.available:
            action = control.next_action(offer, evse.enabled, evse.read_back, self._clock.now().mono)
            wanted = control.wanted(offer)
            if action is not None and wanted is not None:
                self._begin(action, wanted)
        if self._waiting and not control.pending(offer):
            self._settle(None)

    def promise(self) -> Promise:
        """Settled when the device has confirmed all that is wanted, or with the reason why it hasn't."""
        promise: Promise = asyncio.get_running_loop().create_future()
        if not self._evse.control.pending(self._evse.offer()):
            promise.set_result(None)
        elif not self._host.available:
            promise.set_result(DeviceOffline(f"charger {self._host.id} is offline"))
        else:
            self._waiting.append(promise)
        return promise

    def lost(self, reason: str) -> None:
        self._evse.control.forget()
        self._settle(DeviceOffline(f"charger {self._host.id} is offline: {reason}"))

    def _begin(self, action: str, wanted: Wanted) -> None:
        control, number = self._evse.control, self._evse.number
        control.begun(wanted)
        if control.strikes == STRIKES:
            log.warning("charger %s: evse %d doesn't keep to %s A", self._host.id, number, wanted.limit_a)
            self._host.event(
                "not_followed", evse=number, wanted=wanted.limit_a, read_back=self._evse.read_back
            )
        self._host.spawn(self._carry_out(action, wanted))

    async def _carry_out(self, action: str, wanted: Wanted) -> None:
        arguments: dict[str, Scalar] = {} if action == "pause" else {"limit": wanted.limit_a}
        error: HubError | None = DeviceError(f"{action} was broken off")
        try:
            await self._host.device.execute(action, self._evse.number, arguments)
            error = None
        except (DeviceError, Unsupported) as refusal:
            error = refusal
        finally:
            self._ended(action, wanted, error)

    def _ended(self, action: str, wanted: Wanted, error: HubError | None) -> None:
        control, now = self._evse.control, self._clock.now().mono
        if error is None:
            control.done(wanted, now)
            self._complained = False
        else:
            wait = control.failed(wanted, now, touched=not isinstance(error, Unsupported))
            level = logging.DEBUG if self._complained else logging.WARNING
            log.log(level, "charger %s: %s failed (%s); again in %.0f s", self._host.id, action, error, wait)
            self._complained = True
            if wanted == control.wanted(self._evse.offer()):  # else a newer wish is still to come
                self._settle(error)
        self._host.show(self._evse.number)
        self.look()

    def _settle(self, error: HubError | None) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(error)
