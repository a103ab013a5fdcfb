"""Payloads that a schema allows and a sane CSMS would hardly send: made from the schema itself."""

import json
import random
import string
from typing import Any

import orjson

from hub.ocpp.schemas import Schemas

TIMES = (
    "2026-01-01T00:00:00Z",
    "1970-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00",
    "2026-01-01T02:00:00+02:00",
)
TEXTS = (
    "",
    "0",
    "-1",
    "true",
    "1e309",
    "garage",
    "TxCtrlr",
    "HeartbeatInterval",
    "a,b,,c",
    "\u0000",
    "日本",
    "x" * 5000,
)
URIS = ("http://169.254.169.254/latest", "file:///etc/passwd", "ftp://a:b@127.0.0.1/", "https://[::1]:1/x;rm")
NUMBERS = (0, 1, -1, 2, 3, 60, 86_400, 2**31, -(2**63), 2**63 - 1)
FLOATS = (0.0, -0.5, 5.9, 16.0, 1e300, -1e300, 1e-300)


class Nonsense:
    """Draws payloads; `chance` decides all."""

    def __init__(self, schemas: Schemas, chance: random.Random) -> None:
        self._schemas, self._chance = schemas, chance

    def payload(self, action: str) -> dict[str, Any]:
        name = self._schemas._file(action, "request")
        schema = orjson.loads((self._schemas._folder / name).read_text(encoding="utf-8-sig"))
        # As it comes out of the parser: integers beyond 64 bits are floats then.
        drawn: dict[str, Any] = orjson.loads(json.dumps(self._draw(schema, schema, 0)))
        return drawn

    def _draw(self, node: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
        if "$ref" in node:
            return self._draw(root["definitions"][node["$ref"].rpartition("/")[2]], root, depth)
        if "enum" in node:
            return self._chance.choice(node["enum"])
        kind = node.get("type", "string")
        if kind == "object":
            return self._object(node, root, depth)
        if kind == "array":
            least = node.get("minItems", 0)
            count = self._chance.randint(least, min(node.get("maxItems", 4), max(least, 3)))
            return [self._draw(node["items"], root, depth + 1) for _ in range(count)]
        return self._scalar(kind, node)

    def _object(self, node: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
        required = set(node.get("required", ()))
        share = 0.6 / (1 + depth)
        return {
            name: self._draw(part, root, depth + 1)
            for name, part in node.get("properties", {}).items()
            if name in required or (name != "customData" and self._chance.random() < share)
        }

    def _scalar(self, kind: str, node: dict[str, Any]) -> Any:
        if kind == "boolean":
            return self._chance.random() < 0.5
        if kind == "integer":
            return self._bounded(self._chance.choice((*NUMBERS, self._chance.randint(-5, 5))), node)
        if kind == "number":
            return self._bounded(self._chance.choice((*FLOATS, *NUMBERS[:6])), node)
        if node.get("format") == "date-time":
            return self._chance.choice(TIMES)
        if node.get("format") == "uri":
            return self._chance.choice(URIS)
        text = self._chance.choice((*TEXTS, "".join(self._chance.choices(string.printable, k=8))))
        return text[: node.get("maxLength", len(text))].ljust(node.get("minLength", 0), "x")

    @staticmethod
    def _bounded(number: Any, node: dict[str, Any]) -> Any:
        lowered = min(number, node.get("maximum", number))
        return max(lowered, node.get("minimum", lowered))
