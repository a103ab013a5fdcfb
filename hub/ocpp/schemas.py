"""The JSON schemas of each version, compiled once for all stations of the process.

They come from the `ocpp` package (the Open Charge Alliance's files).
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any, Literal, cast

import jsonschema_rs
import orjson

from hub.ocpp.errors import ErrorCode
from hub.yaml import suggestion

Direction = Literal["request", "response", "send"]
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}

CODES = {
    "type": ErrorCode.TYPE_CONSTRAINT,
    "required": ErrorCode.OCCURRENCE_CONSTRAINT,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT,
    "additionalProperties": ErrorCode.FORMAT_VIOLATION,
}
"""By the schema's keyword that failed; everything else is a value out of its bounds."""

OVERLONG = {("1.6", "ChangeConfiguration", "request"): ("key", "value")}
"""Texts whose length isn't the schema's matter: a CSMS that says too much is told so by a status (interop A11)."""


class Violation(Exception):
    """A payload that its schema doesn't allow."""

    def __init__(self, code: ErrorCode, where: str, text: str, detail: Callable[[], str]) -> None:
        super().__init__(f"{where}: {text}" if where else text)
        self.code, self.detail = code, detail
        """`detail()`: with what the payload itself says, for people and never for the wire."""


class Schemas:
    """All messages of one version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._folder = files("ocpp") / FOLDERS[version] / "schemas"
        self._names = frozenset(item.name for item in self._folder.iterdir())
        self._validators: dict[tuple[str, str], jsonschema_rs.Validator] = {}

    def knows(self, action: str) -> bool:
        return self._file(action, "request") in self._names

    def request(self, action: str, payload: dict[str, object]) -> Mapping[str, object]:
        """What is meant by a CALL: an optional member that is null isn't there, as many a serializer writes it.

        Raises Violation; KeyError for an action that the version doesn't have.
        """
        validator = self._validator(action, "request")
        if validator.is_valid(payload):
            return payload
        good: dict[str, object] = _without_nulls(payload)
        if not validator.is_valid(good):
            self.validate(action, "request", payload)
        return good

    def answer(self, action: str, payload: dict[str, object]) -> Mapping[str, object]:
        """What is good of an answer: without nulls and what nobody knows. A transaction isn't lost for such a thing.

        Raises Violation when something is missing or wrong; KeyError for an action that the version doesn't have.
        """
        validator = self._validator(action, "response")
        if validator.is_valid(payload):
            return payload
        good: dict[str, object] = _without_nulls(payload)
        for error in list(validator.iter_errors(good)):
            if error.kind.name == "additionalProperties":
                holder: Any = good
                for step in error.instance_path:
                    holder = holder[step]
                for name in error.kind.as_dict()["unexpected"]:
                    holder.pop(name, None)
        self.validate(action, "response", good)
        return good

    def _validator(self, action: str, direction: Direction) -> jsonschema_rs.Validator:
        return self._validators.get((action, direction)) or self._compile(action, direction)

    def validate(self, action: str, direction: Direction, payload: Mapping[str, object]) -> None:
        """Raises Violation; KeyError for an action that the version doesn't have."""
        validator = self._validator(action, direction)
        if validator.is_valid(payload):
            return
        # Type errors first: a value of the wrong type usually fails other rules too.
        error = min(validator.iter_errors(payload), key=lambda error: error.kind.name != "type")
        code = CODES.get(error.kind.name, ErrorCode.PROPERTY_CONSTRAINT)
        where = "/".join(map(str, error.instance_path))
        raise Violation(code, where, error.kind.name, partial(self._detail, action, direction, error))

    def _detail(self, action: str, direction: Direction, error: jsonschema_rs.ValidationError) -> str:
        told = error.kind.as_dict()
        if "unexpected" in told:
            stray = told["unexpected"][0]
            known = () if error.instance_path else self._read(action, direction)["properties"]
            return f"unknown key {stray!r}{suggestion(stray, known)}"
        return str(error.message)[:200]

    def _compile(self, action: str, direction: Direction) -> jsonschema_rs.Validator:
        name = self._file(action, direction)
        if name not in self._names:
            raise KeyError(action)
        schema = self._read(action, direction)
        for field in OVERLONG.get((self.version, action, direction), ()):
            schema["properties"][field].pop("maxLength")
        validator = jsonschema_rs.validator_for(
            cast(dict[str, object], _loosened(schema)), formats={"date-time": _is_time}
        )
        self._validators[action, direction] = validator
        return validator

    def _read(self, action: str, direction: Direction) -> Any:
        text = (self._folder / self._file(action, direction)).read_text(encoding="utf-8-sig")
        return orjson.loads(text)

    def _file(self, action: str, direction: Direction) -> str:
        if direction == "response":
            return f"{action}Response.json"
        if direction == "send":
            return f"{action}.json"
        return f"{action}.json" if self.version == "1.6" else f"{action}Request.json"


@cache
def schemas(version: str) -> Schemas:
    return Schemas(version)


def _loosened(node: object) -> object:
    """Without `multipleOf`: 21.4 is no multiple of 0.1 in binary, and no reason to refuse a profile."""
    if isinstance(node, dict):
        return {key: _loosened(value) for key, value in node.items() if key != "multipleOf"}
    if isinstance(node, list):
        return [_loosened(value) for value in node]
    return node


RFC3339 = jsonschema_rs.Draft7Validator({"format": "date-time"}, validate_formats=True)


def _is_time(text: str) -> bool:
    """RFC 3339, or the same without a zone: many a CSMS writes UTC so, and nobody charges where that is refused."""
    return RFC3339.is_valid(text) or RFC3339.is_valid(f"{text}Z")


def _without_nulls(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_nulls(value) for key, value in node.items() if value is not None}
    return [_without_nulls(value) for value in node] if isinstance(node, list) else node
