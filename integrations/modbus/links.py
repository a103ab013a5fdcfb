"""One worker for each physical link: a queue by priority, one request at a time, and all that can go wrong.

Theory: a request is sent, and only a reply that answers it word for word ends it; everything else is counted
and waited past. A connection that closes fails the request in hand at once. Time-outs adapt to the unit. Three
time-outs in a row drop the connection (half-open links look alive for minutes otherwise); only a good reply
resets the pause before the next connect.
"""

import asyncio
import contextlib
import heapq
import logging
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol, cast

from hub.errors import DeviceOffline
from integrations.modbus.frame import BadReply, ModbusException, Request, Splitter

log = logging.getLogger(__name__)

STOP, WRITE, KEEP_ALIVE, READ_BACK, POLL = range(5)
"""Priorities: a stop or limit before all else, polls last."""
WRITES_BEFORE_A_POLL = 8
MISSES_TO_DROP = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
FASTEST_S = 0.2
BUSY_TRIES, BUSY_PAUSE_S = 3, 0.2


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    number: int
    request: Request = field(compare=False)
    done: "asyncio.Future[list[int]]" = field(compare=False)
    tries: int = field(compare=False, default=1)


class Link(Protocol):
    """What a device asks of a wire."""

    async def ask(self, request: Request, priority: int, *, tries: int = 1) -> list[int]:
        """The reply's words. Raises DeviceOffline (no answer), ModbusException (its refusal)."""


class _Stream(asyncio.Protocol):
    """The socket of a link."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.splitter = Splitter()
        self.waiting: tuple[int, Request, asyncio.Future[list[int]]] | None = None
        self.discarded = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        raw = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)

    def data_received(self, data: bytes) -> None:
        try:
            frames = self.splitter.feed(data)
        except BadReply as error:
            self._end(str(error))
            return
        for transaction, unit, pdu in frames:
            self._frame(transaction, unit, pdu)

    def _frame(self, transaction: int, unit: int, pdu: bytes) -> None:
        if self.waiting is None or self.waiting[0] != transaction or self.waiting[2].done():
            self.discarded += 1
            return
        _, request, done = self.waiting
        try:
            done.set_result(request.read(unit, pdu))
        except BadReply as error:
            self.discarded += 1
            log.debug("a reply was discarded: %s", error)
        except ModbusException as error:
            done.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "the device closed the connection")

    def _end(self, reason: str) -> None:
        if self.transport is not None:
            self.transport.abort()
            self.transport = None
        if self.waiting and not self.waiting[2].done():
            self.waiting[2].set_exception(ConnectionError(reason))
        if not self.closed.done():
            self.closed.set_result(None)


class TcpLink:
    """A Modbus TCP connection with its queue. `run` owns it."""

    def __init__(self, host: str, port: int, *, timeout_s: float = 2.0, gap_s: float = 0.0) -> None:
        self.host, self.port = host, port
        self._timeout, self._gap = timeout_s, gap_s
        self._jobs: list[_Job] = []
        self._wake = asyncio.Event()
        self._number = 0
        self._transaction = random.randrange(1, 65536)  # noqa: S311 - no secret
        self._stream: _Stream | None = None
        self._usual: dict[int, float] = {}
        self._misses = 0
        self._writes = 0
        self._pause = FIRST_PAUSE_S
        self._next_connect = 0.0
        self.discarded = 0

    async def ask(self, request: Request, priority: int, *, tries: int = 1) -> list[int]:
        done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._jobs, _Job(priority, self._number, request, done, tries))
        self._wake.set()
        return await done

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._jobs:
                    job = self._next_job()
                    if not job.done.done():
                        await self._do(job)
        finally:
            self._drop("the hub stops")
            for job in self._jobs:
                job.done.cancel()

    def _next_job(self) -> _Job:
        """The most urgent one; after many writes a poll gets its turn."""
        if self._writes >= WRITES_BEFORE_A_POLL:
            polls = [job for job in self._jobs if job.priority == POLL]
            if polls:
                self._writes = 0
                job = min(polls)
                self._jobs.remove(job)
                heapq.heapify(self._jobs)
                return job
        job = heapq.heappop(self._jobs)
        self._writes = 0 if job.priority == POLL else self._writes + 1
        return job

    async def _do(self, job: _Job) -> None:
        error: Exception = DeviceOffline("no answer")
        for attempt in range(max(job.tries, 1)):
            try:
                words = await self._exchange(job.request, attempt)
            except ModbusException as refusal:
                error = refusal
                break
            except (OSError, TimeoutError) as failure:
                error = DeviceOffline(f"{self.host}:{self.port}: {str(failure) or 'no answer in time'}")
            else:
                if not job.done.done():
                    job.done.set_result(words)
                return
        if not job.done.done():
            job.done.set_exception(error)

    async def _exchange(self, request: Request, attempt: int) -> list[int]:
        """One request, repeated only while the device says that it is busy."""
        for turn in range(BUSY_TRIES + 1):
            try:
                return await self._send(request, attempt)
            except ModbusException as refusal:
                if refusal.code not in (5, 6) or turn == BUSY_TRIES:
                    raise
            await asyncio.sleep(BUSY_PAUSE_S)
        raise AssertionError

    async def _send(self, request: Request, attempt: int) -> list[int]:
        stream = await self._connected()
        assert stream.transport is not None
        loop = asyncio.get_running_loop()
        self._transaction = self._transaction % 65535 + 1
        done: asyncio.Future[list[int]] = loop.create_future()
        stream.waiting = (self._transaction, request, done)
        started = loop.time()
        stream.transport.write(request.encode(self._transaction))
        try:
            async with asyncio.timeout(self._patience(request.unit, attempt)):
                words = await done
        except TimeoutError:
            self._missed()
            raise
        except ModbusException:
            self._heard(request.unit, loop.time() - started)
            raise
        except OSError:
            self._drop("closed")
            raise
        finally:
            stream.waiting = None
            self.discarded += stream.discarded
            stream.discarded = 0
        self._heard(request.unit, loop.time() - started)
        if self._gap:
            await asyncio.sleep(self._gap)
        return words

    def _patience(self, unit: int, attempt: int) -> float:
        """Four times the usual reply time, at most what is configured; a second try gets all of it."""
        usual = self._usual.get(unit)
        if usual is None or attempt:
            return self._timeout
        return min(self._timeout, max(FASTEST_S, 4 * usual))

    def _heard(self, unit: int, took: float) -> None:
        self._usual[unit] = 0.9 * self._usual.get(unit, took) + 0.1 * took
        self._misses = 0
        self._pause = FIRST_PAUSE_S

    def _missed(self) -> None:
        self._misses += 1
        if self._misses >= MISSES_TO_DROP:
            self._drop("silent")

    def _drop(self, reason: str) -> None:
        stream, self._stream = self._stream, None
        self._misses = 0
        if stream is not None:
            log.debug("%s:%d: connection dropped: %s", self.host, self.port, reason)
            stream.connection_lost(None)
        loop = asyncio.get_running_loop()
        self._next_connect = loop.time() + self._pause * random.uniform(0.8, 1.2)  # noqa: S311
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    async def _connected(self) -> _Stream:
        if self._stream is not None and self._stream.transport is not None:
            return self._stream
        loop = asyncio.get_running_loop()
        if loop.time() < self._next_connect:
            raise ConnectionError("not connected")
        try:
            async with asyncio.timeout(max(self._timeout, 1.0)):
                _, stream = await loop.create_connection(_Stream, self.host, self.port)
        except (OSError, TimeoutError):
            self._drop("no connection")
            raise
        self._stream = stream
        return stream


class Links:
    """The links of a hub, shared by what speaks over the same wire."""

    def __init__(self) -> None:
        self._links: dict[tuple[int, str, int], TcpLink] = {}
        self._users: dict[tuple[int, str, int], int] = {}
        self._tasks: dict[tuple[int, str, int], asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def tcp(self, host: str, port: int, *, timeout_s: float, gap_s: float) -> AsyncIterator[TcpLink]:
        """The link to host:port for as long as it is used."""
        key = (id(asyncio.get_running_loop()), host, port)
        if key not in self._links:
            self._links[key] = TcpLink(host, port, timeout_s=timeout_s, gap_s=gap_s)
            self._tasks[key] = asyncio.create_task(self._links[key].run(), name=f"modbus {host}:{port}")
        self._users[key] = self._users.get(key, 0) + 1
        try:
            yield self._links[key]
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._links[key]
                task = self._tasks.pop(key)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


LINKS = Links()
