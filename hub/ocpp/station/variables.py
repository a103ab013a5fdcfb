"""The station's settings: typed reading, checked writing, and what the device model says of them."""

from collections.abc import Mapping
from enum import Enum

from hub.ocpp.station.variable import Variable
from hub.ocpp.station.variable_table import BY_NAME, VARIABLES


class SetResult(Enum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """Not a value of this type."""
    TOO_LOW = "too low"
    TOO_HIGH = "too high"
    READ_ONLY = "read only"


class Variables:
    """`stored`: what was set before; `defaults`: what the configuration begins with; `facts`: read-only truths.

    What is stored goes before what is configured; what isn't valid (any more) is passed over, and `refused` names
    the defaults among it.
    """

    def __init__(
        self, stored: Mapping[str, str], defaults: Mapping[str, str], facts: Mapping[str, str]
    ) -> None:
        self._values = {variable.name: variable.default for variable in VARIABLES}
        self.refused = tuple(name for name, text in defaults.items() if not self._begin(named(name), text))
        self._values.update(facts)
        for name, text in stored.items():
            variable = BY_NAME.get(name)
            if variable is not None and variable.writable:
                self._begin(variable, text)

    def _begin(self, variable: Variable | None, text: str) -> bool:
        """A default may also say what a CSMS can only read: a truth of the site, such as SupplyPhases."""
        if variable is None or checked(variable, text) is not SetResult.ACCEPTED:
            return False
        self._values[variable.name] = normal(variable, text)
        return True

    def text(self, name: str) -> str:
        return self._values[name]

    def int(self, name: str) -> int:
        return int(self._values[name])

    def bool(self, name: str) -> bool:
        return self._values[name] == "true"

    def list(self, name: str) -> list[str]:
        return members(self._values[name])

    def note(self, name: str, text: str) -> None:
        """What the station itself has found out."""
        self._values[name] = text

    def set(self, name: str, text: str) -> SetResult:
        """Checks and takes a new value; the caller keeps it (effect Keep("variable", name, text))."""
        variable = BY_NAME[name]
        if not variable.writable:
            return SetResult.READ_ONLY
        result = checked(variable, text)
        if result is SetResult.ACCEPTED:
            self._values[name] = normal(variable, text)
        return result


def named(name: str) -> Variable | None:
    """By our name, 1.6's key or 2.0.1's `Component.Variable`, whatever the case."""
    wanted = name.lower()
    for variable in VARIABLES:
        names = (variable.name, variable.key, ".".join(variable.place[:2]) if variable.place else None)
        if wanted in (known.lower() for known in names if known):
            return variable
    return None


def members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",") if member.strip()]


def valid(variable: Variable, text: str) -> bool:
    return checked(variable, text) is SetResult.ACCEPTED


def checked(variable: Variable, text: str) -> SetResult:
    """ACCEPTED, REJECTED, TOO_LOW or TOO_HIGH, whoever may write it."""
    match variable.type:
        case "integer":
            return _number(variable, text.strip())
        case "boolean":
            return _good(text.strip().lower() in ("true", "false"))
        case "list" | "sequence":
            found = members(text)
            known = len(set(found)) == len(found) and set(found) <= set(variable.allowed)
            return _good(known and len(found) >= variable.low)
        case "option":
            return _good(text in variable.allowed)
        case "decimal":
            return _good(text.replace(".", "", 1).isdecimal())
    if variable.secret:
        return _good(16 <= len(text) <= (variable.high or 40) and text.isprintable())
    return _good(text.isprintable() and (variable.high is None or len(text) <= variable.high))


def _good(good: bool) -> SetResult:
    return SetResult.ACCEPTED if good else SetResult.REJECTED


def _number(variable: Variable, text: str) -> SetResult:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal():
        return SetResult.REJECTED
    if digits != text and int(digits[:20]) != 0:
        return SetResult.TOO_LOW
    if len(digits.lstrip("0")) > 9 or (variable.high is not None and int(digits) > variable.high):
        return SetResult.TOO_HIGH
    return SetResult.TOO_LOW if int(digits) < variable.low else SetResult.ACCEPTED


def normal(variable: Variable, text: str) -> str:
    """A valid value as it is kept and told."""
    match variable.type:
        case "integer":
            return str(int(text))
        case "boolean":
            return text.strip().lower()
        case "list" | "sequence":
            return ",".join(members(text))
    return text
