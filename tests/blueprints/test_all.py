"""Every shipped blueprint passes the tests that it carries."""

import pytest

from hub.blueprint.load import available
from hub.blueprint.testing import run_tests
from hub.integration.loader import load_codec
from hub.shipped import shipped

SEARCH = (shipped("blueprints"),)


@pytest.mark.parametrize("path", [name for name, _ in available(SEARCH)])
def test_its_own_tests_pass(path: str) -> None:
    results = run_tests(path, SEARCH, load_codec)
    assert results
    assert [(result.name, result.problems) for result in results if result.problems] == []
