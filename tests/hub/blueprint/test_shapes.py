"""Checks that say what they take."""

import pytest

from hub.blueprint.schema import one_of, whole
from hub.blueprint.shapes import shape_of, shaped


def test_a_shaped_check_still_checks() -> None:
    check = whole(0, 3, "a number from 0 to 3")
    assert check(3) == 3
    with pytest.raises(ValueError, match="expected a number from 0 to 3"):
        check(True)


def test_its_shape_is_told() -> None:
    assert shape_of(one_of("a", "b")) == {"enum": ["a", "b"]}
    assert shape_of(shaped({"type": "string"})(str)) == {"type": "string"}


def test_a_check_without_a_shape_takes_anything() -> None:
    assert shape_of(str) == {}
