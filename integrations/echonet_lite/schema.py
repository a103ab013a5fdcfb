"""What an ECHONET Lite blueprint may say."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping, Point
from hub.blueprint.schema import boolean, one_of, seconds, text, whole
from hub.errors import HubError
from hub.yaml import suggestion
from integrations.echonet_lite.points import TYPES, edt, epc_of, raw_values

AUTO = ("", "auto")
"""Hosts that are found."""


def _identification(value: Any) -> object:
    told = str(value)
    if told and (len(told) != 34 or any(letter not in "0123456789abcdefABCDEF" for letter in told)):
        raise ValueError("expected the 34 hex digits of the node's 0x83, or nothing")
    return told.upper()


LINK = {
    "host": text,
    "eoj": whole(0x0001, 0xFFFF, "a class such as 0x02A1"),
    "instance": whole(0, 127, "an instance from 1 to 127; 0: the first one found"),
    "identification": _identification,
    "timeout": seconds,
    "retries": whole(1, 10, "a number of tries from 1 to 10"),
    "gap": seconds,
    "max_props": whole(1, 60, "a number of properties from 1 to 60"),
    "force_polling": boolean,
}
POINT = {
    "epc": whole(0x80, 0xFF, "an EPC from 0x80 to 0xFF"),
    "type": one_of(*TYPES),
    "byte": whole(0, 252, "where in the EDT it starts"),
    "repeat": boolean,
}


APPLIANCE: Mapping[str, Any] = {**LINK, "poll": seconds}
"""What may be asked of a device that is only read."""


def appliance_link(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Raises HubError with all that is wrong."""
    link: dict[str, Any] = {}
    problems = [
        f"unknown key {key!r}{suggestion(key, APPLIANCE)}" for key in settings if key not in APPLIANCE
    ]
    for key, check in APPLIANCE.items():
        if key not in settings:
            continue
        try:
            link[key] = check(settings[key])
        except ValueError as error:
            problems.append(f"{key}: {error}")
    if "eoj" not in settings:
        problems.append("eoj: is missing: its class, such as 0x0288 for a smart meter")
    if problems:
        raise HubError("; ".join(problems))
    return link


class EchonetCodec:
    """The `PointCodec` of ECHONET Lite, for checking blueprints and running their tests."""

    link_keys: Mapping[str, object] = LINK
    point_keys: Mapping[str, object] = POINT
    quirks: Mapping[str, frozenset[str]] = MappingProxyType({})

    def raw_values(self, mapping: BlueprintMapping, image: Mapping[Any, Any]) -> dict[tuple[str, int], Raw]:
        """`image`: EPC -> EDT in hex, of each EVSE."""
        told = {int(epc): bytes.fromhex(str(digits)) for epc, digits in image.items()}
        return raw_values(mapping, dict.fromkeys(range(1, mapping.evses + 1), told))

    def plan(self, mapping: BlueprintMapping) -> Sequence[str]:
        """One line for each poll group."""
        lines = []
        for group, every in mapping.groups.items():
            epcs = sorted(
                {
                    epc_of(point)
                    for point in mapping.points.values()
                    if point.poll == group and point.access != "wo"
                }
            )
            if epcs:
                often = f"every {every:g} s" if every else "once"
                lines.append(f"{group:<7} {often:<12} Get {' '.join(f'{epc:02X}' for epc in epcs)}")
        return lines

    def use(self, mappings: Mapping[str, BlueprintMapping]) -> Sequence[str]:
        """No wire of ECHONET Lite fills up."""
        return []

    def written(self, mapping: BlueprintMapping, point: Point, evse: int, raw: Raw) -> list[Any]:
        return [point.name, f"{epc_of(point):02X}", edt(point, raw).hex()]


CODEC = EchonetCodec()
