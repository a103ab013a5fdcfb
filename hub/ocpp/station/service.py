"""What a charger is told of whom it may serve, where its blueprint has a word for it: for its own display, lock and
authorization.

Theory: nobody charges here without the hub, so that this guards nothing; a driver sees at the charger what the CSMS
wants, and a charger that waits for a card of its own gets his. Only a change is told. Where the charger couldn't be
told, it is with the next change of anything here.
"""

from typing import TYPE_CHECKING

from hub.model.charger import Status
from hub.model.moment import Moment
from hub.ocpp.station.effects import Act
from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import Token

if TYPE_CHECKING:
    from hub.ocpp.station.station import Station

AVAILABLE, UNAVAILABLE, RESERVE = "available", "unavailable", "reserve"
AUTHORIZE = "authorize"
SERVICE, ADMIT = "service", "admit"
"""As what the device's answer comes back, with the EVSE."""
AGAIN_S = 10.0
"""So long a charger that hasn't taken a card is left alone."""
ECHO_S = 30.0
"""So long a reader may show the card that its charger was given."""


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
    station.emit(Act(f"{SERVICE}:{flow.evse}", flow.evse, wanted, arguments))


def admit(station: "Station", flow: Flow, now: Moment) -> None:
    """Each driver who may charge, once his cable is in."""
    grant = flow.grant if flow.permitted and flow.plugged else None
    if grant is None:
        flow.admitted = None
        flow.admit_after = 0.0
    elif AUTHORIZE not in station.setup.abilities.actions or now.mono < flow.admit_after:
        return
    elif not _admitted(flow, grant.token):
        flow.admitted = grant.token.key, now.mono
        station.emit(Act(f"{ADMIT}:{flow.evse}", flow.evse, AUTHORIZE, {"id_tag": grant.token.text}))


def echoed(station: "Station", flow: Flow, token: Token, now: Moment) -> bool:
    """Is it the card that the charger was given, as its reader shows it?"""
    if flow.admitted is None or "rfid" not in station.setup.abilities.readings:
        return False
    return _admitted(flow, token) and now.mono - flow.admitted[1] < ECHO_S


def _admitted(flow: Flow, token: Token) -> bool:
    return flow.admitted is not None and flow.admitted[0] == token.key


def called_back(flow: Flow) -> None:
    """The CSMS wants it in service: a charger that says it is not may have been told so by a hub before this one."""
    if flow.status is Status.UNAVAILABLE:
        flow.service_told = None


def device_done(station: "Station", ref: str, good: bool, now: Moment) -> None:
    what, _, evse = ref.partition(":")
    if good or what not in (SERVICE, ADMIT):
        return
    flow = station.evses.flows[int(evse)]
    if what == SERVICE:
        flow.service_told = None
    else:
        flow.admitted, flow.admit_after = None, now.mono + AGAIN_S


def _wanted(station: "Station", flow: Flow, status: Status) -> str:
    if flow.transaction is None and station.availability.inoperative(flow.evse):
        return UNAVAILABLE
    kept = status is Status.RESERVED and station.reservations.shuts(flow.evse)
    return RESERVE if kept else AVAILABLE
