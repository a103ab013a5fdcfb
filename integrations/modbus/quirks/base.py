"""What a quirk may do: each of these does nothing unless a product needs it."""

from collections.abc import Callable, Mapping

from hub.blueprint.convert import Raw
from hub.blueprint.mapping import BlueprintMapping
from hub.model.entity import Scalar
from integrations.modbus.registers import Registers

Give = Callable[[int, str, Scalar], None]
"""(EVSE, name, value): what expressions see from now on."""


class Quirk:
    """Made for one device. It may raise DeviceOffline, DeviceRefused and Unsupported like the device itself."""

    def __init__(self, mapping: BlueprintMapping, registers: Registers, give: Give) -> None:
        self.mapping = mapping
        self.registers = registers
        self.give = give

    @property
    def without(self) -> frozenset[str]:
        """The blueprint's actions that this device can't do as it is configured."""
        return frozenset()

    async def prepare(self) -> None:
        """The wires are open, and nothing was asked yet. Tried again until it succeeds."""

    async def run(self) -> None:
        """Beside the polls, until cancelled."""

    async def came(self) -> None:
        """The device is there (again), and nothing was written yet."""

    def look(self, raw: Mapping[tuple[str, int], Raw], now: float) -> None:
        """Before each reading is made."""

    async def act(self, action: str, evse: int, arguments: Mapping[str, Scalar]) -> bool:
        """True: it is done, and the blueprint's steps aren't needed."""
        return False
