"""The Local Authorization List: what the CSMS has sent of it, and its version (D01, D02; 1.6: 3.5.2, 5.10, 5.15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.ocpp.station.effects import Durable, Keep
from hub.ocpp.station.messages import Token
from hub.ocpp.station.variables import Variables
from hub.ocpp.station.verdict import Verdict

NO_LIST = 0
"""The version while the CSMS has sent none (D02.FR.02)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of an update; `verdict` None: away with it (D01.FR.17)."""

    token: Token
    verdict: Verdict | None


class LocalList:
    """`kept`: what `Keep("local_list", ...)` kept."""

    def __init__(self, variables: Variables, kept: Mapping[str, Any], version: int) -> None:
        self._variables = variables
        self._entries = {key: Verdict.restored(body) for key, body in kept.items()}
        self._version = version

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def enabled(self) -> bool:
        return self._variables.bool("LocalAuthListEnabled")

    @property
    def version(self) -> int:
        """0 while there is none, or it is switched off (D02.FR.03)."""
        return self._version if self.enabled else NO_LIST

    def get(self, token: Token) -> Verdict | None:
        return self._entries.get(token.key) if self.enabled else None

    def update(
        self, version: int, entries: Sequence[Entry], *, full: bool, least: int = NO_LIST + 1
    ) -> tuple[str, list[Durable]]:
        """Accepted, Failed or VersionMismatch, and what is to be kept; all of it or nothing. `least`: a version."""
        if not self.enabled or version < least:  # D01.FR.18
            return "Failed", []
        if not full and version <= self._version:  # D01.FR.19
            return "VersionMismatch", []
        if not self._good(entries, full):
            return "Failed", []
        before = self._entries
        after = {} if full else dict(before)
        for entry in entries:
            if entry.verdict is None:
                after.pop(entry.token.key, None)
            else:
                after[entry.token.key] = entry.verdict
        if len(after) > self._variables.int("LocalAuthListEntries"):
            return "Failed", []
        self._entries, self._version = after, version
        changes: list[Durable] = [Keep("local_list", key, None) for key in before if key not in after]
        changes += [
            Keep("local_list", key, verdict.document())
            for key, verdict in after.items()
            if before.get(key) != verdict
        ]
        return "Accepted", [*changes, Keep("counter", "local_list", version)]

    def _good(self, entries: Sequence[Entry], full: bool) -> bool:
        """No token twice (D01.FR.06), not too many at once (D01.FR.11), and a full list removes nobody."""
        return (
            len({entry.token.key for entry in entries}) == len(entries)
            and len(entries) <= self._variables.int("ItemsPerSendLocalList")
            and not (full and any(entry.verdict is None for entry in entries))
        )
