"""The configuration as the hub uses it, after every check."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Secret(str):
    """A text that never shows itself in a log or a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True, slots=True)
class FirmwareSettings:
    """`install`: the command that installs new firmware of the gateway; empty: nobody can."""

    install: tuple[str, ...] = ()
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class HubSettings:
    name: str = "evhub"
    language: str = "en"
    timezone: str = "UTC"
    state_dir: Path = Path("/var/lib/evhub")
    firmware: FirmwareSettings = FirmwareSettings()


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str = "info"
    file: Path | None = None
    rotate: str = "daily"
    keep: int = 14
    compress: bool = True
    format: str = "text"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class UserSettings:
    password: Secret
    read: tuple[str, ...] = ("#",)
    write: tuple[str, ...] = ("#",)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """`broker`: embedded, or an address."""

    broker: str = "embedded"
    listen_host: str = "127.0.0.1"
    listen_port: int = 1883
    base_topic: str = "evhub"
    username: str | None = None
    password: Secret | None = None
    users: Mapping[str, UserSettings] = field(default_factory=dict)
    tls: TlsSettings = field(default_factory=TlsSettings)
    insecure: bool = False
    version: str = "5"
    """Towards an external broker: 5 or 3.1.1."""


@dataclass(frozen=True, slots=True)
class CsmsSettings:
    url: str
    identity: str
    versions: tuple[str, ...] = ("ocpp2.0.1", "ocpp1.6")
    security_profile: int = 0
    password: Secret | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """file:line:column of each default."""
    allow_hosts: tuple[str, ...] = ()
    """Where the CSMS may send the hub for files although nobody may (this machine, link-local)."""
    host_keys: tuple[str, ...] = ()
    """Of SFTP servers; lines as in SSH's known_hosts."""
    data_transfer: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """vendorId -> messageIds whose DataTransfer becomes an event; none named: all of the vendor's."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    max_current: float | None = None
    fallback_current: float = 6.0
    fallback: str = "hold"


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """`sources`: point -> (device, key of its state): what a charger takes that doesn't say it itself."""

    evse: int
    sources: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What isn't a charger. `inputs`: as its integration knows them."""

    id: str
    name: str
    integration: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """`id`: of a charger or a circuit. `evse` None: all that there are. `where`: file:line:column."""

    id: str
    evse: int | None = None
    priority: int = 0
    phases: tuple[int, ...] = ()
    """To which phase of the circuit each of its own leads; none: nobody has said."""
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """A, V and s. `meter`: (device, key of its state), one for all phases or one for each."""

    id: str
    name: str
    max_current: float
    members: tuple[MemberSettings, ...]
    phases: int = 3
    voltage: float = 230.0
    """Between a phase and neutral: what a power is reckoned with."""
    car_phases: str = "wired"
    """wired: a car may draw on all phases that its charger has. seen: on those on which it has drawn for a minute."""
    meter: tuple[tuple[str, str], ...] = ()
    reserve: float = 0.0
    rotate: float = 900.0
    raise_delay: float = 5.0
    fallback: str = "hold"
    fallback_current: float = 6.0
    meter_where: tuple[str, ...] = field(default=(), compare=False)
    """file:line:column of each of `meter`."""


@dataclass(frozen=True, slots=True)
class ChargerSettings:
    id: str
    name: str
    blueprint: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    csms: CsmsSettings | None = None
    limits: LimitSettings = field(default_factory=LimitSettings)
    free: bool | None = None
    """None: free when there is neither a CSMS nor a token that could authorize anybody."""
    meter: MeterSettings | None = None
    raw: bool = False
    where: str = field(default="", compare=False)
    """file:line:column of its blueprint; a charger that only moved in the file is the same."""

    def problems(self, found: Iterable[str]) -> list[str]:
        """What its blueprint says is wrong, and where the file names it."""
        return [self.placed(f"charger {self.id}: {problem}") for problem in found]

    def placed(self, problem: str) -> str:
        """With the place in the file that names its blueprint."""
        return f"{self.where}: {problem}" if self.where else problem


@dataclass(frozen=True, slots=True)
class TokenSettings:
    name: str = ""
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    path: Path
    hub: HubSettings = field(default_factory=HubSettings)
    log: LogSettings = field(default_factory=LogSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    chargers: Mapping[str, ChargerSettings] = field(default_factory=dict)
    tokens: Mapping[str, TokenSettings] = field(default_factory=dict)
    bad_chargers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Chargers that don't check, with their problems: the others run."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What was read, by file, but for the secrets."""
    refused: tuple[str, ...] = ()
    """What is wrong with the file now: this is the last one that was good."""

    protocols: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What stands in the section of an integration, by its protocol."""
    devices: Mapping[str, DeviceSettings] = field(default_factory=dict)
    bad_devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    circuits: Mapping[str, CircuitSettings] = field(default_factory=dict)
    odd: tuple[str, ...] = field(default=(), compare=False)
    """What may be meant so, and perhaps isn't."""

    @property
    def hash(self) -> str:
        """Of what the files say, to tell two configurations apart."""
        texts = (part for pair in sorted(self.texts.items()) for part in pair)
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]

    @property
    def charger_problems(self) -> list[str]:
        """And those of other devices."""
        bad = (*self.bad_chargers.values(), *self.bad_devices.values())
        return [problem for problems in bad for problem in problems]

    @property
    def blueprint_search(self) -> tuple[Path, ...]:
        """The user's own blueprints lie beside the file."""
        return (self.path.parent / "blueprints",)
