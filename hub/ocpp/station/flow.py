"""One EVSE as its transactions see it: what is known now, and the transaction that runs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from hub.model.charger import PLUGGED, Status
from hub.model.entity import EMPTY, Scalar, State
from hub.ocpp.station.charging_profile import Profile
from hub.ocpp.station.measurands import Register
from hub.ocpp.station.messages import NOBODY, MeterValue, Token, read, written
from hub.ocpp.station.smart_charging import CHARGING_ONLY

SETTLES_S = 3.0
"""So long a device that may charge needs to show that it does, or that the car doesn't want to."""


@dataclass(slots=True)
class Grant:
    """Somebody was authorized here and has not been deauthorized yet."""

    token: Token
    group: str | None = None
    remote_start_id: int | None = None
    deadline: float | None = None
    """When the EV must be plugged in (EVConnectionTimeOut)."""
    profile: Profile | None = None
    """A TxProfile that waits for the transaction."""
    refused: bool = False
    """The CSMS refused the token when the transaction had begun: it gets no energy."""
    refused_at_wh: int | None = None
    """Refused, but served until the register shows so much (MaxEnergyOnInvalidId)."""
    reservation_id: int | None = None
    """The reservation that it has used up."""
    roams: bool = False
    """Given for the station, not for one EVSE: it follows the first cable."""
    evses: tuple[int, ...] = ()
    """Where it may be used (C01.FR.21); none named: everywhere."""
    priority: int = 0
    """The token's own chargingPriority."""


def free_grant() -> Grant:
    """Nobody in particular: the charger is free for all."""
    return Grant(NOBODY)


@dataclass(slots=True)
class Remote:
    """What a remote start brought along, until its token is decided about."""

    start_id: int | None
    profile: Profile | None = None
    roams: bool = False


@dataclass(slots=True)
class Transaction:
    """`id` is ours and never used again; 1.6's number is in `csms_id` once the CSMS has given it."""

    id: str
    seq_no: int = 0
    charging_state: str = "EVConnected"
    started: str = ""
    powered_at: str | None = None
    """When its driver and its car were both there for the first time: relative profiles count from then (K01.FR.42)."""
    last: str = ""
    """The newest time that was told of it: none after it is earlier."""
    plugged_once: bool = False
    begun_nowhere: bool = False
    """It began before anybody knew at which EVSE: its first meter values are owed (E01.FR.17)."""
    phases_told: int | None = None
    token_told: bool = False
    remote_start_id: int | None = None
    reservation_told: bool = False
    token: tuple[str, str] | None = None
    group: str | None = None
    refused: bool = False
    """The CSMS has refused whom it was begun for."""
    stopped_by: tuple[str, str] | None = None
    """The token that ended its authorization, until that is told."""
    revoked_by: str | None = None
    """The reason for which its authorization has ended, and nobody was authorized for it since."""
    begun_wh: int = 0
    """The register at its begin."""
    most_wh: int | None = None
    """The register at which it has had all that it may have."""
    ends_at: str | None = None
    """When it has had its time, by the hub's own clock."""
    most_soc: float | None = None
    most_cost: float | None = None
    cost: float | None = None
    """What the CSMS has said last."""
    allowed: dict[str, float] = field(default_factory=dict)
    """2.1: the limits that the CSMS has set, as it said them (E16)."""
    limited: str | None = None
    """2.1: the limit that it has reached; it gets no energy until that is raised."""
    mode: str = CHARGING_ONLY
    """2.1: the operationMode that its profile gives it."""
    held: bool = False
    """2.1: it was resumed without its energy (E17.FR.12)."""
    told_at: str = ""
    """When its last event was, by the hub's own clock."""
    csms_id: int | None = None
    priority: int | None = None
    """What the CSMS has said of this transaction's chargingPriority."""
    history: list[MeterValue] = field(default_factory=list)

    @property
    def withheld(self) -> bool:
        """It gets no energy, whoever is authorized."""
        return self.held or self.limited is not None


REMEMBERED = frozenset(field.name for field in fields(Transaction))


@dataclass(slots=True)
class Flow:
    """Everything that the station knows of one EVSE."""

    evse: int
    state: State = field(default_factory=lambda: EMPTY)
    known: bool = False
    """A first state has come."""
    plugged: bool = False
    status: Status = Status.UNKNOWN
    grant: Grant | None = None
    transaction: Transaction | None = None
    register: Register = field(default_factory=Register)
    conditions: frozenset[str] = frozenset()
    permitted: bool | None = None
    unheard: bool = False
    """A transaction ran here when the hub went, and the device hasn't said yet how it is: to permit it anything would
    cover up what has happened meanwhile."""
    sample_due: float | None = None
    ended_sample_due: float | None = None
    """When the next value for the transaction's last message is taken."""
    begins_until: float | None = None
    """Energy may flow since a moment: until then a device that gives none hasn't suspended anything."""
    lost_since: float | None = None
    lock_failed: bool = False
    resuming: bool = False
    """2.1: its transaction outlives a restart; how the device is again is not told yet."""
    asking: Token | None = None
    """A token that the CSMS was asked about."""
    roams: bool = False
    """That token was presented to the station as a whole."""
    remote: Remote | None = None
    """The token came with this."""
    finished: bool = False
    """A transaction ended and the cable is still in."""
    taken_up: float | None = None
    """When a transaction of before a restart was found again, in monotonic seconds."""
    stopped: tuple[str, float] | None = None
    """The token that stopped the last transaction by hand, and when, in monotonic seconds."""
    shown: Mapping[str, Scalar] | None = None
    """What the hub shows of it, beside what the device says."""
    ran: str | None = None
    """The transaction that everybody was told of last, also before a restart."""
    powered_at: str | None = None
    """What the limits know of it."""
    service_told: str | None = "available"
    """What the charger was told of its service last; none: it couldn't be."""
    admitted: tuple[str, float] | None = None
    """The token that the charger was given as a card of its own, and when, in monotonic seconds."""
    admit_after: float = 0.0
    reported: tuple[str, ...] | None = None
    waiting: tuple[str, ...] | None = None
    """What would be reported if it lasted until `report_due`."""
    report_due: float | None = None

    def now_conditions(self) -> frozenset[str]:
        """Of 2.0.1's TxStartPoint values those that hold."""
        powered = self.plugged and self.grant is not None
        holding = {
            "EVConnected": self.plugged,
            "Authorized": self.grant is not None,
            "PowerPathClosed": powered,
            # Whoever is no longer authorized gets no energy: it ends with that, whatever the device still shows.
            "EnergyTransfer": powered and self.status is Status.CHARGING and not self.withheld,
        }
        return frozenset(name for name, holds in holding.items() if holds)

    @property
    def withheld(self) -> bool:
        return self.transaction is not None and self.transaction.withheld

    def charging_state(self) -> str:
        if not self.plugged:
            return "Idle"
        # E05.FR.02, C15.FR.03: at once, whatever the device still shows.
        if self.grant and self.grant.refused:
            return "SuspendedEVSE"
        if self.grant is None and self.transaction is not None and self.transaction.refused:
            return "EVConnected"
        if self.grant and self.withheld:
            return "SuspendedEVSE"
        waits = self.grant is None or self.begins_until is not None
        if self.status is Status.SUSPENDED_EVSE and waits:
            return "EVConnected"  # nobody is authorized, or only just
        if self.status is Status.FAULTED and self.grant is not None:
            return "SuspendedEVSE"
        if self.status is Status.PREPARING and not waits and self.state.get("charging_enabled") is False:
            return "SuspendedEVSE"  # many a charger that is switched off shows no more than the cable
        return CHARGING_STATES.get(self.status, "EVConnected")


CHARGING_STATES = {
    Status.CHARGING: "Charging",
    Status.SUSPENDED_EV: "SuspendedEV",
    Status.SUSPENDED_EVSE: "SuspendedEVSE",
}


def plugged_in(state: State, before: bool) -> bool:
    """What a state says of the cable; a device that says nothing changes nothing."""
    plugged = state.get("plugged")
    if isinstance(plugged, bool):
        return plugged
    status = state.get("status")
    if status in PLUGGED:
        return True
    return False if status == Status.AVAILABLE else before


def document(flow: Flow) -> dict[str, object] | None:
    """What a restart needs to go on; None when there is nothing to go on with."""
    if flow.transaction is None:
        return None
    transaction = asdict(replace(flow.transaction, history=[]))
    # All that was sampled is too much to be written with each message; where it began is kept.
    transaction["history"] = written(flow.transaction.history[:1])
    grant = flow.grant
    return {
        "transaction": transaction,
        "register": flow.register.document(),
        "grant": None
        if grant is None
        else [
            grant.token.text,
            grant.token.type,
            grant.group,
            grant.remote_start_id,
            grant.reservation_id,
            grant.refused,
            grant.refused_at_wh,
            grant.priority,
        ],
        "conditions": sorted(flow.conditions),
    }


def restored(evse: int, body: Mapping[str, Any] | None) -> Flow:
    flow = Flow(evse)
    if body is None:
        return flow
    # An earlier version of the hub may have known more of a transaction.
    known = {name: value for name, value in body["transaction"].items() if name in REMEMBERED}
    for name in ("token", "stopped_by"):
        known[name] = tuple(known[name]) if known.get(name) else None
    known.setdefault("powered_at", known.get("started"))
    flow.transaction = Transaction(**known | {"history": read(known.get("history", ()))})
    flow.ran = flow.transaction.id
    flow.register = Register(*body["register"])
    flow.conditions = frozenset(body["conditions"])
    flow.plugged = "EVConnected" in flow.conditions
    flow.unheard = True
    if body["grant"]:
        text, kind, group, remote, *more = body["grant"]
        flow.grant = Grant(Token(text, kind), group, remote)
        if more:
            flow.grant.reservation_id, flow.grant.refused, flow.grant.refused_at_wh, *rest = more
            flow.grant.priority = rest[0] if rest else 0
    return flow
