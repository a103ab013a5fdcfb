"""`evhub blueprint` on the command line."""

import json
from pathlib import Path

import pytest

from hub.cli.main import main


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blueprint", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Blueprint of a charger"


def test_a_new_blueprint_names_the_schema_and_passes_its_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mk3.yaml"
    assert main(["blueprint", "new", str(file)]) == 0
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=file:///")
    assert main(["blueprint", "test", str(file)]) == 0
    assert "2 passed, 0 failed" in capsys.readouterr().out


def test_a_register_map_is_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, file = tmp_path / "acme.mbmap.json", tmp_path / "acme" / "_mk3.yaml"
    source.write_text(
        json.dumps(
            {"mbmap": 2, "vendor": "Acme", "model": "Mk3", "registers": [{"name": "Power", "address": 5}]}
        ),
        encoding="utf-8",
    )
    assert main(["blueprint", "import", str(source)]) == 0
    assert "power: {at: 5}" in capsys.readouterr().out
    assert main(["blueprint", "import", str(source), str(file)]) == 0
    assert main(["blueprint", "check", str(file)]) == 0
    source.write_text("{}", encoding="utf-8")
    assert main(["blueprint", "import", str(source)]) == 1
    assert "#/mbmap: expected a register map of version 2" in capsys.readouterr().out
