"""The suite is the same at each run; `make fuzz` is where chance belongs."""

from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=3000, deadline=None)
settings.load_profile("suite")
