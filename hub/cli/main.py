"""`evhub`: exits 0 on success, 1 on a finding, 2 on wrong usage."""

import argparse
import sys
from collections.abc import Sequence

from hub import __version__
from hub.cli import blueprint, check, demo, discover, mapping, run, simulate, talk, topics
from hub.errors import HubError

COMMANDS = (run, demo, check, mapping, blueprint, simulate, discover, talk, topics)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="evhub", description="Every EV charger on one bus, on MQTT, and at your CSMS."
    )
    top.add_argument("--version", action="version", version=f"evhub {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    try:
        return int(given.work(given))
    except HubError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
