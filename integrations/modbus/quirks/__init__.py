"""What no declaration describes: a small class for each of the few products that need code."""

from hub.blueprint.mapping import BlueprintMapping
from integrations.modbus.quirks.base import Give, Quirk
from integrations.modbus.quirks.bender import BenderSemp
from integrations.modbus.quirks.em2go import Em2goProbe
from integrations.modbus.quirks.huawei import EnergyRate
from integrations.modbus.registers import Registers

QUIRKS: dict[str, type[Quirk]] = {
    "bender_semp": BenderSemp,
    "em2go_probe": Em2goProbe,
    "energy_rate": EnergyRate,
}


def quirk_of(mapping: BlueprintMapping, registers: Registers, give: Give) -> Quirk:
    """The one that the blueprint names; without a name one that does nothing."""
    return QUIRKS.get(mapping.quirk or "", Quirk)(mapping, registers, give)
