"""What an integration and the hub promise each other: small Protocols, nothing to derive from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from hub.clock import Clock
from hub.model.charger import Abilities, Identity, Ratings, Status
from hub.model.entity import Scalar


@dataclass(frozen=True, slots=True)
class EvseReading:
    """What one poll or push says of one EVSE. `values` by blueprint point name (phases as name_l1..l3), in the
    point's unit, plus derived values; a value that the device doesn't give is None or absent."""

    values: Mapping[str, Scalar]
    status: Status = Status.UNKNOWN
    enabled: bool | None = None
    """Does the device offer energy now? None: it doesn't say."""
    error: str | None = None
    """A fault in words (OCPP 1.6 errorCode or vendor text); None: no fault."""
    ratings: Ratings | None = None
    stale: frozenset[str] = frozenset()
    """Values that the device has not confirmed for three of their periods."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent look at a device: `evses` by EVSE number from 1."""

    evses: Mapping[int, EvseReading]
    identity: Identity | None = None
    shared: Mapping[str, Scalar] = field(default_factory=dict)
    """Values of the station itself."""


class Sink(Protocol):
    """Where a device tells what it sees (the charger's runtime)."""

    def reading(self, reading: Reading) -> None: ...

    def offline(self, reason: str) -> None:
        """The device is gone for good reason: retries are used up. Called once for each loss."""


class Device(Protocol):
    """One charger on its wire. Made by the integration's `make_device`."""

    evses: int
    abilities: Abilities
    ratings: Ratings

    async def run(self, sink: Sink) -> None:
        """Connects, polls or listens, and tells the sink, for ever; survives every loss of the device by itself."""

    async def execute(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> None:
        """Carry out a blueprint action (`start {limit}`, `pause {}`, `set_limit {limit}`, `set_phases {phases}`,
        `unlock`, ...) and prove it by read-back where the device allows.

        Raises Unsupported, DeviceOffline, DeviceRefused. Amperes per phase."""

    async def refresh(self) -> None:
        """Read everything now and tell the sink. Raises DeviceOffline."""

    def set_context(self, evse: int, *, transaction: bool) -> None:
        """What state rules may ask beside the points (`tx`)."""


Tracer = Callable[[str, bytes | str], None]
"""("up", frame) from the device, ("down", frame) to it, as they are on the wire."""


@runtime_checkable
class Traceable(Protocol):
    """A device whose wire can be listened to."""

    def trace(self, tracer: Tracer | None) -> None: ...


@runtime_checkable
class Dated(Protocol):
    """A device that notes when it reads what."""

    @property
    def read_at(self) -> Mapping[tuple[str, int], float]:
        """On the loop's clock, by point (phases as name_l1..l3) and EVSE (0: shared)."""


@runtime_checkable
class Described(Protocol):
    """A device that knows what people read for its values."""

    def describe(self) -> Mapping[str, Mapping[str, str]]:
        """By key of its state: `en`, `ja`, and `unit` where there is one."""


@runtime_checkable
class Foreseen(Protocol):
    """A device of which it is known, before it is there, what it may ever tell."""

    def keys(self) -> Collection[str]:
        """Of its state."""


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """All that an integration needs to make a device."""

    charger: str
    blueprint: object
    """The compiled `hub.blueprint.mapping.Mapping`, None for integrations without blueprints."""
    settings: Mapping[str, object]
    clock: Clock
    folder: Path | None = None
    """Of the configuration: what users lay beside it."""


class Integration(Protocol):
    """The module that `manifest.yaml` names: `integrations.<name>`."""

    def make_device(self, setup: DeviceSetup) -> Device: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A device that an integration has found on its wire. `key`: who it is, wherever it lives."""

    key: str
    address: str
    vendor: str
    model: str
    kind: str
    """What it is, in words."""
    name: str
    """The id that a charger of it would get."""
    blueprint: str | None = None
    """None: it's no charger that the hub knows how to use."""
    inputs: Mapping[str, object] = field(default_factory=dict)
    """What the blueprint's inputs must say to mean this device."""
    charger: str | None = None
    """The configured charger that it is."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that an integration tells of itself, for those who watch the hub. Names as Prometheus has them."""

    name: str
    labels: Mapping[str, str]
    value: float


class Service(Protocol):
    """What an integration does once for all of its chargers: made by its `make_service`, if it has one."""

    async def run(self) -> None:
        """Until cancelled."""

    def scan(self) -> None:
        """Looks for devices now; what is found shows later."""

    def found(self) -> Sequence[Found]: ...

    def counters(self) -> Mapping[str, int]:
        """What happened on the wire since the start, for `bridge/health`."""


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """`settings`: the integration's section of the configuration. `changed`: to be called when `found` has changed."""

    settings: Mapping[str, Any]
    state_dir: Path
    changed: Callable[[], None]


class PointCodec(Protocol):
    """What the blueprint package asks of a protocol: keys of link and points, and raw <-> wire for embedded tests."""

    link_keys: Mapping[str, object]
    """key -> check, a callable that returns the value or raises ValueError with what was expected."""
    point_keys: Mapping[str, object]
    quirks: Mapping[str, frozenset[str]]
    """What `quirk:` may name: code for the few products that no declaration describes, and the values that each
    gives to expressions."""

    def raw_values(self, mapping: Any, image: Mapping[str, Any]) -> Mapping[tuple[str, int], Any]:
        """The raw values (before scale, none, valid, map) by element and EVSE that a test's image holds."""

    def plan(self, mapping: Any) -> Sequence[str]:
        """In words, which requests each poll group costs."""

    def use(self, mappings: Mapping[str, Any]) -> Sequence[str]:
        """In words, by wire, how much of its time these chargers need. Raises HubError."""

    def written(self, mapping: Any, point: Any, evse: int, raw: Any) -> Sequence[object]:
        """[point name, address, wire values] as a test's `wrote` spells it."""


DeviceFactory = Callable[[DeviceSetup], Device]
ServiceFactory = Callable[[ServiceSetup], Service]
