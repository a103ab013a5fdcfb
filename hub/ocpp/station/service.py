"""What a charger is told of whom it may serve, where its blueprint has a word for it: for its own display and lock.

Theory: nobody charges here without the hub, so that this guards nothing; a driver sees at the charger what the CSMS
wants. Only a change is told. Where the charger couldn't be told, it is with the next change of anything here.
"""

from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.ocpp.station.effects import Act
from hub.ocpp.station.flow import Flow

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

AVAILABLE, UNAVAILABLE, RESERVE = "available", "unavailable", "reserve"


def tell(station: "Station", flow: Flow, status: Status) -> None:
    wanted = _wanted(station, flow, status)
    actions = station.setup.abilities.actions
    if wanted not in actions:
        wanted = AVAILABLE
    if wanted == flow.service_told or wanted not in actions:
        return
    flow.service_told = wanted
    token = station.reservations.token_at(flow.evse) if wanted == RESERVE else None
    arguments = {} if token is None else {"id_tag": token}
    station.emit(Act(f"service:{flow.evse}", flow.evse, wanted, arguments))


def called_back(flow: Flow) -> None:
    """The CSMS wants it in service: a charger that says it is not may have been told so by a hub before this one."""
    if flow.status is Status.UNAVAILABLE:
        flow.service_told = None


def failed(flow: Flow) -> None:
    flow.service_told = None


def _wanted(station: "Station", flow: Flow, status: Status) -> str:
    if flow.transaction is None and station.availability.inoperative(flow.evse):
        return UNAVAILABLE
    kept = status is Status.RESERVED and station.reservations.shuts(flow.evse)
    return RESERVE if kept else AVAILABLE
