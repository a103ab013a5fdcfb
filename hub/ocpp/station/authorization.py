"""Who may charge: the configuration's tokens, the cache, the CSMS; in that order, and what holds offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Durable, Keep
from hub.ocpp.station.messages import Token
from hub.ocpp.station.variables import Variables

CACHE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a token: 1.6's and 2.0.1's status word, and the group (parentIdTag)."""

    status: str
    group: str | None = None
    expires: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status == "Accepted"


class Authorization:
    """`local`: the configuration's tokens, by text, with their group. `cached`: what `Keep("cache", ...)` kept."""

    def __init__(
        self, variables: Variables, local: Mapping[str, str | None], cached: Mapping[str, Any]
    ) -> None:
        self._variables = variables
        self._local = {text.upper(): Verdict("Accepted", group) for text, group in local.items()}
        self._cache: dict[str, tuple[Verdict, str]] = {
            key: (Verdict(*body[:3]), body[3]) for key, body in cached.items()
        }

    def locally(self, token: Token, now: Moment, *, online: bool) -> Verdict | None:
        """The answer that needs no CSMS; None: it must be asked.

        A cached token that isn't Accepted is asked for again when there is a CSMS (C10.FR.05, C14.FR.03).
        """
        known = self._local.get(token.key)
        if known:
            return known
        cached = self._cached(token, now.wall)
        if online:
            usable = cached is not None and cached.accepted and self._variables.bool("LocalPreAuthorize")
            return cached if usable else None
        if cached is not None and self._variables.bool("LocalAuthorizeOffline"):
            return cached
        return Verdict("Accepted" if self._variables.bool("OfflineTxForUnknownId") else "Unknown")

    def group_of(self, token: Token, now: Moment) -> str | None:
        verdict = self._local.get(token.key) or self._cached(token, now.wall)
        return verdict.group if verdict else None

    def told(self, token: Token, verdict: Verdict, now: Moment) -> list[Durable]:
        """The CSMS said so: into the cache (C10.FR.04); configured tokens are never in it."""
        if not self._variables.bool("AuthCacheEnabled") or token.key in self._local or not token.text:
            return []
        changes: list[Durable] = []
        if token.key not in self._cache and len(self._cache) >= CACHE_SIZE:
            changes.append(self._evict())
        at = rfc3339(now.wall)
        self._cache[token.key] = (verdict, at)
        changes.append(Keep("cache", token.key, [verdict.status, verdict.group, verdict.expires, at]))
        return changes

    def clear(self) -> list[Durable]:
        cleared: list[Durable] = [Keep("cache", key, None) for key in self._cache]
        self._cache.clear()
        return cleared

    def _cached(self, token: Token, now: datetime) -> Verdict | None:
        if not self._variables.bool("AuthCacheEnabled") or token.key not in self._cache:
            return None
        verdict, at = self._cache[token.key]
        lifetime = self._variables.int("AuthCacheLifeTime")
        if verdict.expires and parse_time(verdict.expires) <= now:
            return Verdict("Expired", verdict.group)
        if lifetime and parse_time(at) + timedelta(seconds=lifetime) <= now:
            return None
        return verdict

    def _evict(self) -> Keep:
        """C10.FR.07: what isn't Accepted first, then the oldest."""
        key = min(self._cache, key=lambda key: (self._cache[key][0].accepted, self._cache[key][1]))
        del self._cache[key]
        return Keep("cache", key, None)
