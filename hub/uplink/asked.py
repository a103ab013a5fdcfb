"""Commands that wait for the station's answer."""

import asyncio
from collections.abc import Mapping

from hub.ocpp.errors import ErrorCode

Answer = tuple[Mapping[str, object] | None, ErrorCode | None, str]
"""(payload, or the error's code and description)"""


class Asked:
    """Every one is settled: by its answer, by whoever gives up waiting, or at the end."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._number = 0

    def ask(self, by: str) -> "tuple[str, asyncio.Future[Answer]]":
        """A call id that nothing else has, and where its answer will be."""
        self._number += 1
        call_id = f"cmd:{by}:{self._number}"
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = answer
        answer.add_done_callback(lambda _: self._waiting.pop(call_id, None))
        return call_id, answer

    def settle(self, call_id: str, answer: Answer) -> None:
        """Nothing happens when nobody waits any more."""
        waiting = self._waiting.get(call_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def end(self, words: str) -> None:
        for call_id in list(self._waiting):
            self.settle(call_id, (None, ErrorCode.INTERNAL_ERROR, words))
