"""The station's settings: typed reading, checked writing, and what the device model says of them."""

from collections.abc import Mapping
from enum import Enum

from hub.ocpp.station.variable_table import BY_NAME, VARIABLES, Variable


class SetResult(Enum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    READ_ONLY = "read only"


class Variables:
    """`stored`: what was set before; `defaults`: what the configuration begins with; `facts`: read-only truths."""

    def __init__(
        self, stored: Mapping[str, str], defaults: Mapping[str, str], facts: Mapping[str, str]
    ) -> None:
        self._values = {variable.name: variable.default for variable in VARIABLES}
        for name, text in defaults.items():
            variable = named(name)
            if variable is not None and valid(variable, text):
                self._values[variable.name] = text
        self._values.update(facts)
        self._values.update({name: text for name, text in stored.items() if name in BY_NAME})

    def text(self, name: str) -> str:
        return self._values[name]

    def int(self, name: str) -> int:
        return int(self._values[name])

    def bool(self, name: str) -> bool:
        return self._values[name] == "true"

    def list(self, name: str) -> list[str]:
        return members(self._values[name])

    def set(self, name: str, text: str) -> SetResult:
        """Checks and takes a new value; the caller keeps it (effect Keep("variable", name, text))."""
        variable = BY_NAME[name]
        if not variable.writable:
            return SetResult.READ_ONLY
        if not valid(variable, text):
            return SetResult.REJECTED
        self._values[name] = text.lower() if variable.type == "boolean" else text
        return SetResult.ACCEPTED


def named(name: str) -> Variable | None:
    """By our name, 1.6's key or 2.0.1's `Component.Variable`, whatever the case."""
    wanted = name.lower()
    for variable in VARIABLES:
        names = [variable.name, variable.key or "", ".".join(variable.place[:2]) if variable.place else ""]
        if wanted in (known.lower() for known in names):
            return variable
    return None


def members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",") if member.strip()]


def valid(variable: Variable, text: str) -> bool:
    if variable.type == "integer":
        number = text.strip()
        if not number.isascii() or not number.isdecimal() or len(number) > 9:
            return False
        return variable.low <= int(number) and (variable.high is None or int(number) <= variable.high)
    if variable.type == "boolean":
        return text.lower() in ("true", "false")
    if variable.type == "list":
        return len(set(members(text))) == len(members(text)) and all(
            item in variable.allowed for item in members(text)
        )
    if variable.secret:
        return 16 <= len(text) <= (variable.high or 40) and text.isprintable()
    return True
