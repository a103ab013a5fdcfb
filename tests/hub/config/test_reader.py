"""What stands in a file's stead: includes, secrets, the environment; each mistake at the place that asked for it."""

from pathlib import Path
from typing import Any

import pytest

from hub.config.reader import MAX_INCLUDES, Reader


def read(folder: Path, text: str, **others: str) -> tuple[Any, list[str]]:
    for name, content in others.items():
        file = folder / f"{name}.yaml"
        file.write_text(content)
        file.chmod(0o600)
    file = folder / "evhub.yaml"
    file.write_text(text)
    reader = Reader(file, {})
    tree = reader.read()
    return tree.value, [problem.replace(f"{folder}/", "") for problem in reader.problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mqtt: !include evhub.yaml", "evhub.yaml:1:7: mqtt: !include evhub.yaml: it includes itself"),
        ("hub: {name: !env EVHUB_NOT_THERE}", "there is no such environment variable"),
        ("hub: {name: !sceret x}", "did you mean 'secret'"),
        ("chargers: !include nowhere.yaml", "no such file beside"),
        ("chargers: !include ../evhub.yaml", "no such file beside"),
        ("hub: {name: !secret name}", "secrets.yaml is missing"),
    ],
)
def test_what_cannot_be_had_is_told_where_it_is_asked_for(tmp_path: Path, text: str, problem: str) -> None:
    _, (told,) = read(tmp_path, text)
    assert told.startswith("evhub.yaml:1:")
    assert problem in told


def test_a_secret_that_is_not_there_is_suggested(tmp_path: Path) -> None:
    _, (told,) = read(tmp_path, "hub: {name: !secret pasword}", secrets="password: x\n")
    assert "did you mean 'password'" in told


def test_what_is_included_has_its_places_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "evhub.yaml").write_text("chargers: !include chargers.yaml\n")
    (tmp_path / "chargers.yaml").write_text("garage:\n  name: !include name.yaml\n")
    (tmp_path / "name.yaml").write_text("Garage\n")
    tree = Reader(tmp_path / "evhub.yaml", {}).read()
    assert tree.value == {"chargers": {"garage": {"name": "Garage"}}}
    assert tree.where(("chargers", "garage")).startswith(f"{tmp_path}/chargers.yaml:2:")


def test_a_charger_that_includes_too_much_harms_no_other(tmp_path: Path) -> None:
    names = "".join(f"  box{n}: {{name: !include name.yaml}}\n" for n in range(MAX_INCLUDES + 1))
    value, (told,) = read(tmp_path, "chargers:\n" + names, name="Garage\n")
    assert f"more than {MAX_INCLUDES} includes" in told
    assert value["chargers"]["box0"] == {"name": "Garage"}


def test_secrets_are_not_among_the_texts_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text("pw: hidden\n")
    (tmp_path / "secrets.yaml").chmod(0o600)
    (tmp_path / "evhub.yaml").write_text("hub: {name: !secret pw}\n")
    reader = Reader(tmp_path / "evhub.yaml", {})
    assert reader.read().value["hub"]["name"] == "hidden"
    assert list(reader.texts) == [str(tmp_path / "evhub.yaml")]
