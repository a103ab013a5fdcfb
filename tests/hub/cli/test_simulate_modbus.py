"""`evhub simulate modbus`: on TCP or a pseudo terminal, with its control port."""

import argparse
import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator

import pytest

from hub.cli import simulate_modbus
from hub.errors import HubError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simulate_modbus.add(parser.add_subparsers(required=True))
    return parser.parse_args(["modbus", *words])


@contextlib.asynccontextmanager
async def told(capsys: pytest.CaptureFixture[str], *words: str) -> AsyncIterator[str]:
    """What it says once it is there."""
    serving = asyncio.create_task(simulate_modbus.serve(parsed(*words, "--control", "127.0.0.1:0")))
    text = ""
    async with asyncio.timeout(10):
        while "control:" not in text:
            await asyncio.sleep(0.01)
            text += capsys.readouterr().out
    yield text
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_it_obeys_its_control_port(capsys: pytest.CaptureFixture[str]) -> None:
    async with told(capsys, "keba/p30", "--listen", "127.0.0.1:0", "--no-cars") as text:
        port = int(re.findall(r"control: 127.0.0.1:(\d+)", text)[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b'{"do": "plug"}\n')
        assert json.loads(await reader.readline())["state"]["1"]["state"] == "charging"
        writer.close()


async def test_a_serial_one_says_which_port_to_use(capsys: pytest.CaptureFixture[str]) -> None:
    async with told(capsys, "abl/emh1", "--serial", "--baudrate", "38400") as text:
        assert re.search(r"served on /dev/pts/\d+ \(ascii, 38400 baud\)", text)


async def test_where_it_cannot_listen_is_said() -> None:
    with pytest.raises(HubError, match="expected host:port"):
        await simulate_modbus.serve(parsed("keba/p30", "--listen", "nowhere"))
    with pytest.raises(HubError, match="name=value"):
        await simulate_modbus.serve(parsed("keba/p30", "--input", "x"))
