"""Finds integrations by their manifest, in-tree and through the entry point group `evhub.integrations`."""

import sys
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import yaml

from hub.errors import HubError
from hub.integration.api import DeviceFactory, Gauge, PointCodec, ServiceFactory

GROUP = "evhub.integrations"
IN_TREE = "integrations"


@cache
def manifests() -> dict[str, str]:
    """Protocol -> the module that speaks it."""
    found: dict[str, str] = {}
    spec = find_spec(IN_TREE)
    for folder in spec.submodule_search_locations or [] if spec else []:
        for manifest in sorted(Path(folder).glob("*/manifest.yaml")):
            protocol = yaml.safe_load(manifest.read_text(encoding="utf-8"))["protocol"]
            found[protocol] = f"{IN_TREE}.{manifest.parent.name}"
    for point in entry_points(group=GROUP):
        found[point.name] = point.value
    return found


def load_factory(protocol: str) -> DeviceFactory:
    """Raises HubError for a protocol that nobody speaks."""
    module = manifests().get(protocol)
    if module is None:
        raise HubError(f"no integration speaks {protocol!r}; there are {', '.join(sorted(manifests()))}")
    return cast(DeviceFactory, import_module(module).make_device)


def load_appliance(protocol: str) -> DeviceFactory:
    """What makes devices that aren't chargers. Raises HubError for an integration that has none."""
    module = manifests().get(protocol)
    made = getattr(import_module(module), "make_appliance", None) if module is not None else None
    if made is None:
        raise HubError(f"no integration {protocol!r} that knows other devices than chargers")
    return cast(DeviceFactory, made)


def load_service(protocol: str) -> ServiceFactory | None:
    """What runs once for all chargers of a protocol; None: nothing does. Raises HubError as `load_factory`."""
    module = manifests().get(protocol)
    if module is None:
        raise HubError(f"no integration speaks {protocol!r}; there are {', '.join(sorted(manifests()))}")
    return cast(ServiceFactory | None, getattr(import_module(module), "make_service", None))


def gauges() -> list[Gauge]:
    """What the integrations that are at work tell of themselves."""
    found: list[Gauge] = []
    for module in manifests().values():
        told = getattr(sys.modules.get(module), "gauges", None)
        if told is not None:
            found += told()
    return found


def load_codec(protocol: str) -> PointCodec | None:
    """What checks a protocol's blueprints; None: nobody speaks it."""
    module = manifests().get(protocol)
    if module is None:
        return None
    schema: Any = import_module(f"{module}.schema")
    return cast(PointCodec, schema.CODEC)


def all_codecs() -> list[PointCodec]:
    """Of every protocol that has blueprints, in the order of their names."""
    found = (load_codec(protocol) for protocol in sorted(manifests()))
    return [codec for codec in found if codec is not None]
