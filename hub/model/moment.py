"""A point in time, in both of the senses that a rule may need."""

from datetime import UTC, datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """`mono`: monotonic seconds, for deadlines only. `wall`: aware UTC time, for what people and a CSMS read."""

    mono: float
    wall: datetime


def rfc3339(wall: datetime) -> str:
    """Three decimals and `Z`, as every CSMS takes it (interop.md A5)."""
    return wall.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """RFC 3339 with or without fraction, `Z` or an offset; a missing zone is taken as UTC. Raises ValueError."""
    wall = datetime.fromisoformat(text.upper())
    try:
        return wall.astimezone(UTC) if wall.tzinfo else wall.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is beyond all calendars") from error
