"""A charging station's behaviour, whatever the OCPP version."""
