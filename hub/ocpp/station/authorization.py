"""Who may charge: the configuration's tokens, the local list, the cache, the CSMS; in that order (C10 to C15)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.model.moment import Moment, parse_time, rfc3339
from hub.ocpp.station.effects import Durable, Keep
from hub.ocpp.station.local_list import LocalList
from hub.ocpp.station.messages import Token
from hub.ocpp.station.variables import Variables
from hub.ocpp.station.verdict import Verdict

__all__ = ["Authorization", "Verdict"]

CACHE_SIZE = 500
LAPSED = Verdict("Expired")
"""Not the CSMS's word: it has said how long its word holds (C10.FR.10, C14.FR.05)."""
UNTOLD = frozenset({"Central", "NoAuthorization"})
"""The types of tokens that a cache never holds (C02.FR.03, C03.FR.02, C05.FR.02)."""


class Authorization:
    """`configured`: the configuration's tokens, by text, with their group. `cached`: what `Keep("cache", ...)` kept.
    `clock`: a moment as the CSMS's clock has it, in which it says how long its words hold."""

    def __init__(
        self,
        variables: Variables,
        configured: Mapping[str, str | None],
        local_list: LocalList,
        cached: Mapping[str, Any],
        clock: Callable[[Moment], datetime],
    ) -> None:
        self._variables, self._clock = variables, clock
        self._configured = {text.upper(): Verdict("Accepted", group) for text, group in configured.items()}
        self.local_list = local_list
        self._cache: dict[str, tuple[Verdict, str]] = {
            key: (Verdict.restored([*body[:3], *body[4:]]), body[3]) for key, body in cached.items()
        }

    def locally(self, token: Token, now: Moment, *, online: bool) -> Verdict | None:
        """The answer that needs no CSMS; None: it must be asked."""
        configured = self._configured.get(token.key)
        if configured:
            return configured
        listed = self._listed(token, self._clock(now))
        found = listed or self._cached(token, self._clock(now))
        if not online:
            unheard_of = listed is None and found is not None and found.status == "Unknown"
            return self._offline(None if unheard_of else found)
        if found is not None and found.accepted and self._variables.bool("LocalPreAuthorize"):
            return found
        if self._variables.bool("DisableRemoteAuthorization"):
            return found or Verdict("Unknown")
        # C10.FR.03, C14.FR.03: what isn't accepted is asked about again, unless that is switched off.
        disabled = "LocalAuthListDisablePostAuthorize" if listed else "AuthCacheDisablePostAuthorize"
        if found is not None and not found.accepted and self._variables.bool(disabled):
            return None if found is LAPSED else found
        return None

    def _offline(self, found: Verdict | None) -> Verdict:
        """A token that is known isn't unknown: OfflineTxForUnknownId doesn't help it (C13.FR.04).

        One of which the CSMS has said Unknown is: whoever lets strangers in offline lets it in too (C15.FR.08).
        """
        if found is None:
            return Verdict("Accepted" if self._variables.bool("OfflineTxForUnknownId") else "Unknown")
        if found.accepted and not self._variables.bool("LocalAuthorizeOffline"):
            return Verdict("NotAtThisTime", found.group)
        return found

    def group_of(self, token: Token, now: Moment) -> str | None:
        """As far as it is known here, and the token is good (C09.FR.11)."""
        verdict = (
            self._configured.get(token.key)
            or self._listed(token, self._clock(now))
            or self._cached(token, self._clock(now))
        )
        return verdict.group if verdict and verdict.accepted else None

    def contradicted(self, token: Token, verdict: Verdict, now: Moment) -> bool:
        """Does the CSMS say something else than its own list? (1.6: LocalListConflict)"""
        listed = self._listed(token, self._clock(now))
        return listed is not None and listed.status != verdict.status

    # The cache

    def told(self, token: Token, verdict: Verdict, now: Moment) -> list[Durable]:
        """The CSMS said so: into the cache (C10.FR.04/05), unless it is known otherwise or its own (C03.FR.02)."""
        known = token.key in self._configured or self.local_list.get(token) is not None
        if not self._variables.bool("AuthCacheEnabled") or known or not token.text or token.type in UNTOLD:
            return []
        changes: list[Durable] = []
        if token.key not in self._cache and len(self._cache) >= CACHE_SIZE:
            changes.append(self._evict())
        return [*changes, self._remember(token.key, verdict, now)]

    def used(self, token: Token, now: Moment) -> list[Durable]:
        """The cache's lifetime counts from the last use (C10.FR.08)."""
        if token.key not in self._cache or not self._variables.int("AuthCacheLifeTime"):
            return []
        if self._cached(token, self._clock(now)) is None:
            return []
        return [self._remember(token.key, self._cache[token.key][0], now)]

    def clear(self) -> list[Durable]:
        cleared: list[Durable] = [Keep("cache", key, None) for key in self._cache]
        self._cache.clear()
        return cleared

    # Customers (N09, N10)

    def known_of(self, token: Token) -> list[str]:
        """What is stored of whoever has this token, a line each."""
        listed, cached = self.local_list.get(token), self._cache.get(token.key)
        return [
            f"{where}: {verdict.status}, group {verdict.group or 'none'}, until {verdict.expires or 'revoked'}"
            for where, verdict in (("local list", listed), ("cache", cached[0] if cached else None))
            if verdict is not None
        ]

    def forget(self, token: Token) -> list[Durable]:
        """Not from the local list: its version is the CSMS's (N10.FR.02)."""
        known = self._cache.pop(token.key, None)
        return [] if known is None else [Keep("cache", token.key, None)]

    def _remember(self, key: str, verdict: Verdict, now: Moment) -> Keep:
        at = rfc3339(self._clock(now))
        self._cache[key] = (verdict, at)
        status, group, expires, *more = verdict.document()
        return Keep("cache", key, [status, group, expires, at, *more])

    def _listed(self, token: Token, now: datetime) -> Verdict | None:
        verdict = self.local_list.get(token)
        if verdict and verdict.expires and _over(verdict.expires, now):  # C13.FR.05, C14.FR.05
            return LAPSED
        return verdict

    def _cached(self, token: Token, now: datetime) -> Verdict | None:
        if not self._variables.bool("AuthCacheEnabled") or token.key not in self._cache:
            return None
        verdict, at = self._cache[token.key]
        lifetime = self._variables.int("AuthCacheLifeTime")
        if verdict.expires:  # C10.FR.13: goes before the lifetime
            return LAPSED if _over(verdict.expires, now) else verdict
        if lifetime and parse_time(at) + timedelta(seconds=lifetime) <= now:
            return None
        return verdict

    def _evict(self) -> Keep:
        """C10.FR.07: what isn't Accepted first, then the oldest."""
        key = min(self._cache, key=lambda key: (self._cache[key][0].accepted, self._cache[key][1]))
        del self._cache[key]
        return Keep("cache", key, None)


def _over(expires: str, now: datetime) -> bool:
    """A time that is none (a leap second, the end of all calendars) never comes."""
    try:
        return parse_time(expires) <= now
    except ValueError:
        return False
