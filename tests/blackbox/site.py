"""A site: a charger, a hub, a wire, a CSMS. Tests drive both ends of it and know nothing of the middle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.blackbox.box import Box
from tests.blackbox.csms import Csms, Payload
from tests.blackbox.hub import Hub
from tests.blackbox.proxy import Proxy

CARD, OTHER = "04A2B3C4", "0011223344AABB"
QUICK16 = {
    "MeterValueSampleInterval": 0,
    "ClockAlignedDataInterval": 0,
    "ConnectionTimeOut": 20,
    "RetryBackOffWaitMinimum": 1,
    "RetryBackOffRandomRange": 1,
}
QUICK201 = {
    "SampledDataCtrlr.TxUpdatedInterval": 0,
    "AlignedDataCtrlr.Interval": 0,
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": 1,
    "OCPPCommCtrlr.RetryBackOffRandomRange": 1,
}


@dataclass(slots=True)
class Site:
    box: Box
    csms: Csms
    hub: Hub
    wire: Proxy
    version: str

    @property
    def newer(self) -> bool:
        return self.version == "ocpp2.0.1"

    async def boot(self) -> Payload:
        """The station comes, tells of both connectors, and is at ease."""
        said = await self.csms.expect("BootNotification", within=25)
        for evse in (1, 2):
            await self.status("Available", evse)
        return said

    async def status(self, status: str, evse: int = 1, within: float = 10, **more: Any) -> Payload:
        """The words are those of 1.6; 2.0.1 has one for all that stands in between."""
        if self.newer:
            between = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing")
            word = "Occupied" if status in between else status
            return await self.csms.expect(
                "StatusNotification", within, connectorStatus=word, evseId=evse, connectorId=1, **more
            )
        return await self.csms.expect("StatusNotification", within, status=status, connectorId=evse, **more)

    async def swipe(self, card: str = CARD, evse: int = 1) -> None:
        """A reader shows a card for a while: the next one is seen when it has gone."""
        if self.box[evse].card:
            await self.until(lambda: not self.box[evse].card, says="a free reader")
            await asyncio.sleep(0.6)
        self.box[evse].swipe(card)

    def calm(self) -> None:
        """What a transaction tells in between isn't looked at."""
        self.csms.aside |= {"TransactionEvent:Updated", "MeterValues"}

    async def authorized(self, card: str = CARD) -> Payload:
        asked: Payload = {"idToken": {"idToken": card}} if self.newer else {"idTag": card}
        return await self.csms.expect("Authorize", **asked)

    async def started(self, evse: int = 1, within: float = 10, **more: Any) -> Payload:
        if self.newer:
            return await self.csms.expect(
                "TransactionEvent", within, eventType="Started", evse={"id": evse, "connectorId": 1}, **more
            )
        return await self.csms.expect("StartTransaction", within, connectorId=evse, **more)

    async def ended(self, reason: str = "Local", within: float = 10, **more: Any) -> Payload:
        if self.newer:
            given = more.pop("transactionInfo", {})
            info = given | {"stoppedReason": lambda found: found in (reason, None)}
            if reason == "Local":
                info = given
            said = await self.csms.expect(
                "TransactionEvent", within, eventType="Ended", transactionInfo=info, **more
            )
        else:
            said = await self.csms.expect("StopTransaction", within, **more)
        found = (
            said["transactionInfo"].get("stoppedReason", "Local")
            if self.newer
            else said.get("reason", "Local")
        )
        assert found == reason, said
        return said

    async def charge(self, evse: int = 1, card: str = CARD, *, asks: bool = True) -> Payload:
        """A car comes, its driver shows his card, and it charges."""
        self.box[evse].plug()
        await self.status("Preparing", evse)
        await self.swipe(card, evse)
        if asks:
            await self.authorized(card)
        said = await self.started(evse)
        if self.newer:
            await self.csms.expect("TransactionEvent", transactionInfo={"chargingState": "Charging"})
        else:
            await self.status("Charging", evse)
        await self.until(lambda: self.box[evse].current_a > 0, says="charging")
        return said

    async def killed(self) -> None:
        """The hub is gone, and what came before is of no interest any more."""
        await self.hub.kill()
        await self.csms.gone()
        self.csms.forget()

    async def begins_unanswered(self) -> tuple[str, Payload]:
        """A transaction whose begin the CSMS leaves without an answer: (the message, its payload)."""
        action = "TransactionEvent" if self.newer else "StartTransaction"
        self.csms.answers[action] = None
        self.box[1].plug()
        await self.status("Preparing")
        self.box[1].swipe(CARD)
        await self.authorized()
        return action, await self.started()

    def of_the_fleet(self) -> Payload:
        """What a CSMS says of a card that belongs to a group."""
        group: Payload = {"groupIdToken": {"idToken": "FLEET", "type": "Central"}}
        told = group if self.newer else {"parentIdTag": "FLEET"}
        return {"idTokenInfo" if self.newer else "idTagInfo": {"status": "Accepted"} | told}

    async def until(self, true: Callable[[], Any], within: float = 10, says: str = "it") -> None:
        """Something at the charger comes true."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not true():
                    await asyncio.sleep(0.05)
                return
        raise AssertionError(f"{says} didn't come true within {within} s")

    async def set(self, name: str, value: object) -> str:
        """A key of 1.6, or `Component.Variable` of 2.0.1; gives the status."""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not self.newer:
            return str((await self.csms.call("ChangeConfiguration", key=name, value=text))["status"])
        component, variable = name.split(".")
        answer = await self.csms.call(
            "SetVariables",
            setVariableData=[
                {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": text}
            ],
        )
        return str(answer["setVariableResult"][0]["attributeStatus"])

    async def get(self, name: str) -> str | None:
        if not self.newer:
            answer = await self.csms.call("GetConfiguration", key=[name])
            return answer["configurationKey"][0].get("value") if answer.get("configurationKey") else None
        component, variable = name.split(".")
        asked = [{"component": {"name": component}, "variable": {"name": variable}}]
        found = (await self.csms.call("GetVariables", getVariableData=asked))["getVariableResult"][0]
        value: str | None = found.get("attributeValue")
        return value


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    version: str,
    *,
    defaults: dict[str, object] | None = None,
    csms: dict[str, Any] | None = None,
    station: Csms | None = None,
    speed: float = 60.0,
    start: bool = True,
    **charger: Any,
) -> AsyncIterator[Site]:
    """Everything there is. At the end nothing may have been said that nobody expected."""
    quick = dict(QUICK201 if version == "ocpp2.0.1" else QUICK16) | (defaults or {})
    server = station or Csms((version,))
    async with Box(speed) as box, server, Proxy(server.port) as wire:
        scheme = "wss" if server.tls else "ws"
        hub = Hub(
            folder,
            {
                "csms": {
                    "url": f"{scheme}://127.0.0.1:{wire.port}/ocpp",
                    "versions": [version],
                    "defaults": quick,
                }
                | (csms or {}),
                "chargers": {
                    "twin": {
                        "use_blueprint": {
                            "path": "acme/twin",
                            "input": {"host": "127.0.0.1", "port": box.port},
                        },
                        "tokens": {"free": False},
                    }
                    | charger
                },
            },
        )
        try:
            if start:
                await hub.start()
            yield Site(box, server, hub, wire, version)
        finally:
            await hub.stop()
        server.at_the_end()
