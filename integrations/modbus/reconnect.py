"""When a wire that was lost is opened again: after a pause that doubles each time, until somebody answers."""

import random

FIRST_S, LONGEST_S = 0.5, 30.0


class Reconnect:
    """`least_s`: what its device needs in any case."""

    def __init__(self, least_s: float = 0.0) -> None:
        self.held_off = least_s > FIRST_S
        self.at = 0.0
        self._first_s = max(FIRST_S, least_s)
        self._pause_s = self._first_s

    def lost(self, now: float) -> None:
        # Chargers behind one switch don't all come at once.
        self.at = now + self._pause_s * random.uniform(1.0, 1.3)  # noqa: S311 - no secret
        self._pause_s = max(self._first_s, min(self._pause_s * 2, LONGEST_S))

    def answered(self) -> None:
        self._pause_s = self._first_s
