"""What an action's expressions see: the values of now, and those from before its first step."""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, cast

from hub.blueprint.schema import BEFORE


class _Since(ChainMap[str, Any]):
    """`before.<name>` beside the names themselves."""


def since(env: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follows `env` while that changes. What a named action calls before is what was before the whole."""
    if isinstance(env, _Since):
        return env
    before = {f"{BEFORE}{name}": value for name, value in env.items()}
    return _Since(before, cast(dict[str, Any], env))
