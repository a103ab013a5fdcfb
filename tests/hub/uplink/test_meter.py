"""Meter values as the meter topic has them."""

from hub.ocpp.station.messages import MeterValue, Sample
from hub.uplink.meter import meter_body


def test_a_moment_of_an_evse_in_ocpps_words() -> None:
    energy = Sample("Energy.Active.Import.Register", 10_000, "Wh", None, "Transaction.Begin")
    voltage = Sample("Voltage", 231.5, "V", "L1-N", "Transaction.Begin")
    assert meter_body(2, MeterValue("2026-01-01T00:00:00.000Z", (energy, voltage))) == {
        "ts": "2026-01-01T00:00:00.000Z",
        "evse": 2,
        "context": "Transaction.Begin",
        "values": [
            {
                "measurand": "Energy.Active.Import.Register",
                "phase": None,
                "location": "Outlet",
                "unit": "Wh",
                "value": 10_000,
            },
            {"measurand": "Voltage", "phase": "L1-N", "location": "Outlet", "unit": "V", "value": 231.5},
        ],
    }
