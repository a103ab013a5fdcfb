"""When a charger is polled: on a grid that all chargers share, each on a line of its own.

A wake-up costs more than a poll does, so polls meet on the lines of the grid; and a line that everybody met on
would make the last one's values late, so each new charger takes the next line.
"""

from itertools import count

GRID_S = 0.05

_lines = count()


class Grid:
    """The turns of one charger. `line`: which one of the grid is its own; else the next that nobody has."""

    def __init__(self, line: int | None = None) -> None:
        self._phase = (next(_lines) if line is None else line) * GRID_S

    def next(self, now: float, every_s: float) -> float:
        """The first turn after `now`. Late rounds shift nothing, and missed ones aren't made up for."""
        every = max(1, round(every_s / GRID_S)) * GRID_S
        turns = (now - self._phase + GRID_S / 2) // every + 1
        return self._phase + turns * every
