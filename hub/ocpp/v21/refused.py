"""What 2.1 adds to 2.0.1's CALLs, and this hub hasn't: refused rather than half obeyed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hub.model.moment import Moment
from hub.ocpp.v201.dialect import DIALECT as V201

if TYPE_CHECKING:
    from hub.ocpp.station.station import Call, Station

Handler = Callable[["Station", "Call", Moment], Mapping[str, object] | None]

REFUSED: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "GetLog": lambda said: said["logType"] == "DataCollectorLog",
    "SetDisplayMessage": lambda said: "messageExtra" in said["message"],  # O01.FR.19
    "SetNetworkProfile": lambda said: (
        not {"identity", "basicAuthPassword"}.isdisjoint(said["connectionData"])
    ),
}


def _unless(action: str) -> Handler:
    refused, handler = REFUSED[action], V201.calls[action]

    def answer(station: "Station", call: "Call", now: Moment) -> Mapping[str, object] | None:
        if refused(call.payload):
            return {"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedParam"}}
        return handler(station, call, now)

    return answer


CALLS = {action: _unless(action) for action in REFUSED}
