"""evhub.yaml, as its settings: each value is checked (schema.py), then those that belong together."""

import os
import re
from collections.abc import Collection, Container, Mapping
from pathlib import Path
from typing import Any

from hub.config import schema
from hub.config.accepted import lay_below
from hub.config.circuits import circuits
from hub.config.devices import devices, meter
from hub.config.reader import DEFAULT_PLACES, Reader
from hub.config.settings import (
    ChargerSettings,
    Config,
    CsmsSettings,
    FirmwareSettings,
    HubSettings,
    LimitSettings,
    LogSettings,
    MqttSettings,
    Secret,
    TlsSettings,
    TokenSettings,
    UserSettings,
)
from hub.errors import ConfigError
from hub.yaml import Tree

PROTOCOLS = ("echonet_lite",)
PLACE = re.compile(r"(.*?):(\d+):(\d+): ")


def config_path(given: str | None) -> Path:
    """`-c`, else EVHUB_CONFIG, else the usual places."""
    chosen = given or os.environ.get("EVHUB_CONFIG")
    if chosen:
        return Path(chosen)
    return next((path for path in DEFAULT_PLACES if path.is_file()), DEFAULT_PLACES[-1])


def load_config(path: Path, texts: Mapping[str, str] | None = None) -> Config:
    """Raises ConfigError where the file can't be used; a bad charger is told in the Config.

    `texts`: what to read instead of the files of these names.
    """
    config, problems = read_config(path, texts)
    if problems:
        raise ConfigError([*problems, *config.charger_problems])
    return config


def read_config(path: Path, texts: Mapping[str, str] | None = None) -> tuple[Config, list[str]]:
    """What could be made of the file, and all that is wrong with it besides its bad chargers.

    Raises ConfigError where nothing could be read.
    """
    reader = Reader(path, texts or {})
    tree = reader.read()
    if not isinstance(tree.value, dict):
        raise ConfigError([f"{path}:1:1: expected a map with hub:, mqtt:, chargers: ..."])
    accepted = lay_below(tree, state_dir(path, tree.value.get("hub")))
    top, problems, bad = schema.check_sections(tree, tree.value)
    problems += accepted
    problems += [problem for problem in reader.problems if not reader.in_charger(problem)]
    maker = _Maker(path, tree, top, reader, bad)
    config = maker.config()
    return config, sorted({*problems, *maker.problems}, key=_place)


def _place(problem: str) -> tuple[str, int, int, str]:
    """In the order of the file's lines."""
    found = PLACE.match(problem)
    return (found[1], int(found[2]), int(found[3]), problem) if found else ("", 0, 0, problem)


def state_dir(path: Path, hub: object) -> Path:
    """`hub`: that section, checked or not."""
    told = hub.get("state_dir") if isinstance(hub, Mapping) else None
    chosen = os.environ.get("EVHUB_STATE_DIR") or (told if isinstance(told, str) else "/var/lib/evhub")
    return path.parent / chosen


class _Maker:
    """Checked values -> settings, with the checks that need more than one value."""

    def __init__(
        self, path: Path, tree: Tree, top: Mapping[str, Any], reader: Reader, bad: Container[str]
    ) -> None:
        """`bad` sections are absent from `top`: what depends on them isn't judged."""
        self._path, self._tree, self._top, self._reader, self._bad = path, tree, top, reader, bad
        self.problems: list[str] = []
        self._devices: Collection[object] = ()

    def config(self) -> Config:
        top = self._top
        found, bad_devices = devices(self._tree, top.get("devices") or {}, top.get("chargers") or {})
        self._devices = found.keys() | bad_devices.keys()
        chargers, bad = self._chargers()
        declared = top.get("chargers") or {}
        shared, wrong, odd = circuits(self._tree, top.get("circuits") or {}, declared, self._devices)
        if "chargers" not in self._bad and "devices" not in self._bad:
            self.problems += wrong
        return Config(
            self._path,
            self._hub(top.get("hub", {})),
            self._log(top.get("log", {})),
            self._mqtt(top.get("mqtt", {})),
            chargers,
            {text: TokenSettings(**(about or {})) for text, about in top.get("tokens", {}).items()},
            bad,
            self._reader.texts,
            protocols={name: top[name] for name in PROTOCOLS if name in top},
            devices=found,
            bad_devices=bad_devices,
            circuits=shared,
            odd=(*odd, *self._twice(chargers)),
        )

    def _say(self, path: tuple[object, ...], words: str) -> str:
        return f"{self._tree.where(path)}: {'.'.join(map(str, path))}: {words}"

    def _near(self, name: str | None) -> Path | None:
        return None if name is None else self._path.parent / name

    def _hub(self, hub: Mapping[str, Any]) -> HubSettings:
        firmware = FirmwareSettings(**hub.get("firmware", {}))
        return HubSettings(**{**hub, "state_dir": state_dir(self._path, hub), "firmware": firmware})

    def _log(self, log: Mapping[str, Any]) -> LogSettings:
        return LogSettings(**{**log, "file": self._near(log.get("file"))})

    def _tls(self, tls: Mapping[str, Any]) -> TlsSettings:
        return TlsSettings(**{name: self._near(file) for name, file in tls.items()})

    def _mqtt(self, mqtt: Mapping[str, Any]) -> MqttSettings:
        host, port = mqtt.get("listen", ("127.0.0.1", 1883))
        broker = mqtt.get("broker", "embedded")
        users = {
            name: UserSettings(**{**user, "password": Secret(user["password"])})
            for name, user in mqtt.get("users", {}).items()
        }
        local = host in ("localhost", "::1") or host.startswith("127.")
        if broker == "embedded" and not local and not users:
            self.problems.append(
                self._say(("mqtt", "listen"), f"{host}: beyond loopback the embedded broker needs users")
            )
        if (
            broker != "embedded"
            and not mqtt.get("username")
            and not mqtt.get("insecure")
            and not _loopback(broker)
        ):
            words = "a broker without user name lets everybody command the chargers; insecure: true if that is meant"
            self.problems.append(self._say(("mqtt", "broker"), words))
        tls = self._tls(mqtt.get("tls", {}))
        self.problems += [
            self._say(("mqtt", "tls", name), f"{file}: no such file")
            for name, file in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key))
            if file and not file.is_file()
        ]
        return MqttSettings(
            broker,
            host,
            port,
            mqtt.get("base_topic", "evhub"),
            mqtt.get("username"),
            Secret(mqtt["password"]) if "password" in mqtt else None,
            users,
            tls,
            mqtt.get("insecure", False),
            mqtt.get("version", "5"),
        )

    def _chargers(self) -> tuple[dict[str, ChargerSettings], dict[str, tuple[str, ...]]]:
        good: dict[str, ChargerSettings] = {}
        bad: dict[str, tuple[str, ...]] = {}
        identities: dict[tuple[str, str], str] = {}
        for charger, body in (self._top.get("chargers") or {}).items():
            settings, problems = self._charger(charger, body)
            problems += self._reader.charger_problems.get(str(charger), [])
            if settings and settings.csms:
                key = (settings.csms.url, settings.csms.identity)
                if key in identities:
                    words = f"identity {key[1]!r} is that of {identities[key]} already"
                    problems.append(self._say(("chargers", charger), words))
                identities.setdefault(key, str(charger))
            if settings is None or problems:
                bad[str(charger)] = tuple(problems)
            else:
                good[charger] = settings
        return good, bad

    def _twice(self, chargers: Mapping[str, ChargerSettings]) -> list[str]:
        """Two chargers that are one device: each would command it as if it were alone."""
        first: dict[tuple[object, ...], str] = {}
        told = []
        for charger, settings in chargers.items():
            inputs = sorted((name, str(value)) for name, value in settings.inputs.items())
            known = first.setdefault((settings.blueprint, *inputs), charger)
            if known != charger:
                told.append(
                    self._say(
                        ("chargers", charger), f"is the same device as {known}: same blueprint and input"
                    )
                )
        return told

    def _charger(self, charger: Any, body: Any) -> tuple[ChargerSettings | None, list[str]]:
        path = ("chargers", charger)
        wrong = schema.check_id(charger)
        if wrong:
            return None, [self._say(path, wrong)]
        if isinstance(body, Mapping) and "integration" in body:
            return None, [self._say((*path, "integration"), "is not in this version yet; use_blueprint is")]
        checked, problems = schema.check(self._tree, path, schema.CHARGER, body)
        if checked is None:
            return None, problems
        csms, problems = self._csms(charger, checked)
        meters, wrong_meter = meter(checked.get("meter", {}), self._devices)
        problems += [self._say((*path, "meter"), words) for words in wrong_meter]
        return (
            ChargerSettings(
                charger,
                checked.get("name", charger),
                checked["use_blueprint"]["path"],
                checked["use_blueprint"].get("input") or {},
                csms,
                LimitSettings(**checked.get("limits", {})),
                checked.get("tokens", {}).get("free"),
                meters,
                checked.get("raw", False),
                self._tree.where((*path, "use_blueprint")),
            ),
            problems,
        )

    def _csms(self, charger: str, body: Mapping[str, Any]) -> tuple[CsmsSettings | None, list[str]]:
        own = body.get("csms", {})
        common = self._top.get("csms") or {}
        merged = {**common, **(own or {})}
        if own is None or not merged or "csms" in self._bad:
            return None, []
        path = ("chargers", charger, "csms") if own else ("csms",)
        if "url" not in merged:
            return None, [self._say(path, "url: is missing")]
        merged["security_profile"] = _security_profile(merged)
        merged["defaults"] = {**common.get("defaults", {}), **(own or {}).get("defaults", {})}
        problems = [self._say(path, words) for words in _csms_problems(merged)]
        files = {name: self._near(merged.get(name)) for name in ("ca", "cert", "key")}
        problems += [
            self._say((*path, name), f"{file}: no such file")
            for name, file in files.items()
            if file and not file.is_file()
        ]
        password = Secret(merged["password"]) if "password" in merged else None
        made = {**merged, **files, "password": password, "identity": merged.get("identity", charger)}
        return CsmsSettings(**made, places=self._places(path, merged["defaults"])), problems

    def _places(self, path: tuple[object, ...], defaults: Mapping[str, str]) -> dict[str, str]:
        """Of each default: the charger's own, or everybody's."""
        own = (*path, "defaults")
        return {
            name: self._tree.where(
                (*own, name) if (*own, name) in self._tree.values else ("csms", "defaults", name)
            )
            for name in defaults
        }


def _secure(merged: Mapping[str, Any]) -> bool:
    return str(merged["url"]).startswith("wss:")


def _security_profile(merged: Mapping[str, Any]) -> int:
    """What isn't said follows from the url and the password."""
    password = merged.get("password")
    implied = 2 if _secure(merged) and password else 1 if password else 0
    return int(merged.get("security_profile", implied))


def _csms_problems(merged: Mapping[str, Any]) -> list[str]:
    """A security profile is what it says, or nothing."""
    secure, password, profile = _secure(merged), merged.get("password"), _security_profile(merged)
    rules = (
        (profile in (1, 2) and not password, f"security_profile {profile} needs a password"),
        (profile in (2, 3) and not secure, f"security_profile {profile} needs a wss:// url"),
        (
            profile == 3 and not (merged.get("cert") and merged.get("key")),
            "security_profile 3 needs cert and key",
        ),
        (profile == 1 and secure, "security_profile 1 is without TLS; 2 is with it"),
        (password and ":" in merged.get("identity", ""), "identity: with a password it has no ':'"),
    )
    return [words for broken, words in rules if broken]


def _loopback(broker: str) -> bool:
    host = broker.split("://", 1)[1].split("/")[0]
    return host.startswith(("127.", "localhost", "[::1]"))
