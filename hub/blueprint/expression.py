"""The expressions of blueprints: a small, safe part of Python, compiled to closures.

Names are points, inputs (`input.host`) or what the context gives; a name that is nothing else is a label
(`mode == charge`). Where a value is missing the expression has no value (None); it never raises.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Value = Any
Env = Mapping[str, Value]
Compiled = Callable[[Env], Value]

MAX_LENGTH = 1000
MAX_NODES = 200
MAX_BITS = 64


class ExpressionError(Exception):
    """What is wrong with an expression's text."""


class _Missing(Exception):
    """A value that isn't there: the whole expression has none."""


NO_VALUE = (_Missing, TypeError, ValueError, ZeroDivisionError, OverflowError, IndexError, KeyError)


def _shift_left(a: int, b: int) -> int:
    if not 0 <= b <= MAX_BITS:
        raise _Missing
    return a << b


def _power(a: float, b: float) -> float:
    if abs(b) > MAX_BITS or abs(a) > 1e6:
        raise _Missing
    return math.pow(a, b)


def _numeric(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A text times a number, or text % value, could fill the memory."""

    def guarded(a: Any, b: Any) -> Any:
        if not isinstance(a, int | float) or not isinstance(b, int | float):
            raise _Missing
        return apply(a, b)

    return guarded


def _add(a: Any, b: Any) -> Any:
    return a + b if isinstance(a, str) and isinstance(b, str) else _numeric(operator.add)(a, b)


BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _numeric(operator.sub),
    ast.Mult: _numeric(operator.mul),
    ast.Div: _numeric(operator.truediv),
    ast.FloorDiv: _numeric(operator.floordiv),
    ast.Mod: _numeric(operator.mod),
    ast.Pow: _numeric(_power),
    ast.BitAnd: _numeric(operator.and_),
    ast.BitOr: _numeric(operator.or_),
    ast.BitXor: _numeric(operator.xor),
    ast.LShift: _numeric(_shift_left),
    ast.RShift: _numeric(operator.rshift),
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def _version(text: object) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", str(text))[:6])


def _dotted(*parts: object) -> str:
    return ".".join(str(part) for part in parts)


def _uid(text: str) -> str:
    """A card's number in hexadecimal without its padding: cards have 4, 7 or 10 bytes."""
    for digits in (8, 14, 20):
        if len(text) > digits and not text[digits:].strip("0"):
            return text[:digits]
    return text


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "sum": sum,
    "clamp": _clamp,
    "round": round,
    "int": int,
    "abs": abs,
    "version": _version,
    "dotted": _dotted,
    "uid": _uid,
}


def compile_expression(text: object, known: frozenset[str] | None = None) -> tuple[Compiled, frozenset[str]]:
    """(function of the environment, the names it uses). `known`: names that are points, not labels.

    Raises ExpressionError.
    """
    if isinstance(text, bool | int | float) or text is None:
        return (lambda env: text), frozenset()
    source = str(text)
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"an expression of over {MAX_LENGTH} characters")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{source!r} is no expression") from error
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise ExpressionError("an expression with too many parts")
    compiler = _Compiler(known)
    inner = compiler.compile(tree.body)
    return _guarded(inner), frozenset(compiler.names)


def _guarded(inner: Compiled) -> Compiled:
    def evaluate(env: Env) -> Value:
        try:
            value = inner(env)
        except NO_VALUE:
            return None
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return evaluate


LENIENT: dict[str, Callable[[list[Any]], Any]] = {"total": sum, "first": operator.itemgetter(0)}
"""They pass over arguments without a value: the sum of the others, the first of them."""


class _Compiler:
    def __init__(self, known: frozenset[str] | None) -> None:
        self._known = known
        self.names: set[str] = set()

    def compile(self, node: ast.expr) -> Compiled:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")
        compiled: Compiled = method(node)
        return compiled

    def _constant(self, node: ast.Constant) -> Compiled:
        value = node.value
        if not isinstance(value, bool | int | float | str):
            raise ExpressionError(f"{value!r} can't stand in an expression")
        return lambda env: value

    def _name(self, node: ast.Name) -> Compiled:
        if node.id in ("true", "false"):  # as YAML spells them
            truth = node.id == "true"
            return lambda env: truth
        return self._lookup(node.id)

    def _attribute(self, node: ast.Attribute) -> Compiled:
        if not isinstance(node.value, ast.Name):
            raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")
        return self._lookup(f"{node.value.id}.{node.attr}")

    def _lookup(self, name: str) -> Compiled:
        self.names.add(name)
        label = self._known is not None and name not in self._known

        def value(env: Env) -> Value:
            found = env.get(name, _Missing)
            if found is _Missing:
                if label:
                    return name
                raise _Missing
            if found is None:
                raise _Missing
            return found

        return value

    def _binop(self, node: ast.BinOp) -> Compiled:
        left, right, apply = self.compile(node.left), self.compile(node.right), BINARY.get(type(node.op))
        if apply is None:
            raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")
        return lambda env: apply(left(env), right(env))

    def _unaryop(self, node: ast.UnaryOp) -> Compiled:
        operand, apply = self.compile(node.operand), UNARY[type(node.op)]
        return lambda env: apply(operand(env))

    def _boolop(self, node: ast.BoolOp) -> Compiled:
        parts = [self.compile(value) for value in node.values]
        if isinstance(node.op, ast.And):
            return lambda env: all(part(env) for part in parts)
        return lambda env: any(_or_false(part, env) for part in parts)

    def _compare(self, node: ast.Compare) -> Compiled:
        operands = [self.compile(part) for part in (node.left, *node.comparators)]
        tests = [COMPARE.get(type(op)) for op in node.ops]
        if None in tests:
            raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")

        def compare(env: Env) -> bool:
            values = [operand(env) for operand in operands]
            return all(test(a, b) for test, a, b in zip(tests, values, values[1:], strict=False) if test)

        return compare

    def _ifexp(self, node: ast.IfExp) -> Compiled:
        test, then, other = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        return lambda env: then(env) if test(env) else other(env)

    def _tuple(self, node: ast.Tuple | ast.List) -> Compiled:
        parts = [self.compile(part) for part in node.elts]
        return lambda env: tuple(part(env) for part in parts)

    _list = _tuple

    def _subscript(self, node: ast.Subscript) -> Compiled:
        """A character, or a part, of a text; an item of a list."""
        inner = self.compile(node.value)
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")
            ends = [
                None if end is None else self.compile(end) for end in (node.slice.lower, node.slice.upper)
            ]
            return lambda env: inner(env)[slice(*(None if end is None else end(env) for end in ends))]
        index = self.compile(node.slice)
        return lambda env: inner(env)[index(env)]

    def _call(self, node: ast.Call) -> Compiled:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionError(f"{ast.unparse(node)!r} can't stand in an expression")
        name = node.func.id
        if name == "known":
            return self._is_known(node)
        if name == "settable":
            return self._is_settable(node)
        if name in LENIENT:
            return self._lenient(LENIENT[name], node)
        function = FUNCTIONS.get(name)
        if function is None:
            others = (*LENIENT, "known", "settable")
            raise ExpressionError(
                f"no function {name!r}; there are {', '.join(sorted((*FUNCTIONS, *others)))}"
            )
        parts = [self.compile(part) for part in node.args]
        return lambda env: function(*(part(env) for part in parts))

    def _lenient(self, apply: Callable[[list[Any]], Any], node: ast.Call) -> Compiled:
        parts = [_guarded(self.compile(part)) for part in node.args]

        def value(env: Env) -> Value:
            found = [item for item in (part(env) for part in parts) if item is not None]
            if not found:
                raise _Missing
            return apply(found)

        return value

    def _is_known(self, node: ast.Call) -> Compiled:
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
            raise ExpressionError("known() takes the name of a point")
        name = node.args[0].id
        self.names.add(name)
        return lambda env: env.get(name) is not None

    def _is_settable(self, node: ast.Call) -> Compiled:
        """What the device says that it takes; where it doesn't say, everything that is declared."""
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
            raise ExpressionError("settable() takes the name of a point")
        name = node.args[0].id
        self.names.add(name)

        def settable(env: Env) -> Value:
            told = env.get("settable")
            return told is None or name in told

        return settable


def _or_false(part: Compiled, env: Env) -> Value:
    """A missing value doesn't spoil the other side of an `or`."""
    try:
        return part(env)
    except NO_VALUE:
        return False
