"""A charger that only counts its sessions has a register on the bus, and keeps it."""

from pathlib import Path

from hub.simulate.ev import Car
from tests.e2e.world import World


async def test_a_terra_ac_has_a_total_that_outlives_sessions_and_the_hub(tmp_path: Path) -> None:
    free = ", tokens: {free: true}"
    async with World(tmp_path, {"garage": ("abb/terra_ac", {}, free)}, csms=False) as world:
        totals = []
        for session in (1, 2):
            world.chargers["garage"].plug(Car(needs_wh=2_000))
            await world.until(
                lambda so_far=session: (world.state("garage", "energy_total") or 0) > 2 * so_far - 0.1
            )
            world.chargers["garage"].unplug()
            await world.until(lambda: world.status("garage") == "available")
            totals.append(world.state("garage", "energy_total"))
        await world.stop_hub()
        await world.start_hub()
        await world.until(lambda: world.state("garage", "energy_total") is not None)
        totals.append(world.state("garage", "energy_total"))
        assert totals == sorted(totals)
        assert 3.9 <= totals[-1] <= 4.1
