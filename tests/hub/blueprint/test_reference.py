"""The page of all chargers."""

from typing import Any

from hub.blueprint.reference import Entry, page
from hub.cli.blueprint import shipped_page
from hub.shipped import shipped
from tests.hub.blueprint.conftest import Load


def entry(load: Load, path: str, *, link: dict[str, Any] | None = None, **about: Any) -> Entry:
    source = {"blueprint": {"name": "Small", **about}, "link": link or {"host": "192.0.2.1"}}
    return Entry(path, source, load())


def row(text: str, path: str) -> list[str]:
    line = next(line for line in text.splitlines() if f"| `{path}` |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_says_what_the_blueprint_can_do(load: Load) -> None:
    told = entry(load, "small/mk3", vendor="Small", models=["Mk3", "Mk4"], sources=["a paper"])
    told.source["keep_alive"] = {"every": "timeout / 2", "do": {"lock": 1}}  # type: ignore[index]
    assert row(page([told]), "small/mk3") == [
        *("Small", "Mk3, Mk4", "`small/mk3`", "TCP", "yes", "1 A", "yes"),
        *("–", "–", "–", "write every timeout / 2", "–", "a paper", "–"),
    ]


def test_wires_are_told_with_their_speed(load: Load) -> None:
    links = {
        "a/rtu": {"serial": "x", "baudrate": 9600},
        "a/ascii": {"serial": "x", "framer": "ascii", "baudrate": 38400},
        "a/both": {"host": "x", "baudrate": 19200},
    }
    text = page([entry(load, path, link=link) for path, link in links.items()])
    assert {path: row(text, path)[3] for path in links} == {
        "a/rtu": "RTU 9600",
        "a/ascii": "ASCII 38400",
        "a/both": "TCP, RTU 19200",
    }


def test_makers_stand_in_their_order_and_brands_lead_to_them(load: Load) -> None:
    text = page([entry(load, "b/one", vendor="beta", brands=["Gamma"]), entry(load, "a/one", vendor="Alpha")])
    assert text.index("a/one") < text.index("b/one")
    assert "| Gamma | `b/one` |" in text


def test_what_must_be_set_at_the_charger_is_listed(load: Load) -> None:
    told = entry(load, "a/one")
    told.source["requires"] = ["Modbus on", "firmware 2"]  # type: ignore[index]
    assert "- `a/one`: Modbus on; firmware 2\n" in page([told])


def test_the_page_in_the_documentation_is_current() -> None:
    """If not: `evhub blueprint reference > docs/reference/chargers.md`."""
    file = shipped("blueprints").parent / "docs" / "reference" / "chargers.md"
    assert file.read_text(encoding="utf-8") == shipped_page()
