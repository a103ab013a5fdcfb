"""OCPP 1.6 J: its words for what the station says and is asked."""
