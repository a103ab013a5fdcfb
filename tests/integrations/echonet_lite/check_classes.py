"""Are the shipped class files what the appendix says? `python -m tests.integrations.echonet_lite.check_classes`

`appendix.jsonl` beside this file holds the definitions as the Machine Readable Appendix has them (its first line is
the notice); every property, type, range, label, name, access rule and release is compared.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from hub.yaml import load
from integrations.echonet_lite.properties import SHIPPED

APPENDIX = Path(__file__).with_name("appendix.jsonl")
ACCESS = {"required": "M", "required_c": "C", "optional": "o", "notApplicable": "-"}
FORMATS = {
    f"{sign}int{8 * size}": f"{short}{8 * size}"
    for sign, short in (("u", "u"), ("", "i"))
    for size in (1, 2, 4)
}
LABELS = {"true": True, "false": False, "noData": None}
OWN_KEYS = {
    "0x97": "currentTime",
    "0x9D": "announcementPropertyMap",
    "0x9E": "setPropertyMap",
    "0x9F": "getPropertyMap",
}
"""The appendix calls them all DEL."""
OWN_LABELS: Mapping[int | str, str] = {
    0x41: "notThroughPublicNetwork",
    0x42: "throughPublicNetwork",
    0x61: "lineWithoutPublicOperation",
    0x62: "lineWithPublicOperation",
}
"""Of 0x93: the appendix has each of its two labels twice."""
MAPS = {"0x9D", "0x9E", "0x9F"}
"""The appendix calls them raw; their form stands in its Annex 1."""
GAPS = {("0x027E", epc) for epc in ("0xDA", "0xDC", "0xDD")}
"""Defined for release N and again from P; what holds in O is taken from N."""


def appendix() -> tuple[dict[str, Any], dict[str, dict[str, list[Any]]]]:
    """Classes, and by class and EPC the definitions in order."""
    classes: dict[str, Any] = {}
    properties: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for line in APPENDIX.read_text(encoding="utf-8").splitlines()[1:]:
        told = json.loads(line)
        if "class" in told:
            classes[told["class"]] = told
        else:
            properties[told["of"]][told["epc"]].append(told)
    return classes, properties


def expected(told: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, Any]:
    """A property of the appendix in the words of our files."""
    key = OWN_KEYS[told["epc"]] if told["short"] == "DEL" else told["short"].replace("(MC)", "")
    since = told["release"].partition("..")[0]
    return {
        "key": key,
        "en": told["en"],
        "ja": told["ja"],
        **({"since": since} if since != of["since"] else {}),
        "access": "".join(ACCESS[told[way]] for way in ("get", "set", "inf")),
        **({"type": "epcs"} if told["epc"] in MAPS else kind(told["data"])),
    }


def kind(data: Mapping[str, Any]) -> dict[str, Any]:
    if "one_of" in data:
        return {"type": "any", "of": [kind(each) for each in data["one_of"]]}
    return KINDS[data["type"]](data)


def _number(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": FORMATS[data["format"]]}
    if data.get("multiple", 1) != 1:
        found["scale"] = data["multiple"]
    if data.get("unit"):
        found["unit"] = data["unit"]
    found["range"] = [data["min"], data["max"]]
    if "coefficient" in data:
        found["by"] = [int(epc, 16) for epc in data["coefficient"]]
    return found


def _state(data: Mapping[str, Any]) -> dict[str, Any]:
    labels = {
        _codes(code): [LABELS.get(about["name"], about["name"]), about["en"], about["ja"]]
        for code, about in data["enum"].items()
    }
    if [label for label, _, _ in labels.values()].count(True) > 1:
        labels = {code: [OWN_LABELS[code], *about[1:]] for code, about in labels.items()}
    return {"type": "code", **({"size": data["size"]} if data["size"] != 1 else {}), "labels": labels}


def _codes(told: str) -> int | str:
    """A range of codes is written with a hyphen in our files."""
    low, several, high = told.partition("...")
    return f"0x{low[2:].upper()}-{high}" if several else int(low, 16)


def _factor(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "factor", "values": {int(code, 16): value for code, value in data["enum"].items()}}


def _raw(data: Mapping[str, Any]) -> dict[str, Any]:
    low, high = data["min_size"], data["max_size"]
    return {"type": "raw", "length": low if low == high else [low, high]}


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "fields": {each["name"]: {"en": each["en"], **kind(each)} for each in data["fields"]},
    }


def _list(data: Mapping[str, Any]) -> dict[str, Any]:
    least = {"least": data["minItems"]} if data.get("minItems") else {}
    return {"type": "list", "most": data["maxItems"], **least, "item": kind(data["items"])}


def _datetime(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "datetime", **({"size": data["size"]} if data.get("size", 7) != 7 else {})}


KINDS = {
    "number": _number,
    "state": _state,
    "numericValue": _factor,
    "raw": _raw,
    "object": _fields,
    "array": _list,
    "date": lambda data: {"type": "date"},
    "time": lambda data: {"type": "time"},
    "date-time": _datetime,
}


def resolved(node: Any, types: Mapping[str, Any]) -> Any:
    """A file's part with its shared types written out."""
    if isinstance(node, list):
        return [resolved(each, types) for each in node]
    if not isinstance(node, Mapping):
        return node
    shared = types.get(node.get("type"), {}) if isinstance(node.get("type"), str) else {}
    return {key: resolved(value, types) for key, value in {**node, **shared}.items()}


def differences() -> Iterator[str]:
    classes, properties = appendix()
    shipped = {
        f"0x{file.stem}": load(file.read_text(encoding="utf-8"), str(file)).value
        for file in SHIPPED.glob("*.yaml")
    }
    for code in sorted(set(classes) ^ set(shipped)):
        yield f"{code}: only in {'the appendix' if code in classes else 'our files'}"
    for code in sorted(set(classes) & set(shipped)):
        yield from _class_differences(code, classes[code], properties[code], shipped[code])


def _class_differences(
    code: str, of: Mapping[str, Any], properties: Mapping[str, Any], ours: Mapping[str, Any]
) -> Iterator[str]:
    head = (int(code, 16), of["key"], {"en": of["en"], "ja": of["ja"]}, of["since"])
    if head != (ours["class"], ours["key"], ours["name"], ours["since"]):
        yield f"{code}: {head} in the appendix"
    told = {int(epc, 16): [expected(each, of) for each in listed] for epc, listed in properties.items()}
    found = {
        epc: resolved(about if isinstance(about, list) else [about], ours.get("types", {}))
        for epc, about in ours["properties"].items()
    }
    for epc in sorted(set(told) | set(found)):
        if told.get(epc) != found.get(epc):
            yield f"{code} 0x{epc:02X}: {told.get(epc)} in the appendix, {found.get(epc)} in our file"
    for epc_text, listed in properties.items():
        yield from _release_gaps(code, epc_text, [each["release"].split("..") for each in listed])


def _release_gaps(code: str, epc: str, releases: list[list[str]]) -> Iterator[str]:
    """Our files say only since when; so a definition must hold until the next."""
    for (_, until), (since, _) in pairwise(releases):
        if ord(until) + 1 != ord(since) and (code, epc) not in GAPS:
            yield f"{code} {epc}: nothing is defined between {until} and {since}"
    if releases[-1][1] != "latest":
        yield f"{code} {epc}: withdrawn after {releases[-1][1]}"


if __name__ == "__main__":
    found = list(differences())
    for line in found:
        sys.stderr.write(line + "\n")
    sys.exit(bool(found))
