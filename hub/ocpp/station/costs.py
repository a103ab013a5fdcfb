"""Tariffs and costs: what the CSMS says of them goes to where a driver may look (I01 to I06).

There is no display here: the texts become the EVSE's state (`tariff`, `total_cost`) and events.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.moment import Moment
from hub.ocpp.station.effects import Annotate, Happened
from hub.ocpp.station.flow import Flow, Grant
from hub.ocpp.station.messages import Token, TransactionEvent

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station


MOST_TEXTS = 100
"""Of drivers who may come: a CSMS that prices everybody fills no memory."""


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
        self._texts: dict[str, list[Text]] = {}
        """What the driver of a token is to read, until he is authorized: the text, and the same in languages."""
        self._shown: set[int] = set()
        self._closed: dict[int, tuple[str, int]] = {}
        """EVSE -> the last transaction that has ended there: our id, and 1.6's number."""

    # The CSMS says

    def authorized(self, token: Token, told: Told) -> None:
        """The answer to Authorize, before it is acted on."""
        self._texts.clear()  # of those who were refused, or went away
        if told.text is not None:
            self._texts[token.key] = [told.text]

    def priced(self, token: Token, texts: Sequence[Text]) -> None:
        """A token's price (1.6): shown where it charges, or as soon as it does. The first text is for everybody."""
        flows = self._station.evses.flows.values()
        flow = next((flow for flow in flows if flow.grant and flow.grant.token.key == token.key), None)
        if flow is not None:
            self._show_tariff(flow, texts)
        elif token.key in self._texts or len(self._texts) < MOST_TEXTS:
            self._texts[token.key] = list(texts)

    def answered(self, event: TransactionEvent, told: Told) -> None:
        """The answer to a transaction's event: its cost so far or in all, and a tariff that has changed."""
        flow = self._station.evses.flows.get(event.evse)
        if flow is None:
            return  # the charger has fewer EVSEs since
        if told.text is not None and event.event != "Ended":
            self._show_tariff(flow, [told.text])
        if told.total is not None:
            self._show_cost(flow, event.transaction, told.total, final=event.event == "Ended")

    def updated(self, transaction: str, total: float) -> None:
        """CostUpdated (I02.FR.02/03)."""
        flow = self._station.evses.with_transaction(transaction)
        if flow is not None:
            self._show_cost(flow, transaction, total, final=False)

    def final(self, number: int, total: float, texts: Sequence[Text], qr_code: str | None) -> bool:
        """The whole cost of a transaction of 1.6, that runs or ran last. False: there is none of this number."""
        known = {evse: ours for evse, (ours, theirs) in self._closed.items() if theirs == number}
        running = self._station.evses.with_transaction(self._station.control.transaction_of(number) or "")
        if running is not None and running.transaction is not None:
            known = {running.evse: running.transaction.id}
        for evse, transaction in known.items():
            more: dict[str, object] = {"texts": [_told(text) for text in texts], "qr_code": qr_code}
            said = {name: value for name, value in more.items() if value}
            self._show_cost(self._station.evses.flows[evse], transaction, total, final=True, **said)
        return bool(known)

    # The station says

    def closed(self, evse: int, transaction: str, number: int) -> None:
        """1.6's CSMS has taken the end of it: what it costs may come yet."""
        self._closed[evse] = (transaction, number)

    def granted(self, flow: Flow, grant: Grant) -> None:
        """Somebody may charge: his tariff, or what is to be said where there is none (I04)."""
        fallback = self._fallback("TariffFallbackMessage")
        texts = self._texts.pop(grant.token.key, None) or ([fallback] if fallback else [])
        if texts or flow.evse in self._shown:
            self._station.emit(Annotate(flow.evse, {"tariff": None, "total_cost": None}))
            self._shown.discard(flow.evse)
        if texts:
            self._show_tariff(flow, texts)

    def ended(self, flow: Flow, transaction: str, _now: Moment) -> None:
        """Away from the CSMS nobody can tell what it has cost in all (I05)."""
        if not self._station.boot.accepted:
            self._unknown(flow.evse, transaction)

    def cut_off(self, unsaid: Iterable[TransactionEvent]) -> None:
        """The CSMS went before it had answered to these."""
        for event in unsaid:
            if event.event == "Ended":
                self._unknown(event.evse, event.transaction)

    # Inside

    def _unknown(self, evse: int, transaction: str) -> None:
        text = self._fallback("TotalCostFallbackMessage")
        if text is None or not self._enabled("Cost"):
            return
        details = {"evse": evse, "transaction_id": transaction, "total_cost": None, "final": True}
        self._station.emit(Happened("cost", {**details, "text": text.content}))

    def _show_tariff(self, flow: Flow, texts: Sequence[Text]) -> None:
        if not self._enabled("Tariff"):
            return
        self._shown.add(flow.evse)
        self._station.emit(Annotate(flow.evse, {"tariff": texts[0].content}))
        more = {"translations": [_told(text) for text in texts[1:]]} if len(texts) > 1 else {}
        self._station.emit(Happened("tariff", {"evse": flow.evse, **_told(texts[0]), **more}))

    def _show_cost(self, flow: Flow, transaction: str, total: float, *, final: bool, **more: object) -> None:
        if not self._enabled("Cost"):
            return
        self._shown.add(flow.evse)
        self._station.emit(Annotate(flow.evse, {"total_cost": total}))
        currency = self._station.variables.text("Currency") or None
        said = {"transaction_id": transaction, "total_cost": total, "currency": currency, "final": final}
        self._station.emit(Happened("cost", {"evse": flow.evse, **said, **more}))

    def _fallback(self, name: str) -> Text | None:
        content = self._station.variables.text(name)
        return Text(content) if content else None

    def _enabled(self, what: str) -> bool:
        return self._station.variables.bool(f"{what}Enabled")


def _told(text: Text) -> dict[str, object]:
    return {"text": text.content, "language": text.language, "format": text.format}
