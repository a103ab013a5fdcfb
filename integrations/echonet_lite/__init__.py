"""ECHONET Lite: EV chargers and what else speaks it in a house, found by themselves."""
