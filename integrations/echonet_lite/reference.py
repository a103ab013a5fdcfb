"""docs/reference/echonet-classes.md: how class files are written, and every property that evhub knows.

`python -m integrations.echonet_lite.reference` prints it.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from integrations.echonet_lite.edt import (
    AnyOf,
    Clock,
    Code,
    Epcs,
    Factor,
    Fields,
    Items,
    Number,
    Raw,
    Type,
)
from integrations.echonet_lite.properties import SHIPPED, SUPER_CLASS, Classes, ObjectClass, PropertyType

FORMAT = Path(__file__).with_name("classes") / "FORMAT.md"
MADE = "Made by `python -m integrations.echonet_lite.reference`; don't edit it."
CLOCKS = {2: "time", 4: "date", 6: "date and time", 7: "date and time"}
LONGEST = 5


def page() -> str:
    """Format first, then a table for each class."""
    classes = Classes()
    codes = sorted(int(file.stem, 16) for file in SHIPPED.glob("*.yaml"))
    parts = [FORMAT.read_text(encoding="utf-8").replace("MADE", MADE).rstrip()]
    for code in codes:
        found = classes.get(code)
        assert found is not None
        parts.append("\n".join(_table(found, classes)))
    return "\n\n".join(parts) + "\n"


def _table(about: ObjectClass, classes: Classes) -> Iterator[str]:
    common = classes.get(SUPER_CLASS)
    assert common is not None
    inherited: Mapping[int, PropertyType] = {} if about.code == SUPER_CLASS else common.properties
    yield f"## {about.code:04X} {about.names['en']} ({about.names['ja']})"
    yield ""
    if inherited and about.code >> 8 != 0x0E:
        yield f"And those of the super class ({SUPER_CLASS:04X})."
        yield ""
    yield "| EPC | key | English | 日本語 | value | get set inf | since |"
    yield "|---|---|---|---|---|---|---|"
    for epc, each in sorted(about.properties.items()):
        if inherited.get(epc) != each:
            access = " ".join((each.get, each.set, each.inf))
            names = " | ".join(_cell(each.names[language]) for language in ("en", "ja"))
            yield f"| {epc:02X} | `{each.key}` | {names} | {_cell(_value(each.type))} | {access} | {each.since} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _value(kind: Type) -> str:
    if isinstance(kind, Number):
        return _number(kind)
    if isinstance(kind, Code):
        labels = [
            *dict.fromkeys(
                str(label) for label in (*kind.labels.values(), *kind.ranges.values()) if label is not None
            )
        ]
        return ", ".join(labels[:LONGEST]) + (", ..." if len(labels) > LONGEST else "")
    if isinstance(kind, Factor):
        return "a factor"
    if isinstance(kind, Raw):
        most = "" if kind.narrowest == kind.widest else f" to {kind.widest}"
        return f"{kind.narrowest}{most} bytes"
    return _composed(kind)


def _composed(kind: Type) -> str:
    if isinstance(kind, Clock):
        return CLOCKS[kind.size]
    if isinstance(kind, Epcs):
        return "a list of EPCs"
    if isinstance(kind, AnyOf):
        return "; ".join(dict.fromkeys(text for each in kind.of if (text := _value(each))))
    if isinstance(kind, Fields):
        return ", ".join(f"{key}: {_value(each)}" for key, each in kind.fields.items())
    assert isinstance(kind, Items)
    return f"{kind.least} to {kind.most} times ({_value(kind.item)})"


def _number(kind: Number) -> str:
    low, high = (f"{limit * kind.scale:.10g}" for limit in (kind.low, kind.high))
    by = f" x {' x '.join(f'{epc:02X}' for epc in kind.by)}" if kind.by else ""
    return f"{low} to {high} {kind.unit or ''}".rstrip() + by


if __name__ == "__main__":
    sys.stdout.write(page())
