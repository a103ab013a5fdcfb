"""What is wrong with a circuit, told once when it lasts, and once when it is over."""

from collections.abc import Iterator

LASTS_S = 10.0
"""A moment's trouble is none: a charger that was just taken in offers all it has until it is told."""


class Troubles:
    """`heed` whenever it may have changed."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()

    def heed(self, circuit: str, trouble: str, is_so: bool, now: float) -> Iterator[str]:
        """What has to be told."""
        key = (circuit, trouble)
        if not is_so:
            self._since.pop(key, None)
            if key in self._told:
                self._told.discard(key)
                yield f"{trouble}_no_more"
        elif key not in self._told and now - self._since.setdefault(key, now) >= LASTS_S:
            self._told.add(key)
            yield trouble

    def due(self) -> Iterator[float]:
        """When to look again."""
        return (since + LASTS_S for key, since in self._since.items() if key not in self._told)
