"""What outlives the hub: what each EVSE may be drawing, and the limits that somebody has set for a circuit."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson

from hub.circuits.circuit import Circuit
from hub.circuits.shares import Leaf
from hub.errors import StoreError
from hub.model.moment import Moment
from hub.store.database import Database, Statement

log = logging.getLogger(__name__)

SHARE = "share"
OWN = "circuit"
"""Instead of a charger's id, which can't be this one."""
PUT_SHARE = "INSERT OR REPLACE INTO station VALUES (?, ?, ?, ?)"
DROP_SHARE = "DELETE FROM station WHERE charger=? AND kind=? AND key=?"
PUT_LIMIT = "INSERT OR REPLACE INTO limits VALUES (?, 0, ?, ?)"
DROP_LIMIT = "DELETE FROM limits WHERE charger=? AND evse=0 AND source=?"


@dataclass(frozen=True, slots=True)
class Share:
    """`given_a`: what it was to have. `held_a`: what it may have been drawing, as far as that wasn't proven yet.

    `phases`: its own, as far as its car has shown them.
    """

    given_a: float
    held_a: float
    phases: tuple[int, ...] = ()


class Kept:
    """`shares`: what is known of each EVSE, and on disk but for what `_owed` names."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.shares: dict[Leaf, Share] = {}
        self._owed: set[Leaf] = set()

    async def read(self) -> None:
        """Raises StoreError."""
        sql = "SELECT key, CAST(body AS BLOB) FROM station WHERE charger=? AND kind=?"
        for key, body in await self._database.read(sql, (OWN, SHARE)):
            charger, _, evse = key.rpartition("/")
            given, held, phases = (_json(body).get(name) for name in ("given_a", "held_a", "phases"))
            if evse.isdecimal() and isinstance(given, int | float) and isinstance(held, int | float):
                used = tuple(phases) if isinstance(phases, list) else ()
                self.shares[charger, int(evse)] = Share(float(given), float(held), used)
            else:
                log.error("circuits: what %s was given can't be read any more", key)

    async def keep(self, shares: Mapping[Leaf, Share]) -> None:
        """On disk when it returns, so that the next hub counts with it. A full disk stops nobody's charging."""
        changed = {leaf for leaf, share in shares.items() if share != self.shares.get(leaf)}
        if not (changed or self._owed):
            return
        self.shares.update(shares)
        failed, owed = bool(self._owed), self._owed | changed
        rows: list[Statement] = [
            (PUT_SHARE, (OWN, SHARE, _key(leaf), orjson.dumps(self.shares[leaf]).decode())) for leaf in owed
        ]
        try:
            await self._database.write(rows)
        except StoreError as error:
            self._owed = owed
            if not failed:
                log.error("circuits: what the chargers are given can't be kept: %s", error)
        else:
            self._owed = set()

    async def drop(self, leaves: Collection[Leaf]) -> None:
        """Only these are on a circuit: what the others may be drawing, nobody follows any more."""
        gone = self.shares.keys() - leaves
        for leaf in gone:
            del self.shares[leaf]
        self._owed -= gone
        await self._tidy([(DROP_SHARE, (OWN, SHARE, _key(leaf))) for leaf in gone])

    async def restore(self, circuit: Circuit, now: Moment) -> None:
        """The limits that were set for it. Raises StoreError."""
        sql = "SELECT source, CAST(body AS BLOB) FROM limits WHERE charger=? AND evse=0"
        for source, body in await self._database.read(sql, (_owner(circuit.settings.id),)):
            try:
                circuit.limits.restore(source, _json(body), now)
            except ValueError as error:
                log.error("circuit %s: the limit of %s can't be used: %s", circuit.settings.id, source, error)

    async def limit(self, circuit: Circuit, source: str, now: Moment) -> None:
        """Raises StoreError."""
        owner, body = _owner(circuit.settings.id), circuit.held(source, now)
        if body is None:
            await self._database.write([(DROP_LIMIT, (owner, source))])
        else:
            await self._database.write([(PUT_LIMIT, (owner, source, orjson.dumps(body).decode()))])

    async def forget(self, circuit: str) -> None:
        """It is no more."""
        await self._tidy([("DELETE FROM limits WHERE charger=?", (_owner(circuit),))])

    async def _tidy(self, rows: Sequence[Statement]) -> None:
        """What isn't needed any more may stay where nothing can be written."""
        try:
            await self._database.write(rows)
        except StoreError as error:
            log.warning("circuits: what is over is still on disk: %s", error)


def _key(leaf: Leaf) -> str:
    return f"{leaf[0]}/{leaf[1]}"


def _owner(circuit: str) -> str:
    return f"{OWN}/{circuit}"


def _json(body: bytes) -> Mapping[str, object]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
