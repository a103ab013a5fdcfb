"""Keeps an uplink connected: connects, reads, and comes back after every loss with the pauses OCPP wants."""

import asyncio
import logging
import random
from dataclasses import replace

from hub.link.backoff import BackOff
from hub.link.websocket import Endpoint, LinkClosed, LinkRefused, WebSocketLink, connect
from hub.uplink.uplink import Uplink

log = logging.getLogger(__name__)

FLEET_JITTER_S = 2.0
"""Spreads the first connects of a hub with many chargers."""


class Connector:
    """`endpoint` as configured; what the CSMS has changed (password, pings) is taken from the variables."""

    def __init__(self, uplink: Uplink, endpoint: Endpoint, *, jitter_s: float = FLEET_JITTER_S) -> None:
        self._uplink = uplink
        self._endpoint = endpoint
        self._jitter = jitter_s
        self._enabled = asyncio.Event()
        self._enabled.set()
        self._told: str | None = None
        self._password_failed = False

    def enable(self, enabled: bool) -> None:
        """`cmd uplink {"enabled": false}` keeps the connection down."""
        if enabled:
            self._enabled.set()
        else:
            self._enabled.clear()
            self._uplink.reconnect.set()

    async def run(self) -> None:
        """Until cancelled; then the connection is closed with 1001."""
        await asyncio.sleep(random.uniform(0, self._jitter))  # noqa: S311 - spreads load
        backoff = self._backoff()
        while True:
            await self._enabled.wait()
            self._uplink.reconnect.clear()
            try:
                link = await connect(self._current())
            except LinkRefused as refusal:
                self._refused(refusal)
                await self._pause(backoff.next())
                continue
            self._told, self._password_failed = None, False
            log.info("%s: connected to the CSMS with %s", self._uplink.runtime.id, link.subprotocol)
            backoff = self._backoff()
            restarted = await self._serve(link)
            if not restarted:
                await self._pause(backoff.next())

    async def _serve(self, link: WebSocketLink) -> bool:
        """True when the hub itself wants the next connection at once."""
        uplink = self._uplink
        uplink.connected(link)
        reader = asyncio.create_task(self._read(link))
        asked = asyncio.create_task(uplink.reconnect.wait())
        try:
            await asyncio.wait((reader, asked), return_when=asyncio.FIRST_COMPLETED)
            return asked.done()
        finally:
            cancelled = not (reader.done() or asked.done())
            for task in (reader, asked):
                task.cancel()
            await asyncio.gather(reader, asked, return_exceptions=True)
            uplink.disconnected()
            await link.close(1001 if cancelled else 1000)

    async def _read(self, link: WebSocketLink) -> None:
        while True:
            try:
                text = await link.receive()
            except LinkClosed as closed:
                log.warning("%s: the CSMS is away: %s", self._uplink.runtime.id, closed)
                return
            self._uplink.received(text)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._uplink.reconnect.wait(), seconds)
        except TimeoutError:
            return

    def _current(self) -> Endpoint:
        variables = self._uplink.station.variables
        # A password that the CSMS has set; if it is refused the configured one is tried in turn (A01).
        password = variables.text("Password")
        if self._password_failed or not password:
            password = self._endpoint.password or ""
        ping = variables.int("WebSocketPingInterval")
        return replace(self._endpoint, password=password or None, ping_interval_s=float(ping) or None)

    def _refused(self, refusal: LinkRefused) -> None:
        if refusal.status == 401:
            self._password_failed = not self._password_failed
        words = f"{refusal.kind}: {refusal}"
        if words != self._told:
            self._told = words
            log.warning("%s: no connection to the CSMS (%s)", self._uplink.runtime.id, words)

    def _backoff(self) -> BackOff:
        variables = self._uplink.station.variables
        return BackOff(
            variables.int("RetryBackOffWaitMinimum"),
            variables.int("RetryBackOffRandomRange"),
            variables.int("RetryBackOffRepeatTimes"),
        )
