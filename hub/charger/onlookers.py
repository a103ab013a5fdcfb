"""Who is told when the lowest limit of anybody but the CSMS has changed."""

from collections.abc import Callable, Mapping

from hub.charger.evse import Evse
from hub.charger.limits import Outside

LimitWatcher = Callable[[int, Outside | None], None]


class Onlookers:
    """Of one charger's EVSEs."""

    def __init__(self, evses: Mapping[int, Evse]) -> None:
        self._evses = evses
        self._watchers: list[LimitWatcher] = []
        self._told: dict[int, Outside | None] = {}

    def watch(self, watcher: LimitWatcher) -> Callable[[], None]:
        """Called at once where there is such a limit, and whenever there is another one or none any more."""
        self._watchers.append(watcher)
        for number, evse in self._evses.items():
            self._told[number] = outside = evse.outside()
            if outside is not None:
                watcher(number, outside)
        return lambda: self._watchers.remove(watcher)

    def tell(self, number: int) -> None:
        outside = self._evses[number].outside()
        if outside != self._told.get(number):
            self._told[number] = outside
            for watcher in self._watchers:
                watcher(number, outside)
