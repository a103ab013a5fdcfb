"""evhub run: the hub, in the foreground."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from hub.app import run_hub
from hub.config.kept import load_or_last_good
from hub.config.load import config_path
from hub.config.settings import Config


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("run", help="the hub, in the foreground")
    parser.add_argument("-c", "--config", help="evhub.yaml (else EVHUB_CONFIG, /etc/evhub, here, ./config)")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    config = load_or_last_good(config_path(given.config))
    run_loop(lambda: _run(config))
    return 0


def run_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """On uvloop where it is installed: it halves the cost of sockets."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())


async def _run(config: Config) -> None:
    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    await run_hub(config, stop, reload)
