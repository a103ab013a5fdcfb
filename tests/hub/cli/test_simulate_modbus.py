"""The options of `evhub simulate modbus`, and what it serves."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli import simulate_modbus
from hub.errors import HubError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simulate_modbus.add(parser.add_subparsers(required=True))
    return parser.parse_args(["modbus", *words])


@pytest.mark.parametrize("text", ["nonsense", ":", "h:99999"])
def test_bad_addresses_are_refused(text: str) -> None:
    with pytest.raises(HubError):
        simulate_modbus.address(text)


def test_bad_inputs_are_refused() -> None:
    with pytest.raises(HubError):
        simulate_modbus.inputs(["host"])
    assert simulate_modbus.inputs(["a=1", "b=x"]) == {"a": 1, "b": "x"}
    with pytest.raises(HubError):
        simulate_modbus.simulated("keba/p31", {}, speed=1)


@pytest.mark.parametrize("text", ["drop", "drop=x", "drop=2", "nonsense=1"])
async def test_bad_faults_are_refused(text: str) -> None:
    with pytest.raises(HubError, match="--faults"):
        await simulate_modbus.serve(parsed("keba/p30", "--faults", text))


async def test_an_address_that_is_taken_is_told() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(HubError, match=f"127.0.0.1:{port}"):
        await simulate_modbus.serve(parsed("keba/p30", "--listen", f"127.0.0.1:{port}"))
    taken = parsed("keba/p30", "--listen", "127.0.0.1:0", "--control", f"127.0.0.1:{port}")
    with pytest.raises(HubError, match="--control"):
        await simulate_modbus.serve(taken)
    server.close()
    await server.wait_closed()


async def test_it_is_served_on_a_terminal_and_steered_by_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "tty"
    words = ("kse/wbx16", "--pty", str(link), "--control", "127.0.0.1:0", "--no-cars")
    serving = asyncio.create_task(simulate_modbus.serve(parsed(*words)))
    shown = ""
    async with asyncio.timeout(10):
        while "JSON lines" not in shown:
            await asyncio.sleep(0)
            shown += capsys.readouterr().out
    assert link.readlink().exists()
    port = int(shown.rpartition(":")[2].strip(" .\n"))
    assert await told(port, {"do": "plug", "needs_wh": 5000}) == {"ok": True}
    state = await told(port, {"do": "state"})
    assert state["state"] == "charging"
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert not link.is_symlink()


async def told(port: int, message: object) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(json.dumps(message).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return answer
