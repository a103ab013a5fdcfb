"""evhub mapping test CHARGER: read the device, and show what becomes of each value on its way to the CSMS."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.charger.snapshot import snapshot
from hub.clock import SystemClock
from hub.config.load import config_path, load_config
from hub.config.settings import ChargerSettings, Config
from hub.errors import HubError
from hub.integration.api import DeviceSetup, Reading
from hub.integration.loader import load_codec, load_factory
from hub.model.catalog import BY_POINT
from hub.model.charger import Status
from hub.model.entity import State
from hub.ocpp import capabilities
from hub.ocpp.station.measurands import ENERGY, MEASURANDS, SOURCES, Register, samples
from hub.ocpp.station.messages import MeterReport, MeterValue, StatusNotification
from hub.ocpp.station.setup import StationSetup
from hub.ocpp.station.station import Dialect, Station
from hub.ocpp.v16.dialect import DIALECT as V16
from hub.ocpp.v201.dialect import DIALECT as V201
from hub.shipped import shipped
from hub.yaml import suggestion

WAIT_S = 15.0


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "mapping", help="what becomes of a charger's values: raw, decoded, state, OCPP"
    )
    parser.add_argument("action", choices=["test"])
    parser.add_argument("charger")
    parser.add_argument("-c", "--config", help="evhub.yaml")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(work=work)


class _First:
    """A sink that waits for the first reading."""

    def __init__(self) -> None:
        self.seen: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self.reason = "no answer"

    def reading(self, reading: Reading) -> None:
        if not self.seen.done():
            self.seen.set_result(reading)

    def offline(self, reason: str) -> None:
        if not self.seen.done():
            self.seen.set_exception(HubError(reason))


def work(given: argparse.Namespace) -> int:
    config = load_config(config_path(given.config))
    settings = config.chargers.get(given.charger)
    if settings is None:
        problems = config.bad_chargers.get(given.charger)
        close = suggestion(given.charger, config.chargers)
        raise HubError(
            "\n".join(problems) if problems else f"no charger {given.charger!r} in {config.path}{close}"
        )
    mapping = load_blueprint(settings.blueprint, settings.inputs, search(config), load_codec)
    try:
        reading, raw = asyncio.run(read(settings, mapping))
    except HubError:
        # What the blueprint says is so while the charger is away, too.
        if not given.json:
            _tell_offer(mapping)
        raise
    rows = table(mapping, reading, raw)
    frames = {dialect.version: said(dialect, settings.id, mapping, reading) for dialect in (V201, V16)}
    if given.json:
        offered = {one.code: has for one, has in capabilities.told(mapping.abilities, mapping.evses)}
        without = sorted(capabilities.left_out(mapping.abilities, mapping.evses))
        told = {"values": rows, "ocpp": frames, "capabilities": offered, "cases_left_out": without}
        print(json.dumps(told))
        return 0
    print(f"{'evse':<5}{'point':<18}{'raw':<22}{'decoded':<20}{'state':<28}OCPP")
    for row in rows:
        print(
            f"{row['evse']:<5}{row['point']:<18}{row['raw']:<22}{row['decoded']:<20}{row['state']:<28}{row['ocpp']}"
        )
    for version, texts in frames.items():
        print(f"\nOCPP {version}")
        for text in texts:
            print(f"  {text}")
    print()
    _tell_offer(mapping)
    return 0


def _tell_offer(mapping: BlueprintMapping) -> None:
    print("Capabilities")
    for line in offer(mapping):
        print(f"  {line}")


def offer(mapping: BlueprintMapping) -> list[str]:
    """What the blueprint lets the station offer, and which cases of the certification that leaves out."""
    lines = [
        f"{'yes' if has else 'no':<5}{one.code:<16}{one.says}"
        for one, has in capabilities.told(mapping.abilities, mapping.evses)
    ]
    without = sorted(capabilities.left_out(mapping.abilities, mapping.evses))
    return [*lines, f"cases of the certification that don't apply: {', '.join(without) or 'none'}"]


def search(config: Config) -> tuple[Path, ...]:
    return (*config.blueprint_search, shipped("blueprints"))


async def read(
    settings: ChargerSettings, mapping: BlueprintMapping
) -> tuple[Reading, dict[tuple[str, int], Any]]:
    """One reading, and the raw values behind it. Nothing is written: on_connect and keep-alive are left out."""
    mapping.actions = {name: steps for name, steps in mapping.actions.items() if name != "on_connect"}
    mapping.keep_alive = None
    device: Any = load_factory(mapping.protocol)(
        DeviceSetup(settings.id, mapping, settings.inputs, SystemClock())
    )
    first = _First()
    task = asyncio.create_task(device.run(first))
    try:
        reading = await asyncio.wait_for(first.seen, WAIT_S)
    except TimeoutError as error:
        raise HubError(f"charger {settings.id}: no answer within {WAIT_S:g} s") from error
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return reading, dict(device.raw_values)


def table(
    mapping: BlueprintMapping, reading: Reading, raw: dict[tuple[str, int], Any]
) -> list[dict[str, str]]:
    rows = []
    for (element, evse), value in sorted(raw.items(), key=lambda item: (item[0][1], item[0][0])):
        decoded = reading.evses[evse].values.get(element) if evse else reading.shared.get(element)
        state = snapshot(reading, evse or 1)
        key = next((key for key in _keys(element) if key in state), "")
        rows.append(
            {
                "evse": str(evse or "-"),
                "point": element,
                "raw": str(value),
                "decoded": "-" if decoded is None else str(decoded),
                "state": f"{key} = {state[key]}" if key else "",
                "ocpp": _measurands(key, state),
            }
        )
    for number, seen in reading.evses.items():
        status = seen.status
        row = {
            "evse": str(number),
            "point": "(state)",
            "raw": "",
            "decoded": status.value,
            "state": f"status = {status.value}",
        }
        rows.append({**row, "ocpp": f"{V201.connector_status(status)} / {V16.connector_status(status)}"})
    return rows


def _keys(element: str) -> tuple[str, ...]:
    entity = BY_POINT.get(element)
    return (entity.key, element) if entity else (element,)


def _measurands(key: str, state: State) -> str:
    """What a CSMS is told of it."""
    if key == "energy_total":
        return ENERGY
    told = (
        name
        for name, sources in SOURCES.items()
        for each in sources
        if each.key == key and each.value(state) is not None
    )
    return ", ".join(told)


def said(dialect: Dialect, charger: str, mapping: BlueprintMapping, reading: Reading) -> list[str]:
    """The frames that a station would send of this reading."""
    now = SystemClock().now()
    station = Station(StationSetup(charger, mapping.identity, mapping.evses), {}, [], now)
    frames = []
    for evse, seen in reading.evses.items():
        state, register = snapshot(reading, evse), Register()
        register.read(state, now)
        status = Status(seen.status)
        value = MeterValue(
            station.stamp(now), samples(list(MEASURANDS), state, register.wh, "Sample.Periodic")
        )
        for message in (
            StatusNotification(evse, status, station.stamp(now), seen.error),
            MeterReport(evse, value),
        ):
            words = dialect.encode(station, message)
            if words is not None:
                frames.append(json.dumps([2, "id", *words]))
    return frames
