"""The options of `evhub simulate echonet`, and what it serves."""

import argparse
import asyncio
import contextlib
import os

import pytest

from hub.cli import simulate_echonet
from hub.errors import HubError

HOST = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.251"


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simulate_echonet.add(parser.add_subparsers(required=True))
    return parser.parse_args(["echonet", *words])


def test_the_make_and_the_network_are_as_they_were_asked_for() -> None:
    words = "--kind v2h --count 100 --no-meter --limits power --lag 2 --reject DA,eb --loss 0.1 --most 4"
    simulator = simulate_echonet.build(parsed(*words.split()))
    objects = simulator.node.objects
    assert list(objects)[::99] == [0x027E01, 0x027E64]
    traits = objects[0x027E01].traits
    assert (traits.meter, traits.limits, traits.lag_s) == (False, {0xEB}, 2.0)
    assert traits.rejects == {0xDA, 0xEB}
    assert (simulator.node.faults.loss, simulator.node.faults.most) == (0.1, 4)


@pytest.mark.parametrize("words", [("--reject", "7"), ("--reject", "xyz"), ("--loss", "2"), ("--loss", "x")])
def test_what_makes_no_sense_is_wrong_usage(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(*words)
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--count", "200"), ("--host", "nowhere")])
def test_what_cannot_be_is_said(words: tuple[str, str]) -> None:
    with pytest.raises(HubError):
        simulate_echonet.build(parsed(*words))


async def test_cars_come_and_the_node_moves_on(capsys: pytest.CaptureFixture[str]) -> None:
    given = parsed("--host", HOST, "--speed", "1000", "--move", "0.2")
    work = asyncio.create_task(simulate_echonet.serve(given))
    said = ""
    async with asyncio.timeout(10):
        while "plugs in" not in said or "moved to" not in said:
            await asyncio.sleep(0.05)
            said += capsys.readouterr().out
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    assert said.startswith(f"1 x 02A1 on {HOST}:3610")
