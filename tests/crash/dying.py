"""evhub, killed by itself at its Nth commit: `python -m tests.crash.dying N before|after CONFIG`; N 0: it lives, and
writes the number of its commits into `commits` beside the configuration."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from hub.cli.main import main
from hub.store import database


def arm(fatal: int, moment: str, count: Path) -> None:
    commit = database._commit
    done = 0

    def dying(*work: Any) -> Any:
        nonlocal done
        done += 1
        fresh = count.with_suffix(".new")  # whoever reads it finds the whole number
        fresh.write_text(str(done), encoding="utf-8")
        fresh.replace(count)
        if done == fatal and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = commit(*work)
        if done == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    database._commit = dying


if __name__ == "__main__":
    number, when, config = sys.argv[1:]
    arm(int(number), when, Path(config).with_name("commits"))
    sys.exit(main(["run", "-c", config]))
