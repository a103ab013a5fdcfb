"""The tutorial, followed as it is written."""

import re
from pathlib import Path

import pytest

from hub.cli.main import main
from hub.shipped import shipped

GUIDE = shipped("blueprints").parent / "docs" / "guide" / "blueprint.md"
FILE = "config/blueprints/acme/mk3.yaml"


@pytest.fixture
def parts() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["blueprint", "new", FILE]) == 0
    return tmp_path / FILE


def test_its_blueprint_is_complete_when_its_tests_are_there_and_can_be_configured(
    begun: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    blueprint = [part for part in parts if not part.startswith("# config/")]
    first = begun.read_text(encoding="utf-8").splitlines()[0]
    before = next(index for index, part in enumerate(blueprint) if part.startswith("tests:"))
    begun.write_text("\n".join([first, *blueprint[:before]]), encoding="utf-8")
    assert main(["blueprint", "check", FILE]) == 1
    assert "tests: is missing; a blueprint without tests is not accepted" in capsys.readouterr().out
    begun.write_text("\n".join([first, *blueprint]), encoding="utf-8")
    assert main(["blueprint", "check", FILE]) == 0
    assert main(["blueprint", "test", FILE]) == 0
    assert "9 passed, 0 failed" in capsys.readouterr().out
    assert main(["blueprint", "plan", FILE]) == 0
    plan = re.search(r"```\n(once .*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert plan is not None
    assert capsys.readouterr().out == plan[1]
    config = next(part for part in parts if part.startswith("# config/evhub.yaml"))
    Path("config/evhub.yaml").write_text(config, encoding="utf-8")
    assert main(["check", "-c", "config/evhub.yaml"]) == 0
