"""The bus seen over MQTT: served by the hub itself, or mirrored to a broker."""
