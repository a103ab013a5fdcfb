"""The few errors of the hub; each library's errors become one of these at its shell."""


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
