"""Tariffs and costs: what the CSMS says of them goes to where a driver may look (I01 to I06).

There is no display here: the texts become the EVSE's state (`tariff`, `total_cost`) and events.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.effects import Annotate, Happened
from hub.ocpp.station.flow import Flow, Grant
from hub.ocpp.station.messages import Token, TransactionEvent

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


@dataclass(frozen=True, slots=True)
class Text:
    content: str
    language: str | None = None
    format: str = "UTF8"


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer of the CSMS says of money."""

    total: float | None = None
    text: Text | None = None


class Costs:
    def __init__(self, station: "Station") -> None:
        self._station = station
        self._texts: dict[str, Text] = {}
        """What the driver of a token is to read, until he is authorized."""
        self._shown: set[int] = set()

    # The CSMS says

    def authorized(self, token: Token, told: Told) -> None:
        """The answer to Authorize, before it is acted on."""
        self._texts.clear()  # of those who were refused, or went away
        if told.text is not None:
            self._texts[token.key] = told.text

    def answered(self, event: TransactionEvent, told: Told) -> None:
        """The answer to a transaction's event: its cost so far or in all, and a tariff that has changed."""
        flow = self._station.evses.flows[event.evse]
        if told.text is not None and event.event != "Ended":
            self._show_tariff(flow, told.text)
        if told.total is not None:
            self._show_cost(flow, event.transaction, told.total, final=event.event == "Ended")

    def updated(self, transaction: str, total: float) -> None:
        """CostUpdated (I02.FR.02/03)."""
        flow = self._station.evses.with_transaction(transaction)
        if flow is not None:
            self._show_cost(flow, transaction, total, final=False)

    # The station says

    def granted(self, flow: Flow, grant: Grant) -> None:
        """Somebody may charge: his tariff, or what is to be said where there is none (I04)."""
        text = self._texts.pop(grant.token.key, None) or self._fallback("TariffFallbackMessage")
        if text is not None or flow.evse in self._shown:
            self._station.emit(Annotate(flow.evse, {"tariff": None, "total_cost": None}))
            self._shown.discard(flow.evse)
        if text is not None:
            self._show_tariff(flow, text)

    def ended(self, flow: Flow, transaction: str, _now: Moment) -> None:
        """Nobody can tell now what it has cost in all (I05)."""
        text = self._fallback("TotalCostFallbackMessage")
        if text is None or self._station.boot.accepted or not self._enabled("Cost"):
            return
        details = {"evse": flow.evse, "transaction_id": transaction, "total_cost": None, "final": True}
        self._station.emit(Happened("cost", {**details, "text": text.content}))

    # Inside

    def _show_tariff(self, flow: Flow, text: Text) -> None:
        if not self._enabled("Tariff"):
            return
        self._shown.add(flow.evse)
        self._station.emit(Annotate(flow.evse, {"tariff": text.content}))
        said = {"text": text.content, "language": text.language, "format": text.format}
        self._station.emit(Happened("tariff", {"evse": flow.evse, **said}))

    def _show_cost(self, flow: Flow, transaction: str, total: float, *, final: bool) -> None:
        if not self._enabled("Cost"):
            return
        self._shown.add(flow.evse)
        self._station.emit(Annotate(flow.evse, {"total_cost": total}))
        currency = self._station.variables.text("Currency") or None
        said = {"transaction_id": transaction, "total_cost": total, "currency": currency, "final": final}
        self._station.emit(Happened("cost", {"evse": flow.evse, **said}))

    def _fallback(self, name: str) -> Text | None:
        content = self._station.variables.text(name)
        return Text(content) if content else None

    def _enabled(self, what: str) -> bool:
        return self._station.variables.bool(f"{what}Enabled")
