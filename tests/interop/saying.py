"""A plugin of pytest: what stations say in the tests goes to the file that EVHUB_SAID names, a JSON line each.

["2.0.1", "CALL", action, payload] and ["2.0.1", "CALLRESULT", action, payload]
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import orjson
import pytest

from tests.hub.ocpp.world import World


class Said:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._known: set[bytes] = set()
        self._answer, self._ask = World._answer, World.ask

    def note(self, version: str, kind: str, action: str, payload: Mapping[str, Any]) -> None:
        """Once each."""
        line = orjson.dumps([version, kind, action, payload]) + b"\n"
        if line not in self._known:
            self._known.add(line)
            self._file.write(line)

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        said = self

        def answer(world: World) -> None:
            if world.outstanding is not None:
                _, action, payload = world.outstanding
                said.note(world.version, "CALL", action, payload)
            said._answer(world)

        def ask(world: World, action: str, payload: Mapping[str, Any], *, cmd: bool = False) -> Any:
            reply = said._ask(world, action, payload, cmd=cmd)
            if isinstance(reply, dict):
                said.note(world.version, "CALLRESULT", action, reply)
            return reply

        patch.setattr(World, "_answer", answer)
        patch.setattr(World, "ask", ask)


@pytest.fixture(autouse=True, scope="session")
def said() -> Any:
    with Path(os.environ["EVHUB_SAID"]).open("ab") as file, pytest.MonkeyPatch.context() as patch:
        Said(file).listen(patch)
        yield
