"""OCPP 2.1, as far as it goes beyond 2.0.1 here."""
