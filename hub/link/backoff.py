"""When to try again: OCPP 2.0.1 Part 4, 5.3."""

import random


class BackOff:
    """First wait = minimum + random; it doubles up to `repeat_times` times; a new random part each time."""

    def __init__(self, minimum_s: float, random_range_s: float, repeat_times: int) -> None:
        self._minimum, self._range, self._repeat = minimum_s, random_range_s, repeat_times
        self._tries = 0

    def next(self) -> float:
        wait: float = self._minimum * 2 ** min(self._tries, self._repeat)
        self._tries += 1
        return max(wait + random.uniform(0, self._range), 0.1)  # noqa: S311 - spreads load, hides nothing

    def reset(self) -> None:
        self._tries = 0
