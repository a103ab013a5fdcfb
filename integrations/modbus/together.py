"""Several points in one write request."""

import itertools

from hub.blueprint.mapping import BlueprintMapping, Together
from integrations.modbus.codec import encode
from integrations.modbus.frame import Request, write_request
from integrations.modbus.spans import span


def together(mapping: BlueprintMapping, step: Together, evse: int) -> Request:
    """Raises ValueError for points that don't lie side by side, and for what a type can't hold."""
    items = [span(mapping, write.point, 0 if write.point.shared else evse) for write in step.writes]
    words = [encode(write.point.keys, write.raw) for write in step.writes]
    for before, after in itertools.pairwise(items):
        if (before.unit, before.table, before.end) != (after.unit, after.table, after.address):
            raise ValueError(
                f"{after.element} doesn't follow {before.element}: they can't be written together"
            )
    first = items[0]
    return write_request(first.unit, first.table, first.address, [w for part in words for w in part], "fc16")
