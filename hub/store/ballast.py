"""Space held back on the disk: when it is full, giving this up lets the last acknowledgements still be written."""

import contextlib
import os
import shutil
from pathlib import Path

BYTES = 8 * 1024 * 1024
ROOM = 4 * BYTES
"""Only a disk with this much free gets its ballast again."""


class Ballast:
    """A file without content. Neither method raises: a hub without ballast is still a hub."""

    def __init__(self, path: Path, size: int = BYTES) -> None:
        self._path, self._size = path, size

    def load(self) -> None:
        """Takes the space, unless it has it or the disk is too full for it."""
        with contextlib.suppress(OSError):
            if self._path.exists() or shutil.disk_usage(self._path.parent).free < ROOM:
                return
            handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)

    def drop(self) -> bool:
        """Gives the space back. False: there was none left."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
