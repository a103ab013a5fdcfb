"""What Home Assistant's OCPP integration asks of a charger and makes of what it says, replayed on the same package.

Written from its behaviour (custom_components/ocpp of 2025), not from its code: the calls after a connection in their
order, the calls behind its entities, and how it reads measurands into sensors. `warnings` are what it would log or
notify about; `metrics` its sensors. The versions' words are in homeassistant16 and homeassistant201.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TAG = "HOMEASSISTANT1234567"
"""20 letters and digits, made anew at each start."""
PAUSE_S = 2
"""Between the connection and the first question."""
INTERVAL_S, IDLE_S = 60, 900
REGISTER = "Energy.Active.Import.Register"
LINES, TO_NEUTRAL = ("L1", "L2", "L3", "N"), ("L1-N", "L2-N", "L3-N")
KILO = {"Wh": "kWh", "W": "kW"}
Sample = tuple[str, float, str | None, str | None, str | None]
"""(measurand, value, phase, unit, context)"""


class Sensors:
    """What its entities show of one charger. A version's words are in the classes below."""

    metrics: dict[str, Any]
    units: dict[str, str | None]
    warnings: list[str]
    features: set[str]

    def __init__(self, name: str, link: ServerConnection) -> None:
        super().__init__(name, link, response_timeout=10)  # type: ignore[call-arg]
        self.metrics, self.units, self.warnings, self.features = {}, {}, [], set()
        self.boots = 0
        self.ready = False

    def accepted(self, what: str, status: str) -> bool:
        if status != "Accepted":
            self.warnings.append(f"{what}: {status}")
        return status == "Accepted"

    def set(self, name: str, value: Any, unit: str | None = None) -> None:
        self.metrics[name] = value
        self.units[name] = unit

    def measured(self, samples: list[Sample]) -> None:
        phased: dict[str, dict[str, float]] = {}
        for measurand, value, phase, unit, _ in samples:
            unit = unit or ("Wh" if measurand == REGISTER else None)
            if phase is not None:
                phased.setdefault(measurand, {})[phase] = value
                self.units[measurand] = unit
                continue
            value, unit = (value / 1000, KILO[unit]) if unit in KILO else (value, unit)
            self.set(measurand, value, unit)
            started = self.metrics.get("meter_start")
            if measurand == REGISTER and started is not None and self.units["meter_start"] == unit:
                self.set("session_energy", round(value - started, 3), unit)
        for measurand, values in phased.items():
            self._phases(measurand, values)

    def _phases(self, measurand: str, values: Mapping[str, float]) -> None:
        """Voltages are averaged, everything else is added up."""
        known = [values[phase] for phase in (*LINES, *TO_NEUTRAL) if phase in values]
        if not known:
            return
        unit = self.units[measurand]
        total = sum(known)
        if measurand == "Voltage":
            total /= max(1, sum(value != 0 for value in known))
        self.set(measurand, *((total / 1000, KILO[unit]) if unit in KILO else (total, unit)))


class HomeAssistant:
    """Its central system; `points` come up as chargers dial in. Takes the place of a world's CSMS."""

    def __init__(self, kind: type[Sensors], version: str) -> None:
        self._kind, self._version = kind, version
        self.points: dict[str, Any] = {}
        self._server: Server | None = None

    async def start(self) -> int:
        self._server = await serve(
            self._connected,
            "127.0.0.1",
            0,
            subprotocols=[self._version],
            ping_interval=None,  # type: ignore[list-item]
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _connected(self, link: ServerConnection) -> None:
        assert link.request is not None
        name = link.request.path.strip("/").rpartition("/")[2]
        point = self.points.get(name)
        setup = None
        if point is None:
            point = self.points[name] = self._kind(name, link)
            setup = asyncio.create_task(point.post_connect())
        point._connection = link  # as it does after a loss
        with contextlib.suppress(ConnectionClosed):
            await point.start()
        if setup is not None:
            setup.cancel()
            (outcome,) = await asyncio.gather(setup, return_exceptions=True)
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                point.warnings.append(repr(outcome))
