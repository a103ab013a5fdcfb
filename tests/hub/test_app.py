"""The composition root as the command runs it."""

import subprocess
import sys
from pathlib import Path

RUN = """
import asyncio, gc, sys
from pathlib import Path
from hub.app import run_hub
from hub.config.load import load_config

async def main():
    stop = asyncio.Event()
    stop.set()
    await run_hub(load_config(Path(sys.argv[1])), stop, asyncio.Event())

asyncio.run(main())
print(gc.get_freeze_count() > 10_000)
"""


def test_the_collector_looks_no_more_at_what_the_start_made(tmp_path: Path) -> None:
    config = tmp_path / "evhub.yaml"
    config.write_text("hub: {state_dir: state}\nmqtt: {listen: '127.0.0.1:0'}\nchargers: {}\n")
    ran = subprocess.run([sys.executable, "-c", RUN, str(config)], capture_output=True, text=True)
    assert ran.stdout.endswith("True\n"), ran.stderr
