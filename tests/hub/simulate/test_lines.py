"""The control port: a JSON line, an answer."""

import asyncio
import contextlib
import json

from hub.simulate.lines import Lines


async def test_each_line_has_its_answer_and_nonsense_too() -> None:
    lines = Lines(lambda message: {"heard": message})
    port = await lines.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'{"do": "plug"}\nnonsense\n')
    assert json.loads(await reader.readline()) == {"heard": {"do": "plug"}}
    assert json.loads(await reader.readline())["error"].startswith("no JSON")
    await lines.close()
    assert await reader.read() == b""
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_a_line_without_an_end_ends_the_conversation() -> None:
    lines = Lines(lambda message: {})
    port = await lines.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"x" * 200_000)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await lines.close()
