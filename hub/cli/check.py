"""evhub check: the configuration, and all blueprints that it uses."""

import argparse
import json
from collections.abc import Mapping

from hub.blueprint.compile import load_blueprint
from hub.blueprint.mapping import BlueprintMapping
from hub.clock import SystemClock
from hub.config.circuits import missing_evses, strange_keys
from hub.config.load import config_path, read_config
from hub.config.settings import Config
from hub.errors import BlueprintError, ConfigError, HubError
from hub.integration.api import DeviceSetup, Foreseen
from hub.integration.loader import load_appliance, load_codec
from hub.shipped import shipped
from hub.uplink.setup import default_problems


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("check", help="the configuration and the blueprints that it uses")
    parser.add_argument("-c", "--config", help="evhub.yaml")
    parser.add_argument("--json", action="store_true", help="problems as a JSON list")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    path = config_path(given.config)
    try:
        config, wrong = read_config(path)
        mappings, found = loaded(config)
        evses = {charger: mapping.evses for charger, mapping in mappings.items()}
        shared = missing_evses(config.circuits, evses)
        problems = [*wrong, *config.charger_problems, *found, *device_problems(config), *shared]
        use = [] if problems else wire_use(mappings)
    except ConfigError as error:
        config, problems, use = None, error.problems, []
    if given.json:
        print(json.dumps(problems))
    elif problems:
        print("\n".join(problems))
        print(f"{path}: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
    elif config is not None:
        print(f"{path}: good, {len(config.chargers)} charger{'s' if len(config.chargers) != 1 else ''}")
        print("".join(f"  {line}\n" for line in (*config.odd, *use)), end="")
    return 1 if problems else 0


def loaded(config: Config) -> tuple[dict[str, BlueprintMapping], list[str]]:
    """(the blueprints by charger, what is wrong with them)"""
    mappings, problems = {}, []
    search = (*config.blueprint_search, shipped("blueprints"))
    for settings in config.chargers.values():
        try:
            mapping = load_blueprint(settings.blueprint, settings.inputs, search, load_codec)
            wire_use({settings.id: mapping})
            mappings[settings.id] = mapping
        except BlueprintError as error:
            problems += settings.problems(error.problems)
        except HubError as error:
            problems += settings.problems([str(error)])
        problems += default_problems(settings.csms)
    return mappings, list(dict.fromkeys(problems))


def wire_use(mappings: Mapping[str, BlueprintMapping]) -> list[str]:
    """In words, how much of each wire's time the chargers need."""
    lines: list[str] = []
    for protocol in sorted({mapping.protocol for mapping in mappings.values()}):
        codec = load_codec(protocol)
        if codec is not None:
            lines += codec.use({name: each for name, each in mappings.items() if each.protocol == protocol})
    return lines


def device_problems(config: Config) -> list[str]:
    """Only its integration knows what a device needs, and what it tells."""
    problems, keys = [], {}
    for settings in config.devices.values():
        setup = DeviceSetup(settings.id, None, settings.inputs, SystemClock(), config.path.parent)
        try:
            device = load_appliance(settings.integration)(setup)
            if isinstance(device, Foreseen):
                keys[settings.id] = device.keys()
        except HubError as error:
            problems.append(f"{settings.where}: device {settings.id}: {error}")
    return [*problems, *strange_keys(config, keys)]
