"""evhub simulate modbus, echonet, csms: stand-ins on the wire."""

import argparse
import asyncio

from hub.cli import simulate_echonet, simulate_modbus
from hub.cli.simulate_modbus import address
from hub.errors import HubError, reason
from hub.simulate.csms import Csms, Settings


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("simulate", help="a charger or a CSMS on the wire")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    simulate_modbus.add(kinds)
    simulate_echonet.add(kinds)
    csms = kinds.add_parser("csms", help="a CSMS that accepts, records and complains")
    csms.add_argument("--listen", default="127.0.0.1:9100")
    csms.add_argument("--password", help="that every station must have")
    csms.set_defaults(work=lambda given: asyncio.run(_csms(given)))


async def _csms(given: argparse.Namespace) -> int:
    csms = Csms(Settings(password=given.password, joins=True), tell=lambda line: print(line, flush=True))
    host, port = address(given.listen)
    try:
        port = await csms.start(host, port)
    except OSError as error:
        raise HubError(f"{host}:{port}: {reason(error)}") from error
    print(f"ws://{host}:{port}/<identity> takes OCPP 2.0.1 and 1.6. Ctrl-C ends it.")
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await csms.close()
    return 0
