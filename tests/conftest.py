"""The suite is the same at each run; `make fuzz` is where chance belongs."""

from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")
