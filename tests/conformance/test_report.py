"""The page of conformance tells what the tests show, and nothing else."""

from collections import Counter

import pytest

from tests.conformance.cases import VERSIONS, listed, shown
from tests.conformance.report import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "python -m tests.conformance.report"


@pytest.mark.parametrize("version", VERSIONS)
def test_each_case_is_listed_and_shown_once(version: str) -> None:
    known = [case.number for case in listed(version)]
    tests = [test.number for test in shown(version)]
    assert [number for number, times in Counter(known + tests).items() if times > 2] == []
    assert set(tests) <= set(known)
    assert len(set(known)) == len(known)
    assert len(set(tests)) == len(tests)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_does_not_apply_is_not_shown(version: str) -> None:
    absent = {case.number for case in listed(version) if case.absent}
    assert absent & {test.number for test in shown(version)} == set()


def test_no_case_is_skipped_or_expected_to_fail() -> None:
    sources = [path.read_text() for path in PAGE.parents[2].glob("tests/conformance/ocpp*/*.py")]
    assert not [text for text in sources for word in ("skip", "xfail") if f"mark.{word}" in text]
