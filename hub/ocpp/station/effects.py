"""What the station wants done. The durable ones of one input are committed together, before the others happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.entity import Scalar
from hub.ocpp.errors import ErrorCode
from hub.ocpp.station.messages import MeterValue


@dataclass(frozen=True, slots=True)
class Owe:
    """A message that the CSMS must get: goes to the journal under this id."""

    id: int
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Settle:
    """The CSMS has answered: the journal forgets it."""

    id: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """It was sent in vain while connected, so many times now."""

    id: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Bury:
    """It is given up: to the dead letters, never deleted by itself."""

    id: int
    body: Mapping[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """State that survives a restart; None: forget it."""

    kind: str
    key: str
    body: object


Durable = Owe | Settle | Attempt | Bury | Keep


@dataclass(frozen=True, slots=True)
class Reply:
    call_id: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReplyError:
    call_id: str
    code: ErrorCode
    description: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """2.1: a message that nobody confirms."""

    action: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Permit:
    """May energy flow at this EVSE?"""

    evse: int
    allowed: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """The charging profiles' limit for an EVSE; both None: no profile applies."""

    evse: int
    current_a: float | None
    power_w: float | None = None
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something the device itself must do; its result comes back as `device_done(ref, ...)`."""

    ref: str
    evse: int
    action: str
    arguments: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotate:
    """Values of the EVSE that only the station knows."""

    evse: int
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Happened:
    """For the event topic."""

    event: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Measured:
    """Meter values were taken: for the meter topic."""

    evse: int
    value: MeterValue


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Close the connection and come back: a reset, or settings that only a new connection takes."""

    reason: str


@dataclass(frozen=True, slots=True)
class StoreKey:
    """A private key, to be kept where only the hub can read it; None: its file goes."""

    key: str
    pem: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Download:
    """A file, to the staging directory."""

    url: str
    roots: tuple[str, ...] = ()
    """Certificates (PEM) that are trusted besides the system's."""


@dataclass(frozen=True, slots=True)
class Upload:
    """`text` None: what the hub itself has logged of this charger between the two moments."""

    url: str
    filename: str
    text: str | None = None
    about: str = ""
    """Goes before what the hub has logged."""
    oldest: str | None = None
    latest: str | None = None
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Install:
    """`file` and `sha256` (hex): what a Download ended with. `signed`: a trusted signature was found good."""

    file: str
    sha256: str
    signed: bool


Job = Download | Upload | Install


@dataclass(frozen=True, slots=True)
class Begin:
    """Something that takes a while; its end comes back as `job_done(ref, ...)`."""

    ref: str
    job: Job


@dataclass(frozen=True, slots=True)
class Abandon:
    """A job whose end nobody waits for any more, or whose file nobody needs."""

    ref: str


@dataclass(frozen=True, slots=True)
class Done:
    """How a job ended. `reason`: why not, in 2.0.1's words for an upload where there are any."""

    good: bool
    reason: str = ""
    file: str = ""
    sha256: bytes = b""


Effect = (
    Durable
    | Reply
    | ReplyError
    | Send
    | Permit
    | Limit
    | Act
    | Annotate
    | Happened
    | Measured
    | Reconnect
    | StoreKey
    | Begin
    | Abandon
)
DURABLE = (Owe, Settle, Attempt, Bury, Keep)
