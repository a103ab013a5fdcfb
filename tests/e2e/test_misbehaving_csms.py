"""A hub against a CSMS of another hand that loses, delays, doubles, refuses and talks nonsense: nothing is lost."""

from pathlib import Path

import pytest

from hub.simulate.ev import Car
from tests.e2e.strict import StrictCsms
from tests.e2e.world import World

FAULTS = (
    *("close", "abort", "close_after", "error", "silent", "late", "garbage", "flood", "twice"),
    *("overdue", "types", "extra", "half", "pieces", "strangers", "binary", "huge"),
)
DEFAULTS = {
    "ocpp2.0.1": "MessageTimeout: 1, MessageAttemptInterval: 0",
    "ocpp1.6": "MessageTimeout: 1, TransactionMessageRetryInterval: 0",
}


def world(folder: Path, version: str, csms: StrictCsms) -> World:
    again = "RetryBackOffWaitMinimum: 0, RetryBackOffRandomRange: 0, TxUpdatedInterval: 1, MeterValueSampleInterval: 1"
    more = f", csms: {{versions: [{version}], defaults: {{{again}, {DEFAULTS[version]}}}}}, tokens: {{free: true}}"
    made = World(folder, {"garage": ("keba/p30", {}, more)})
    made.csms = csms  # type: ignore[assignment]
    return made


@pytest.mark.parametrize("version", DEFAULTS)
@pytest.mark.parametrize("faults", [(), FAULTS], ids=["well-behaved", "all faults"])
async def test_each_transaction_arrives_whole(tmp_path: Path, version: str, faults: tuple[str, ...]) -> None:
    await two_sessions(tmp_path, version, StrictCsms(faults, share=0.4))


@pytest.mark.soak
@pytest.mark.parametrize("version", DEFAULTS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(5))
async def test_each_fault_by_itself_loses_nothing(
    tmp_path: Path, version: str, fault: str, seed: int
) -> None:
    await two_sessions(tmp_path, version, StrictCsms((fault,), seed=seed, share=0.6))


async def two_sessions(folder: Path, version: str, csms: StrictCsms) -> None:
    faults = csms.faults
    async with world(folder, version, csms) as hub:
        garage = hub.chargers["garage"]
        await hub.until(lambda: hub.status("garage") == "available" and csms.stations)
        for _ in range(2):
            garage.plug(Car(needs_wh=400))
            await hub.until(lambda: hub.status("garage") == "suspended_ev")
            garage.unplug()
            await hub.until(lambda: hub.status("garage") == "available")
        csms.faults = ()
        await hub.until(lambda: len(csms.transactions) == 2 and csms.complete, 30)
    assert bool(csms.committed) == bool(faults)
    assert csms.violations == []


@pytest.mark.parametrize("version", DEFAULTS)
async def test_nothing_is_said_before_the_csms_has_accepted(tmp_path: Path, version: str) -> None:
    csms = StrictCsms()
    csms.boot_answers = ["Rejected", "Pending", "Accepted"]
    async with world(tmp_path, version, csms) as hub:
        await hub.until(lambda: hub.status("garage") == "available" and csms.stations)
        hub.chargers["garage"].plug(Car(needs_wh=300))
        await hub.until(lambda: hub.status("garage") == "suspended_ev")
        hub.chargers["garage"].unplug()
        await hub.until(lambda: csms.complete, 30)
    assert csms.boots == 3
    assert csms.violations == []
