"""`evhub`: exits 0 on success, 1 on a finding, 2 on wrong usage."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from hub import __version__
from hub.cli import blueprint, check, demo, discover, mapping, run, simulate, talk, topics
from hub.errors import HubError, reason

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
        code = int(given.work(given))
        if sys.stdout is not None:
            sys.stdout.flush()  # what Python writes at its very end, nobody can catch
        return code
    except HubError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        _let_go()
        return 128 + signal.SIGPIPE
    except OSError as error:
        _let_go()
        print(f"evhub {given.command}: {error.filename or 'output'}: {reason(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _let_go() -> None:
    """Nobody takes the output any more (`| head`, a full disk): the rest of it goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


if __name__ == "__main__":
    sys.exit(main())
