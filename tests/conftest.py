"""The suite is the same at each run; `make fuzz` is where chance belongs."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import contract

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=3000, deadline=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def every_message_keeps_to_the_contract() -> Iterator[None]:
    """Of the buses that a test has watched (`contract.watch`)."""
    contract.COMPLAINTS.clear()
    yield
    assert contract.COMPLAINTS == []
