"""What passes as a payload of each version."""

from typing import Any

import pytest

from hub.ocpp.schemas import Violation, schemas


def boot(at: str) -> dict[str, Any]:
    return {"status": "Accepted", "currentTime": at, "interval": 300}


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("2026-01-01T00:00:00Z", id="as it should be"),
        pytest.param("2026-01-01T09:00:00+09:00", id="of a zone"),
        pytest.param("2026-01-01T00:00:00.1234567Z", id="seven decimals"),
        pytest.param("2026-01-01t00:00:00z", id="in small letters"),
        pytest.param("2026-01-01T00:00:00", id="without a zone"),
        pytest.param("2026-01-01T00:00:00.123456", id="without a zone, as Python writes it"),
        pytest.param("2026-01-01 00:00:00", id="with a blank"),
        pytest.param("2026-12-31T23:59:60Z", id="a leap second"),
    ],
)
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_a_time_may_be_written_as_central_systems_write_it(version: str, at: str) -> None:
    schemas(version).validate("BootNotification", "response", boot(at))


@pytest.mark.parametrize("at", ["noon", "2026-01-01", "2026-13-01T00:00:00Z", ""])
def test_what_is_no_time_is_a_violation(at: str) -> None:
    with pytest.raises(Violation, match="currentTime"):
        schemas("1.6").validate("BootNotification", "response", boot(at))
