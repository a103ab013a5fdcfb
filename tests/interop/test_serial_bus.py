"""25 units on a serial bus that loses frames which come too early, in a process of their own with the timing of the
baud rate (tests/bench/serial_units.c): no silence is cut short, whatever the loop, and hardly any time is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest

from integrations.modbus.address import SerialAddress
from integrations.modbus.timing import line_of
from tests.bench import bus

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    return bus.built(tmp_path_factory.mktemp("units"))


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
@pytest.mark.parametrize(("baudrate", "stop_s"), [(9600, 0.12), (19200, 0.06), (115200, 0.04)])
def test_silences_are_kept_and_no_longer_than_needed(
    program: Path, loops: str, baudrate: int, stop_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "MEASURE_S", 5.0)
    runner = asyncio.Runner(loop_factory=pytest.importorskip(loops).new_event_loop)
    with runner:
        found = runner.run(bus.measured(program, baudrate, 0.005))
    line = line_of(SerialAddress("", baudrate=baudrate))
    assert (found.early, found.wrong) == (0, 0)
    assert found.of_possible(line, 0.005) > 0.9, "of the arithmetic, on a machine that others may use"
    assert sorted(found.stops_s)[-2] < stop_s
