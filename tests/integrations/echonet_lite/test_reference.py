"""The generated page of the classes."""

from pathlib import Path

from integrations.echonet_lite.reference import page

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "echonet-classes.md"


def test_the_page_is_what_the_class_files_say() -> None:
    """If not: `python -m integrations.echonet_lite.reference > docs/reference/echonet-classes.md`."""
    assert DOCS.read_text(encoding="utf-8") == page()


def test_every_kind_of_value_is_told() -> None:
    told = page()
    for words in (
        "| EB | `chargingElectricPower` |",
        "0 to 999999999 W",
        "-214748364",
        "x D3 x E1",
        "date and time",
        "a list of EPCs",
        "a factor",
        "0 to 24 bytes",
        "分電盤",
    ):
        assert words in told, words
