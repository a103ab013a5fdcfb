"""OCPP 2.0.1: its words for what the station says and is asked."""
