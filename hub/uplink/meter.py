"""Meter values as the `meter` topic has them."""

from collections.abc import Mapping

from hub.ocpp.station.messages import MeterValue

LOCATION = "Outlet"
"""OCPP's default: what we know was measured where the car draws it."""


def meter_body(evse: int, taken: MeterValue) -> Mapping[str, object]:
    """One moment of one EVSE; OCPP's words, and its units."""
    return {
        "ts": taken.at,
        "evse": evse,
        "context": taken.samples[0].context,
        "values": [
            {
                "measurand": sample.measurand,
                "phase": sample.phase,
                "location": LOCATION,
                "unit": sample.unit,
                "value": sample.value,
            }
            for sample in taken.samples
        ],
    }
