"""When a charger has its turn.

A wake-up costs more than a charger's tick does, so ticks meet on lines of 50 ms that all chargers share; on one line
for all they would hold up whatever else is due.
"""

import zlib

TICK_S, LINE_S = 1.0, 0.05


def share(charger: str) -> float:
    """Where in a period a charger has its turn: 0 to 1, the same in each run."""
    return zlib.crc32(charger.encode()) / 2**32


def rest(charger: str, now: float) -> float:
    """Seconds until its next tick; a tick that came a little early isn't had twice."""
    line = int(share(charger) * TICK_S / LINE_S) * LINE_S
    turns = (now - line + LINE_S / 2) // TICK_S + 1
    return line + turns * TICK_S - now
