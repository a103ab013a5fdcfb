"""A loss and its end are logged once each, and not over and over where they alternate (a disk that is nearly full)."""

GAP_S = 60.0


class Trouble:
    """Time is in monotonic seconds."""

    def __init__(self) -> None:
        self._said = False
        self._said_at = float("-inf")

    def comes(self, now: float) -> bool:
        """It failed (again): is that worth a line?"""
        if self._said or now - self._said_at < GAP_S:
            return False
        self._said, self._said_at = True, now
        return True

    def goes(self) -> bool:
        """It works: is that worth a line?"""
        said, self._said = self._said, False
        return said
