"""evhub: every EV charger on one bus."""

__version__ = "0.1.0"
