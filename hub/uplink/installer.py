"""New firmware of the gateway: the hub runs a command that a person has set up, and nothing else."""

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Sequence
from pathlib import Path

from hub.errors import HubError, reason

log = logging.getLogger(__name__)

LONGEST_S = 1800.0


class CommandInstaller:
    """`command` gets the file's path and its SHA-256 as last arguments; 0 means installed.

    All stations of a hub may be told to update: the same file is installed once.
    """

    def __init__(self, command: Sequence[str], *, unsigned: bool, longest_s: float = LONGEST_S) -> None:
        self._command, self._unsigned, self._longest_s = tuple(command), unsigned, longest_s
        self._installed: str | None = None
        self._one = asyncio.Lock()

    async def install(self, file: Path, sha256: str, *, signed: bool) -> None:
        """Raises HubError."""
        if not signed and not self._unsigned:
            raise HubError("the firmware isn't signed, and hub.firmware.unsigned doesn't allow that")
        async with self._one:
            if self._installed != sha256:
                await self._run(file, sha256)
                self._installed = sha256

    async def _run(self, file: Path, sha256: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(file), sha256, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
            )
        except OSError as error:
            raise HubError(f"{self._command[0]} can't be run: {reason(error)}") from error
        said = await self._said(process)
        for line in said.decode("utf-8", "replace").splitlines()[-20:]:
            log.info("firmware: %s", line)
        if process.returncode != 0:
            raise HubError(f"{self._command[0]} ended with {process.returncode}")

    async def _said(self, process: Process) -> bytes:
        try:
            async with asyncio.timeout(self._longest_s):
                return (await process.communicate())[0]
        except TimeoutError as error:
            raise HubError(f"{self._command[0]} took longer than {self._longest_s:.0f} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
