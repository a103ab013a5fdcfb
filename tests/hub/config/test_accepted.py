"""The hub's own file of chargers that were found."""

from pathlib import Path

import pytest

from hub.config.accepted import FILE, Accepted
from hub.config.load import load_config
from hub.errors import ConfigError, HubError

FOUND = {"use_blueprint": {"path": "echonet/ev_charger", "input": {"host": "192.0.2.7"}}}


def written(folder: Path, text: str = "hub: {state_dir: .}\nchargers: {}\n") -> Path:
    file = folder / "evhub.yaml"
    file.write_text(text)
    return file


def test_accepted_chargers_are_configured_ones(tmp_path: Path) -> None:
    Accepted({"found": FOUND}, ("FE01/02A101",)).write(tmp_path)
    assert load_config(written(tmp_path)).chargers["found"].inputs == {"host": "192.0.2.7"}
    assert load_config(written(tmp_path, "hub: {state_dir: .}")).chargers["found"].name == "found"
    assert Accepted.read(tmp_path).ignored == ("FE01/02A101",)


def test_what_people_write_goes_before_it(tmp_path: Path) -> None:
    Accepted({"found": FOUND}).write(tmp_path)
    own = "hub: {state_dir: .}\nchargers: {found: {name: Mine, use_blueprint: {path: keba/p30}}}\n"
    assert load_config(written(tmp_path, own)).chargers["found"].name == "Mine"


def test_a_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("chargers:\n  found:\n    title: x\n    use_blueprint: {path: a/b}\n")
    (problem,) = load_config(written(tmp_path)).bad_chargers["found"]
    assert problem.startswith(f"{tmp_path / FILE}:3:5: chargers.found.title: unknown key")


@pytest.mark.parametrize("text", ["[", "[]"])
def test_a_spoilt_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ConfigError, match=f"{FILE}:1:"):
        load_config(written(tmp_path))
    with pytest.raises(HubError, match=f"{FILE}:1:"):
        Accepted.read(tmp_path)


def test_lists_where_maps_belong_are_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("chargers: [a]\n")
    with pytest.raises(HubError, match="expected chargers: and ignored:"):
        Accepted.read(tmp_path)
    assert load_config(written(tmp_path)).chargers == {}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="No such file"):
        Accepted().write(tmp_path / "missing")
