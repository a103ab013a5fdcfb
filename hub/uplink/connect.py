"""Keeps an uplink connected: connects, reads, and comes back after every loss with the pauses OCPP wants."""

import asyncio
import logging
import random
from dataclasses import replace

from hub.link.backoff import BackOff
from hub.link.websocket import Endpoint, LinkClosed, LinkRefused, WebSocketLink, connect
from hub.model.moment import Moment
from hub.ocpp.station.network import Attempt
from hub.ocpp.station.station import Station
from hub.uplink.keyfiles import KeyFiles
from hub.uplink.uplink import Uplink

log = logging.getLogger(__name__)

FLEET_JITTER_S = 2.0
"""Spreads the first connects of a hub with many chargers."""
LASTING_S = 60.0
"""A connection that has lasted so long was one, also where nobody had anything to say."""


class Connector:
    """`endpoint` as configured; where the station wants to connect, and with what, goes before it."""

    def __init__(
        self,
        uplink: Uplink,
        endpoint: Endpoint,
        *,
        keys: KeyFiles | None = None,
        jitter_s: float = FLEET_JITTER_S,
    ) -> None:
        self._uplink = uplink
        self._endpoint = endpoint
        self._keys = keys
        self._jitter = jitter_s
        self._enabled = asyncio.Event()
        self._enabled.set()
        self._told: str | None = None
        self._heard = False
        """Has the CSMS said anything on this connection?"""

    def enable(self, enabled: bool) -> None:
        """`cmd uplink {"enabled": false}` keeps the connection down."""
        if enabled:
            self._enabled.set()
        else:
            self._enabled.clear()
            self._uplink.tell(lambda station, _now: station.boot.switched_off())
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
                if self._refused(refusal):
                    backoff = self._backoff()
                else:
                    await self._pause(backoff.next())
                continue
            self._told = None
            self._uplink.tell(_succeeded)
            log.info("%s: connected to the CSMS with %s", self._uplink.runtime.id, link.subprotocol)
            since = asyncio.get_running_loop().time()
            restarted = await self._serve(link)
            lasted = asyncio.get_running_loop().time() - since >= LASTING_S
            if (
                self._heard or lasted
            ):  # whoever only takes connections, and closes them, is no CSMS that works
                backoff = self._backoff()
            if not restarted:
                await self._pause(backoff.next())

    async def _serve(self, link: WebSocketLink) -> bool:
        """True when the hub itself wants the next connection at once."""
        uplink, self._heard = self._uplink, False
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
            self._heard = True
            self._uplink.received(text)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._uplink.reconnect.wait(), seconds)
        except TimeoutError:
            return

    def _current(self) -> Endpoint:
        """Raises LinkRefused."""
        attempt: Attempt = self._uplink.tell(lambda station, now: station.upkeep.network.attempt(now))
        ping = self._uplink.station.variables.int("WebSocketPingInterval")
        endpoint = replace(
            self._endpoint,
            url=attempt.url,
            subprotocols=attempt.subprotocols or self._endpoint.subprotocols,
            password=attempt.password or self._endpoint.password,
            roots=attempt.roots,
            ping_interval_s=float(ping) or None,
        )
        if attempt.security_profile != 3:
            return endpoint
        if attempt.own is None or self._keys is None:
            return replace(endpoint, password=None)
        try:
            certificate, key = self._keys.pair(attempt.own)
        except OSError as error:
            raise LinkRefused("tls", f"the station's own certificate: {error}") from error
        return replace(endpoint, password=None, cert=certificate, key=key)

    def _refused(self, refusal: LinkRefused) -> bool:
        """True: the next try need not wait."""
        reason = "unauthorized" if refusal.status == 401 else refusal.why
        words = f"{refusal.kind}: {refusal}"
        back: bool = self._uplink.tell(lambda station, now: station.upkeep.network.failed(reason, words, now))
        if words != self._told:
            self._told = words
            log.warning("%s: no connection to the CSMS (%s)", self._uplink.runtime.id, words)
        return back

    def _backoff(self) -> BackOff:
        variables = self._uplink.station.variables
        return BackOff(
            variables.int("RetryBackOffWaitMinimum"),
            variables.int("RetryBackOffRandomRange"),
            variables.int("RetryBackOffRepeatTimes"),
        )


def _succeeded(station: Station, now: Moment) -> None:
    station.upkeep.security.connected()
    station.upkeep.network.succeeded(now)
