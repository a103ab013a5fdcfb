"""What is known of a token."""

from dataclasses import dataclass
from typing import Any


def same_group(one: str | None, other: str | None) -> bool:
    """Groups are tokens: they compare without case. None is nobody's."""
    return bool(one and other and one.upper() == other.upper())


@dataclass(frozen=True, slots=True)
class Verdict:
    """1.6's and 2.0.1's status word, and the group (parentIdTag)."""

    status: str
    group: str | None = None
    expires: str | None = None
    evses: tuple[int, ...] = ()
    """Where it may charge; none named: everywhere (C01.FR.19)."""
    priority: int = 0
    """chargingPriority (K03.FR.04)."""

    @property
    def accepted(self) -> bool:
        return self.status == "Accepted"

    def document(self) -> list[object]:
        return [self.status, self.group, self.expires, list(self.evses), self.priority]

    @classmethod
    def restored(cls, body: list[Any]) -> "Verdict":
        status, group, expires = body[:3]
        evses = tuple(body[3]) if len(body) > 3 else ()
        return cls(status, group, expires, evses, body[4] if len(body) > 4 else 0)
