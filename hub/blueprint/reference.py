"""The page of all chargers that a blueprint describes, made from the blueprints themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.blueprint.mapping import BlueprintMapping

INTRODUCTION = """\
# Chargers

Made by `evhub blueprint reference`; don't edit it. Each row is one blueprint; its path is what `use_blueprint` takes.

**No charger on this page was tried as hardware.** The maps come from the sources named in each row; what they say is
tested against simulated chargers. "Tested with" names hardware as soon as somebody has reported it.

- *Limit*: the smallest step of the limit that the charger takes, in amperes per phase.
- *Phases*: it switches between one phase and three.
- *RFID*: the card is read. *Release*: the CSMS's authorisation is passed on.
- *Unlock*: UnlockConnector can open the socket.
- *Fail-safe*: how the hub keeps the charger from falling back, and what it falls back to where that is a register.
- *Energy*: a lifetime counter, only the session's energy, or none (then the hub counts power over time).
"""
HEAD = (
    "Maker",
    "Models",
    "Blueprint",
    "Wire",
    "Start/stop",
    "Limit",
    "Phases",
    "RFID",
    "Release",
    "Unlock",
    "Fail-safe",
    "Energy",
    "Facts from",
    "Tested with",
)
SAFE = ("safe_current", "safe_power")


@dataclass(frozen=True, slots=True)
class Entry:
    """One blueprint: `source` as written (extends merged), `mapping` with its defaults bound."""

    path: str
    source: Mapping[str, Any]
    mapping: BlueprintMapping

    @property
    def about(self) -> Mapping[str, Any]:
        about: Mapping[str, Any] = self.source["blueprint"]
        return about

    @property
    def models(self) -> Sequence[str]:
        listed: Sequence[str] = self.about.get("models") or [self.about.get("model", self.mapping.name)]
        return listed


def page(entries: Sequence[Entry]) -> str:
    ordered = sorted(entries, key=lambda entry: (entry.about.get("vendor", "").lower(), entry.path))
    parts = [INTRODUCTION, _table([HEAD, *(_row(entry) for entry in ordered)])]
    brands = _brands(ordered)
    if brands:
        parts += ["\n## Sold under other names\n", _table([("Name", "Blueprint"), *brands])]
    needs = [entry for entry in ordered if entry.source.get("requires")]
    if needs:
        parts.append("\n## What must be set at the charger\n")
        parts += [f"- `{entry.path}`: {'; '.join(map(str, entry.source['requires']))}" for entry in needs]
    return "\n".join(parts) + "\n"


def _row(entry: Entry) -> tuple[str, ...]:
    actions, readings = entry.mapping.abilities.actions, entry.mapping.abilities.readings
    return (
        entry.about.get("vendor", "any"),
        ", ".join(entry.models),
        f"`{entry.path}`",
        _wire(entry.source.get("link", {}), entry.mapping.protocol),
        _yes({"start", "pause"} <= actions),
        f"{entry.mapping.ratings.step:g} A" if "set_limit" in actions else "",
        _yes("set_phases" in actions),
        _yes(bool({"rfid", "card"} & readings)),
        _yes("authorize" in actions),
        _yes("unlock" in actions),
        _fail_safe(entry),
        "counter" if "energy" in readings else "session" if "energy_session" in readings else "",
        "; ".join(entry.about.get("sources", [])),
        ", ".join(map(str, entry.about.get("tested_with", []))),
    )


def _wire(link: Mapping[str, Any], protocol: str) -> str:
    if protocol != "modbus":
        return protocol.replace("_", " ")
    framer = str(link.get("framer", "rtu")).upper()
    serial = f"{framer} {link['baudrate']}" if "baudrate" in link and _is_number(link["baudrate"]) else framer
    if "host" not in link:
        return serial
    return f"TCP, {serial}" if "baudrate" in link or "serial" in link else "TCP"


def _is_number(value: object) -> bool:
    return isinstance(value, int)


def _fail_safe(entry: Entry) -> str:
    parts = []
    keep = entry.source.get("keep_alive")
    if keep:
        parts.append(f"{'write' if 'do' in keep else 'read'} every {keep['every']}")
    parts += [name.replace("_", " ") for name in SAFE if name in entry.mapping.points]
    return ", ".join(parts)


def _brands(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    return sorted((brand, f"`{entry.path}`") for entry in entries for brand in entry.about.get("brands", []))


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = [[str(cell).replace("|", "\\|") or "–" for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)
