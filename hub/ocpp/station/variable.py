"""A setting of a station as a row: its type, its bounds and its names in 1.6 and 2.0.1."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    type: str
    """integer, boolean, decimal, string, option (one of `allowed`), list and sequence (some of `allowed`)"""
    default: str
    key: str | None = None
    """1.6's configuration key"""
    place: tuple[str, str] | tuple[str, str, str] | None = None
    """2.0.1: component, variable and instance"""
    writable: bool = True
    low: int = 0
    """The least value; for a list the least number of members."""
    high: int | None = None
    allowed: tuple[str, ...] = ()
    unit: str | None = None
    secret: bool = False
    reconnect: bool = False
    """A new value holds from the next connection on."""
    only: str | None = None
    """The one version (2.0.1, 2.1) whose device model has it at `place`; None: both have."""


def integer(
    name: str, default: int, key: str | None, place: tuple[str, ...] | None, **more: object
) -> Variable:
    return Variable(name, "integer", str(default), key, place, **more)  # type: ignore[arg-type]


def boolean(
    name: str, default: bool, key: str | None, place: tuple[str, ...] | None, **more: object
) -> Variable:
    return Variable(name, "boolean", str(default).lower(), key, place, **more)  # type: ignore[arg-type]


def members_of(
    name: str,
    default: str,
    key: str | None,
    place: tuple[str, str] | None,
    allowed: tuple[str, ...],
    **more: object,
) -> Variable:
    return Variable(name, "list", default, key, place, allowed=allowed, **more)  # type: ignore[arg-type]
