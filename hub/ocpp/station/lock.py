"""The retention lock of a connector: nothing begins while it fails, and a CSMS is told of it (G05)."""

import re

from hub.model.charger import Status
from hub.model.entity import State

WORDS = ("lock", "locking", "unlock")
"""With which blueprints tell of a fault of it."""
FAULT = re.compile(rf"\b({'|'.join(WORDS)})\b|^ConnectorLockFailure$", re.IGNORECASE)
COMPONENT = "ConnectorPlugRetentionLock"


def failed(state: State) -> bool:
    return state.get("status") == Status.FAULTED and bool(FAULT.search(str(state.get("error_code") or "")))
