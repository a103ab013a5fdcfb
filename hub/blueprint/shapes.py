"""A check that can also say in JSON Schema what it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T", covariant=True)
Shape = Mapping[str, Any]


@dataclass(frozen=True)
class Shaped(Generic[T]):
    """Called, it returns the value or raises ValueError with what was expected."""

    check: Callable[[Any], T]
    shape: Shape

    def __call__(self, value: Any) -> T:
        return self.check(value)


def shaped(shape: Shape) -> Callable[[Callable[[Any], T]], Shaped[T]]:
    def decorate(check: Callable[[Any], T]) -> Shaped[T]:
        return Shaped(check, shape)

    return decorate


def shape_of(check: object) -> Shape:
    """{}: anything; a check that was declared without a shape."""
    return check.shape if isinstance(check, Shaped) else {}
