"""Times as others write them."""

import pytest

from hub.model.moment import parse_time, rfc3339


@pytest.mark.parametrize("text", ["2026-01-01T02:00:00+02:00", "2026-01-01t00:00:00z", "2026-01-01T00:00:00"])
def test_a_time_is_utc_whatever_its_zone(text: str) -> None:
    assert rfc3339(parse_time(text)) == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z"]
)
def test_a_time_that_no_calendar_has_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"calendars|day"):
        parse_time(text)
