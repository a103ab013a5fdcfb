"""Who may log in, read and write; and which topics under the base topic a client may write at all."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from hub.topics import Topics, matches

COMMANDS = (
    "{base}/+/cmd",
    "{base}/circuit/+/cmd",
    "{base}/+/evse/+/set",
    "{base}/+/evse/+/set/+",
    "{base}/+/evse/+/get",
    "{base}/+/update/set",
    "{base}/bridge/request/#",
)
"""The contract's inward topics; everything else under the base topic is written by the hub alone."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the embedded broker: topic filters that may be read and written."""

    name: str
    password: str | None = None
    read: tuple[str, ...] = ("#",)
    write: tuple[str, ...] = ("#",)


ANYBODY = Account("anonymous")


class Access:
    """`accounts` empty: anybody may connect (the listener then stays on loopback)."""

    def __init__(self, accounts: Mapping[str, Account], base: str) -> None:
        self._accounts = accounts
        self._base = base
        self.commands = tuple(pattern.format(base=base) for pattern in COMMANDS)
        self.topics = Topics(base)

    def login(self, username: str | None, password: bytes | None) -> Account | None:
        """None: refused. Takes the same time for a wrong name as for a wrong password."""
        if not self._accounts:
            return ANYBODY
        account = self._accounts.get(username or "")
        wanted = (account.password or "") if account else ""
        right = hmac.compare_digest(wanted.encode(), password or b"")
        return account if account and right else None

    def may_read(self, account: Account, topic: str) -> bool:
        return any(matches(pattern, topic) for pattern in account.read)

    def may_write(self, account: Account, topic: str) -> bool:
        own = topic == self._base or topic.startswith(self._base + "/")
        if topic.startswith("$") or (own and not self.is_command(topic)):
            return False
        return any(matches(pattern, topic) for pattern in account.write)

    def is_command(self, topic: str) -> bool:
        return any(matches(pattern, topic) for pattern in self.commands)
