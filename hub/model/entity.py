"""A value as the whole house sees it."""

from collections.abc import Mapping
from types import MappingProxyType

Scalar = bool | int | float | str | None
"""One value of an entity, in the unit that the catalog gives; None: unknown or too old."""

State = Mapping[str, Scalar]
"""The values of one EVSE (or of the charger itself) by catalog key; never changed once published."""

EMPTY: State = MappingProxyType({})
