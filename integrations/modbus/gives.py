"""The names that quirks give to expressions, for the check of blueprints."""

from collections.abc import Mapping

GIVES: Mapping[str, frozenset[str]] = {
    "bender_semp": frozenset({"semp_phases"}),
    "em2go_probe": frozenset({"fine_steps"}),
    "energy_rate": frozenset({"energy_rate"}),
}
