"""How the transactions of one OCPP version differ from another's."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Manners:
    """They outlive the connection: what happens before the next one is told in the same version, most likely."""

    ends_with_samples: bool = False
    """A transaction's last message carries what was sampled on the way."""
    outlasts_the_cable: bool = False
    """Without StopTxOnEVSideDisconnect no pulled cable ends a transaction, whatever TxStopPoint is."""

    def document(self) -> dict[str, bool]:
        return asdict(self)


def restored(body: Any, otherwise: Manners) -> Manners:
    known = {field.name for field in fields(Manners)}
    return Manners(**{name: told for name, told in body.items() if name in known}) if body else otherwise
