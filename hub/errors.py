"""The few errors of the hub; each library's errors become one of these at its shell."""

import os


class HubError(Exception):
    """Something a person can act on; the text says what and where."""


class ConfigError(HubError):
    """A configuration file that doesn't check; `problems` holds every mistake found."""

    def __init__(self, problems: "list[str]") -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BlueprintError(ConfigError):
    """A blueprint that doesn't check; each problem starts with file:line:column."""


class DeviceError(HubError):
    """A device didn't do what was asked."""


class DeviceOffline(DeviceError):
    """The device doesn't answer (link down, time-outs)."""


class DeviceRefused(DeviceError):
    """The device answered with a refusal, or its read-back shows another value."""


class NotConfirmed(DeviceRefused):
    """The device said yes, and doesn't show it."""


class Unsupported(HubError):
    """The charger or its blueprint has no such ability."""


class StoreError(HubError):
    """A write was not made durable: it must be treated as not done."""


def reason(error: OSError | UnicodeError) -> str:
    """Why something can't be opened, read or reached, in words for a person."""
    if isinstance(error, UnicodeError):
        return "it is no text in UTF-8"
    # asyncio puts addresses and brackets into `strerror`; name servers and TLS have numbers of their own.
    if error.errno and type(error).__module__ not in ("socket", "ssl"):
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
