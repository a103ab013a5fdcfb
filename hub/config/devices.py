"""The section `devices`: meters, PV, batteries; and which of their values a charger without a meter takes."""

from collections.abc import Collection, Mapping
from typing import Any

from hub.config import schema
from hub.config.settings import DeviceSettings, MeterSettings
from hub.yaml import Tree, suggestion


def devices(
    tree: Tree, section: Mapping[Any, Any], taken: Collection[object]
) -> tuple[dict[str, DeviceSettings], dict[str, tuple[str, ...]]]:
    """(the good ones, the problems of the others). `taken`: ids of chargers."""
    good: dict[str, DeviceSettings] = {}
    bad: dict[str, tuple[str, ...]] = {}
    for device, body in section.items():
        settings, problems = _device(tree, device, body, taken)
        if settings is None:
            bad[str(device)] = tuple(problems)
        else:
            good[device] = settings
    return good, bad


def meter(body: Mapping[str, Any], known: Collection[object]) -> tuple[MeterSettings | None, list[str]]:
    """What stands at a charger under `meter`, checked already."""
    sources = {point: source for point, source in body.items() if point != "evse"}
    if not sources:
        return None, []
    problems = [
        f"no device {device!r} in devices{suggestion(device, known)}"
        for device in sorted({device for device, _ in sources.values()})
        if device not in known
    ]
    return MeterSettings(body.get("evse", 1), sources), problems


def _device(
    tree: Tree, device: Any, body: Any, taken: Collection[object]
) -> tuple[DeviceSettings | None, list[str]]:
    path = ("devices", device)
    wrong = schema.check_id(device) or (f"{device!r} is a charger's id" if device in taken else None)
    if wrong:
        return None, [f"{tree.where(path)}: devices.{device}: {wrong}"]
    checked, problems = schema.check(tree, path, schema.DEVICE, body)
    if checked is None:
        return None, problems
    name, inputs = checked.get("name", device), checked.get("input") or {}
    where = tree.where((*path, "input") if "input" in checked else path)
    return DeviceSettings(device, name, checked["integration"], inputs, where), []
