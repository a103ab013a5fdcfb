"""evhub simulate echonet: stand-in chargers on UDP 3610 of an address of this machine."""

import argparse
import asyncio
import ipaddress
from importlib import import_module
from typing import Any

from hub.errors import HubError, reason
from hub.integration.loader import manifests
from hub.simulate.traffic import Habits, Traffic

PROTOCOL = "echonet_lite"
CLASSES = {"charger": 0x02A1, "v2h": 0x027E}
LIMITS = {"both": {0xEB, 0xED}, "power": {0xEB}, "current": {0xED}, "none": set[int]()}
STEP_S = 0.2


def add(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser(PROTOCOL.partition("_")[0], help="ECHONET Lite chargers behind one address")
    add_site(parser)
    add_make(parser)
    add_network(parser)
    parser.set_defaults(work=lambda given: asyncio.run(serve(given)))


def add_site(parser: argparse.ArgumentParser) -> None:
    site = parser.add_argument_group("the site")
    site.add_argument("--host", default="127.0.0.21", help="an address of this machine (default: 127.0.0.21)")
    site.add_argument("--count", type=int, default=1, help="chargers behind it, 1 to 127")
    site.add_argument("--kind", choices=sorted(CLASSES), default="charger")
    site.add_argument("--speed", type=float, default=1.0, help="seconds of the cars' life in a second")
    site.add_argument("--car", type=float, default=10.0, metavar="KWH", help="what a car needs")
    site.add_argument("--every", type=float, default=60.0, metavar="S", help="until the next car comes")
    site.add_argument("--no-cars", action="store_true", help="nobody comes")


def add_make(parser: argparse.ArgumentParser) -> None:
    make = parser.add_argument_group("the make")
    make.add_argument("--release", default="R", help="of the appendix that it follows, as a letter")
    make.add_argument("--limits", choices=sorted(LIMITS), default="both", help="which can be set: EB, ED")
    make.add_argument("--no-meter", action="store_true", help="neither D3 nor D8")
    make.add_argument("--no-soc", action="store_true", help="E4, E2, D0 and E6 have nothing to say")
    make.add_argument("--confirm", action="store_true", help="only CD = 10 finds the car")
    make.add_argument("--stays", action="store_true", help="it stays in the mode `charge` with a full car")
    make.add_argument("--others", action="store_true", help="the mode `charge` reads back as `other`")
    make.add_argument("--lag", type=float, default=0.0, metavar="S", help="until a mode comes into effect")
    make.add_argument("--reject", type=epcs, default=frozenset(), metavar="EPC,...", help="refused")
    make.add_argument("--ignore", type=epcs, default=frozenset(), metavar="EPC,...", help="without effect")


def add_network(parser: argparse.ArgumentParser) -> None:
    network = parser.add_argument_group("the network")
    network.add_argument("--loss", type=share, default=0.0, help="of what it sends, 0 to 1")
    network.add_argument("--twice", type=share, default=0.0, help="of what it sends, 0 to 1")
    network.add_argument("--delay", type=float, default=0.0, metavar="S")
    network.add_argument("--jitter", type=float, default=0.0, metavar="S")
    network.add_argument("--garbage", type=float, default=0.0, metavar="S", help="nonsense so often")
    network.add_argument("--most", type=int, default=255, metavar="N", help="properties in one answer")
    network.add_argument("--quiet", action="store_true", help="no announcements: multicast is broken")
    network.add_argument("--move", type=float, default=0.0, metavar="S", help="to the next address so often")
    network.add_argument("--seed", type=int, default=0)


def epcs(text: str) -> frozenset[int]:
    try:
        found = frozenset(int(part, 16) for part in text.split(",") if part)
    except ValueError:
        found = frozenset({-1})
    if not all(0x80 <= epc <= 0xFF for epc in found):
        raise argparse.ArgumentTypeError(f"{text!r}: expected EPCs such as DA,EB")
    return found


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0 to 1")
    return value


def build(given: argparse.Namespace) -> Any:
    """The simulator. Raises HubError."""
    module = import_module(f"{manifests()[PROTOCOL]}.simulator")
    traits = module.Traits(
        class_code=CLASSES[given.kind],
        release=given.release.upper(),
        limits=frozenset(LIMITS[given.limits]),
        meter=not given.no_meter,
        soc=not given.no_soc,
        confirms=given.confirm,
        lag_s=given.lag,
        rejects=given.reject,
        ignores=given.ignore,
        stays=given.stays,
        others=given.others,
    )
    faults = module.Faults(
        loss=given.loss,
        twice=given.twice,
        delay_s=given.delay,
        jitter_s=given.jitter,
        garbage_s=given.garbage,
        most=given.most,
        quiet=given.quiet,
    )
    try:
        return module.site(
            given.host, given.count, traits=traits, faults=faults, speed=given.speed, seed=given.seed
        )
    except OSError as error:
        raise HubError(f"{given.host}: {reason(error)}") from error
    except ValueError as error:
        raise HubError(f"{given.host}: {error}") from error


async def serve(given: argparse.Namespace) -> int:
    simulator = build(given)
    simulator.open()
    print(
        f"{given.count} x {CLASSES[given.kind]:04X} on {given.host}:3610, "
        f"identification {simulator.node.identification.hex().upper()}. Ctrl-C ends it.",
        flush=True,
    )
    places = {f"{eoj:06X}": each for eoj, each in simulator.node.objects.items()}
    traffic = Traffic({} if given.no_cars else places, Habits(given.car * 1000, given.every))
    moves_in = given.move
    try:
        while True:
            await asyncio.sleep(STEP_S)
            for words in traffic.pass_time(STEP_S * given.speed):
                print(words, flush=True)
            simulator.pass_time(STEP_S)
            moves_in -= STEP_S
            if given.move and moves_in <= 0:
                moves_in = given.move
                move(simulator)
    finally:
        simulator.close()


def move(simulator: Any) -> None:
    """To the next address."""
    host = str(ipaddress.ip_address(simulator.host) + 1)
    simulator.move(host)
    print(f"it has moved to {host}", flush=True)
