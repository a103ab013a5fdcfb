"""A hub whose configuration is broken at its start uses the last good one, and says so."""

import random
from pathlib import Path

import pytest

from hub.config.kept import keep, load_or_last_good, state_dir
from hub.config.load import load_config
from hub.errors import ConfigError

GOOD = """\
hub: {name: Depot, state_dir: state}
mqtt: {listen: 127.0.0.1:0, users: {ems: {password: !secret ems}}}
chargers: !include chargers.yaml
"""
CHARGERS = """\
garage:
  name: Garage
  use_blueprint: {path: keba/p30, input: {host: 192.0.2.1}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "evhub.yaml"
    file.write_text(GOOD)
    (tmp_path / "chargers.yaml").write_text(CHARGERS)
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("ems: very-secret-word\n")
    secrets.chmod(0o600)
    keep(load_config(file))
    return file


def test_a_good_file_is_used_as_it_is(path: Path) -> None:
    config = load_or_last_good(path)
    assert config.refused == ()
    assert list(config.chargers) == ["garage"]


def test_a_broken_file_gives_way_to_the_last_good_one(path: Path) -> None:
    path.write_text("hub: {name: Depot, state_dir: state}\nmqtt: [\n")
    config = load_or_last_good(path)
    assert config.hub.name == "Depot"
    assert list(config.chargers) == ["garage"]
    assert config.mqtt.users["ems"].password == "very-secret-word"
    assert config.hub.state_dir == path.parent / "state"
    (problem,) = config.refused
    assert problem.startswith(f"{path}:")


def test_an_included_file_that_is_gone_is_remembered(path: Path) -> None:
    (path.parent / "chargers.yaml").unlink()
    config = load_or_last_good(path)
    assert list(config.chargers) == ["garage"]
    assert "chargers.yaml" in config.refused[0]


def test_a_file_that_is_not_there_is_nobodys_configuration(path: Path) -> None:
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_or_last_good(path)


def test_another_files_copy_is_not_used(path: Path) -> None:
    other = path.with_name("other.yaml")
    other.write_text("hub: {state_dir: state}\nmqtt: [\n")
    with pytest.raises(ConfigError):
        load_or_last_good(other)


def test_without_any_copy_the_problems_are_told(path: Path) -> None:
    for copy in (path.parent / "state" / "config").iterdir():
        copy.unlink()
    path.write_text("hub: {state_dir: state, colour: x}\n")
    with pytest.raises(ConfigError, match="colour"):
        load_or_last_good(path)


def test_secrets_are_never_copied_and_broken_ones_fail_closed(path: Path) -> None:
    copies = list((path.parent / "state" / "config").iterdir())
    assert all("very-secret-word" not in copy.read_text() for copy in copies)
    assert [copy.stat().st_mode & 0o777 for copy in copies] == [0o600]
    (path.parent / "secrets.yaml").write_bytes(bytes(100))
    with pytest.raises(ConfigError):
        load_or_last_good(path)


def test_three_generations_are_kept_and_a_damaged_one_is_passed_over(path: Path) -> None:
    folder = path.parent / "state" / "config"
    for number in range(5):
        path.write_text(GOOD.replace("Depot", f"Depot {number}"))
        for _ in range(2):  # the same again is no generation
            keep(load_config(path))
    assert sorted(copy.name for copy in folder.iterdir()) == [f"good-{n}.json" for n in (1, 2, 3)]
    path.write_text("hub: {state_dir: state\n")
    for number, damage in ((4, b""), (3, b"{"), (2, b"[]")):
        assert load_or_last_good(path).hub.name == f"Depot {number}"
        (folder / f"good-{5 - number}.json").write_bytes(damage)
    with pytest.raises(ConfigError):
        load_or_last_good(path)


def test_a_configuration_with_a_bad_charger_is_not_a_good_one(path: Path) -> None:
    (path.parent / "chargers.yaml").write_text(CHARGERS + "Bad: {}\n")
    keep(load_config(path))
    path.write_text("hub: {state_dir: state\n")
    assert load_or_last_good(path).bad_chargers == {}


def test_the_state_directory_is_found_in_a_broken_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('hub:\n  state_dir: "there"\n  - [')
    assert state_dir(path) == path.parent / "there"
    path.write_bytes(bytes(500))
    assert state_dir(path) == Path("/var/lib/evhub")
    monkeypatch.setenv("EVHUB_STATE_DIR", "/run/evhub")
    assert state_dir(path) == Path("/run/evhub")


@pytest.mark.parametrize("seed", range(60))
def test_no_damage_keeps_the_hub_from_starting(
    path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes flipped, cut, doubled, zeroed: either it still checks or the last good one is used."""
    monkeypatch.setenv("EVHUB_STATE_DIR", str(path.parent / "state"))
    chance = random.Random(seed)
    file = path if seed % 2 else path.with_name("chargers.yaml")
    body = bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(body)), chance.randint(1, 20)
        kind = chance.choice(["flip", "zero", "cut", "double"])
        if kind == "flip":
            body[at] ^= 1 << chance.randrange(8)
        elif kind == "zero":
            body[at : at + length] = bytes(len(body[at : at + length]))
        elif kind == "cut" and len(body) > 40:
            del body[at : at + length]
        else:
            body[at:at] = body[at : at + length]
    file.write_bytes(body)
    config = load_or_last_good(path)
    assert config.refused or config.bad_chargers or config.texts[str(file)].encode() == bytes(body)
    if config.refused:
        assert list(config.chargers) == ["garage"]
