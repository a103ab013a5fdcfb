"""evhub check: the configuration, and all blueprints that it uses."""

import argparse
import json

from hub.blueprint.compile import load_blueprint
from hub.clock import SystemClock
from hub.config.load import config_path, read_config
from hub.config.settings import Config
from hub.errors import BlueprintError, ConfigError, HubError
from hub.integration.api import DeviceSetup
from hub.integration.loader import load_appliance, load_codec
from hub.shipped import shipped


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("check", help="the configuration and the blueprints that it uses")
    parser.add_argument("-c", "--config", help="evhub.yaml")
    parser.add_argument("--json", action="store_true", help="problems as a JSON list")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    path = config_path(given.config)
    try:
        config, wrong = read_config(path)
        problems = [*wrong, *config.charger_problems, *blueprint_problems(config)]
        problems += device_problems(config)
    except ConfigError as error:
        config, problems = None, error.problems
    if given.json:
        print(json.dumps(problems))
    elif problems:
        print("\n".join(problems))
        print(f"{path}: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
    elif config is not None:
        print(f"{path}: good, {len(config.chargers)} charger{'s' if len(config.chargers) != 1 else ''}")
    return 1 if problems else 0


def blueprint_problems(config: Config) -> list[str]:
    problems = []
    for settings in config.chargers.values():
        try:
            load_blueprint(
                settings.blueprint,
                settings.inputs,
                (*config.blueprint_search, shipped("blueprints")),
                load_codec,
            )
        except BlueprintError as error:
            problems += [f"charger {settings.id}: {problem}" for problem in error.problems]
    return problems


def device_problems(config: Config) -> list[str]:
    """Only its integration knows what a device needs."""
    problems = []
    for settings in config.devices.values():
        setup = DeviceSetup(settings.id, None, settings.inputs, SystemClock(), config.path.parent)
        try:
            load_appliance(settings.integration)(setup)
        except HubError as error:
            problems.append(f"device {settings.id}: {error}")
    return problems
