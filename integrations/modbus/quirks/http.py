"""One HTTP question to a charger on the local network; HTTP/1.0, so that the answer ends with the connection."""

import asyncio
import contextlib

from hub.errors import DeviceOffline, DeviceRefused, reason

MOST_BYTES = 64 * 1024
WITHIN_S = 5.0


async def exchange(host: str, port: int, path: str, body: str | None = None) -> str:
    """The answer's text; GET, or POST of `body`. Raises DeviceOffline, DeviceRefused."""
    try:
        async with asyncio.timeout(WITHIN_S):
            answer = await _exchange(host, port, _request(host, port, path, body))
    except TimeoutError as error:
        words = f"no answer from http://{host}:{port}{path} within {WITHIN_S:g} s"
        raise DeviceOffline(words) from error
    except OSError as error:
        raise DeviceOffline(f"no answer from http://{host}:{port}{path}: {reason(error)}") from error
    head, _, text = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].split()
    if len(status) < 2 or status[1] != b"200":
        told = head.split(b"\r\n")[0].decode("latin-1")
        raise DeviceRefused(f"http://{host}:{port}{path} says {told!r}")
    return text.decode("utf-8", "replace")


def _request(host: str, port: int, path: str, body: str | None) -> bytes:
    data = (body or "").encode()
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.0", f"Host: {host}:{port}"]
    if body is not None:
        lines += ["Content-Type: application/xml", f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, "", ""]).encode() + data


async def _exchange(host: str, port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        answer = bytearray()
        while (part := await reader.read(8192)) and len(answer) <= MOST_BYTES:
            answer += part
        return bytes(answer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
