"""The supervisor: a broken part is started again, a finished one isn't."""

import pytest

from hub.tasks import supervise


async def test_a_part_that_breaks_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    async def part() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ValueError("broken")

    await supervise("part", part, first_s=0.001, most_s=0.002)
    assert len(runs) == 3
    assert "part failed" in caplog.text
