"""What a station asks for that takes a while: downloads, uploads, installations."""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from hub.errors import HubError
from hub.model.moment import parse_time
from hub.ocpp.station.effects import Done, Download, Install, Job, Upload
from hub.ocpp.station.firmware import UNVERIFIED
from hub.ocpp.station.urls import Reach
from hub.uplink.reaching import CHUNK, Halt, TransferFailed, Way
from hub.uplink.transfer import fetch, send

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE = 4
"""Transfers of all chargers together."""


class Installer(Protocol):
    """What a person has set up for new firmware of the gateway."""

    async def install(self, file: Path, sha256: str, *, signed: bool) -> None:
        """Raises HubError: why it failed."""


class NoInstaller:
    async def install(self, file: Path, sha256: str, *, signed: bool) -> None:
        raise HubError("hub.firmware.install names no command, so that nothing can be installed")


class Diary(Protocol):
    def lines(self, charger: str, oldest: datetime | None, latest: datetime | None) -> list[str]: ...


class NoDiary:
    def lines(self, charger: str, oldest: datetime | None, latest: datetime | None) -> list[str]:
        return []


@dataclass(slots=True)
class Desk:
    """What the jobs of all chargers share."""

    folder: Path
    diary: Diary = field(default_factory=NoDiary)
    installer: Installer = field(default_factory=NoInstaller)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class Jobs:
    """Of one charger. `run` never raises but CancelledError: a job that fails says so in its Done."""

    def __init__(self, charger: str, reach: Reach, desk: Desk, host_keys: tuple[str, ...] = ()) -> None:
        self._charger, self._reach, self._desk, self._host_keys = charger, reach, desk, host_keys
        self._halts: dict[str, Halt] = {}

    def expect(self, ref: str) -> None:
        """It is run soon, and may be abandoned before."""
        self._halts[ref] = Halt()

    async def run(self, ref: str, job: Job) -> Done:
        halt = self._halts.setdefault(ref, Halt())
        try:
            async with self._desk.places:
                return await self._run(job, halt)
        except TransferFailed as error:
            log.warning("%s: %s failed: %s", self._charger, type(job).__name__.lower(), error)
            return Done(False, error.reason)
        except (HubError, OSError) as error:
            log.warning("%s: %s failed: %s", self._charger, type(job).__name__.lower(), error)
            return Done(False)
        finally:
            halt.halt()
            self._halts.pop(ref, None)

    def abandon(self, ref: str) -> None:
        """Nobody waits for it any more, and nobody needs its file."""
        halt = self._halts.get(ref)
        if halt is not None:
            halt.halt()
        if ref.startswith("firmware:"):
            self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self._desk.folder / f"{self._charger}.bin"

    async def _run(self, job: Job, halt: Halt) -> Done:
        halt.check()
        match job:
            case Download(url=url, roots=roots):
                way = Way(self._reach, roots, halt, self._host_keys)
                digest = await _aside(lambda: self._fetch(url, way))
                return Done(True, file=str(self._file), sha256=digest)
            case Upload(url=url, filename=filename, roots=roots):
                way = Way(self._reach, roots, halt, self._host_keys)
                content = self._content(job)
                await _aside(lambda: send(url, filename, content, way))
                return Done(True)
            case Install(file=file, sha256=sha256, signed=signed):
                return await self._install(Path(file), sha256, signed)

    def _fetch(self, url: str, way: Way) -> bytes:
        self._desk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{id(way):x}.part")
        try:
            digest = fetch(url, part, way)
            way.halt.check()
            part.replace(self._file)
        finally:
            part.unlink(missing_ok=True)
        return digest

    def _content(self, job: Upload) -> bytes:
        if job.text is not None:
            return job.text.encode()
        oldest, latest = (None if at is None else parse_time(at) for at in (job.oldest, job.latest))
        lines = self._desk.diary.lines(self._charger, oldest, latest)
        return (job.about + "".join(f"{line}\n" for line in lines)).encode()

    async def _install(self, file: Path, sha256: str, signed: bool) -> Done:
        if file != self._file or await asyncio.to_thread(lambda: _digest(file)) != sha256:
            return Done(False, UNVERIFIED)
        await self._desk.installer.install(file, sha256, signed=signed)
        return Done(True)


async def _aside(work: Callable[[], T]) -> T:
    """In a thread that nobody waits for when the hub ends: a name may take long to be looked up."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except (TransferFailed, OSError) as error:
            outcome.set_exception(error)
        finally:
            if not outcome.done():
                outcome.set_exception(TransferFailed("it broke"))

    outcome.set_running_or_notify_cancel()
    threading.Thread(target=run, name="transfer", daemon=True).start()
    return await asyncio.wrap_future(outcome)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
