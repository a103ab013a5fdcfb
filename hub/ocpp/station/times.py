"""Times that a CSMS names."""

from datetime import datetime

from hub.model.moment import parse_time
from hub.ocpp.errors import CallError, ErrorCode


def asked(text: str | None) -> datetime | None:
    """None stays None. Raises CallError for what passes the schema and is no time all the same (a leap second)."""
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise CallError(ErrorCode.FORMAT_VIOLATION, f"{text} is no time") from error
