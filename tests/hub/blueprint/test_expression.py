"""Expressions: what they may say, and that nothing of them raises or grows."""

from typing import Any

import pytest

from hub.blueprint.expression import ExpressionError, compile_expression

ENV: dict[str, Any] = {
    "a": 6,
    "b": 0,
    "text": "B2",
    "firmware": "3.187.0-x",
    "gone": None,
    "current": (1.0, 2.0, 3.0),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a / 2", 3.0),
        ("a if a > 5 else b", 6),
        ("text[0]", "B"),
        ("text[:1] + text[1:]", "B2"),
        ("current[2]", 3.0),
        ("sum(current)", 6.0),
        ("version(firmware) >= (3, 156, 0)", True),
        ("dotted(a, b, 1)", "6.0.1"),
        ("a in (5, 6)", True),
        ("text == B2", True),
        ("(a > 5) == true", True),
        ("(a > 5) == false", False),
        ("known(gone)", False),
        ("gone or a == 6", True),
        ("clamp(a, 0, 5)", 5),
        ("a >> 1 & 1", 1),
        ("total(a, gone, 2)", 8),
        ("uid('04a2b3c40000000000000000')", "04a2b3c4"),
        ("uid('04a2b3c4d5e6f70000000000')", "04a2b3c4d5e6f7"),
        ("uid('04a2b300')", "04a2b300"),
        ("uid(a)", None),
        ("first(gone, text, a)", "B2"),
    ],
)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    compiled, _ = compile_expression(text, frozenset(ENV))
    assert compiled(ENV) == value


@pytest.mark.parametrize(
    "text",
    [
        "gone + 1",
        "a / b",
        "text[9]",
        "text * 9",
        "text % 3",
        "1 << 999",
        "10.0 ** 60 ** 60",
        "text[a:b:2]",
        "a()",
    ],
)
def test_what_has_no_value_never_raises(text: str) -> None:
    try:
        compiled, _ = compile_expression(text, frozenset(ENV))
    except ExpressionError:
        return
    assert compiled(ENV) is None


@pytest.mark.parametrize(
    "text", ["a.b.c", "lambda: 1", "[x for x in a]", "open(a)", "__import__('os')", "f'{a}'"]
)
def test_what_could_do_more_than_compute_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text, frozenset(ENV))


def test_what_a_device_takes_decides_and_where_it_does_not_say_everything_is_taken() -> None:
    asks, _ = compile_expression("settable(a) and not settable(b)", frozenset(ENV))
    assert asks({**ENV, "settable": {"a"}}) is True
    assert asks({**ENV, "settable": {"a", "b"}}) is False
    assert asks(ENV) is False
    with pytest.raises(ExpressionError, match="takes the name of a point"):
        compile_expression("settable(1)", frozenset(ENV))
