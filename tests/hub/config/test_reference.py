"""docs/reference/configuration.md names every key that may stand in evhub.yaml, and no other."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import voluptuous as vol

from hub.config.load import load_config
from hub.config.schema import CHARGER, CIRCUIT, DEVICE, TOP
from hub.shipped import shipped

PAGE = (shipped("config").parent / "docs/reference/configuration.md").read_text(encoding="utf-8")
FREE = "(free)"


def keys(schema: Any, before: str = "") -> Iterator[str]:
    """The dotted names of a schema's keys; of a map with free names, those of what it holds."""
    schema = getattr(schema, "schema", schema)
    if not isinstance(schema, Mapping):
        yield before.rstrip(".")
        return
    for key, value in schema.items():
        name = getattr(key, "schema", key)
        yield from keys(value, f"{before}{name}." if isinstance(name, str) else f"{before}{FREE}.")


def section(name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"no section {name}"
    return found[1]


def named(text: str) -> set[str]:
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_key_has_its_line() -> None:
    for top, body in TOP.schema.items():
        declared = {"chargers": CHARGER, "devices": DEVICE, "circuits": CIRCUIT}.get(top, body)
        wanted = {name.split(f".{FREE}")[0] for name in keys(declared) if not name.startswith(FREE)}
        told = named(section(top))
        plain = {name for name in wanted if name not in told and name.split(".")[0] not in told}
        assert not plain, f"{top}: {plain} are not on the page"
        unknown = told - wanted - {name.split(".")[0] for name in wanted}
        assert not unknown, f"{top}: {unknown} may not stand there"


def test_the_keys_of_a_schema_are_found_whatever_wraps_them() -> None:
    schema = vol.Schema({"a": {"b": str}, vol.Required("c"): str})
    assert set(keys(schema)) == {"a.b", "c"}


def test_the_page_s_example_is_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file, secrets = tmp_path / "evhub.yaml", tmp_path / "secrets.yaml"
    file.write_text(example, encoding="utf-8")
    secrets.write_text("{ems: password-of-the-ems, csms: password-of-the-csms}", encoding="utf-8")
    secrets.chmod(0o600)
    assert set(load_config(file).chargers) == {"garage", "street-1"}
