"""OCPP without I/O: the rpc layer, the station and its words in each version."""
