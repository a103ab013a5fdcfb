"""Configurations, good and bad: every mistake with its place, all at once."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.config.changes import Changes, compare
from hub.config.load import config_path, load_config
from hub.config.settings import Secret
from hub.errors import ConfigError
from hub.shipped import shipped

KEBA = "use_blueprint: {path: keba/p30, input: {host: h}}"


def load(folder: Path, text: str) -> object:
    file = folder / "evhub.yaml"
    file.write_text(text)
    return load_config(file)


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "evhub.yaml"
    file.write_text(text)
    try:
        config = load_config(file)
    except ConfigError as error:
        return [problem.replace(str(folder) + "/", "") for problem in error.problems]
    return [p.replace(str(folder) + "/", "") for listed in config.bad_chargers.values() for p in listed]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "hub: {languag: en}",
            "evhub.yaml:1:7: hub.languag: unknown key 'languag'; did you mean 'language'?",
        ),
        ("hub: {language: de}", "evhub.yaml:1:17: hub.language: 'de' is none of en, ja"),
        ("hub: {timezone: Asia/Tokio}", "did you mean 'Asia/Tokyo'"),
        ("hub: []", "hub: expected a map"),
        ("[]", "expected a map with hub:"),
        ("hub: {name: {}}", "expected a text"),
        ("log: {keep: -1}", "expected a whole number from 0 to 3650"),
        ("log: {compress: 1}", "expected true or false"),
        ("web: {}", "web: is not in this version yet"),
        ("mqtt: {compat: {}}", "mqtt.compat: is not in this version yet"),
        ("mqtt: {broker: 'http://h'}", "expected embedded, or mqtt://host"),
        ("mqtt: {broker: 'mqtt://u:p@h'}", "mqtt.broker: the user and the password have keys of their own"),
        (
            "csms: {url: 'ws://u:p@h'}",
            "csms.url: the user is the charger's identity, and the password has a key",
        ),
        (
            "mqtt:\nlisten: 127.0.0.1:1",
            "mqtt: expected a map, and there is nothing: indent what belongs here",
        ),
        ("mqtt: {tls: {cert: no.pem}}", "evhub.yaml:1:20: mqtt.tls.cert: no.pem: no such file"),
        ("hub: " + "[" * 3000 + "]" * 3000, "evhub.yaml:1:1: nested deeper than"),
        ("mqtt: {broker: 'mqtt://h:x'}", "expected embedded"),
        ("mqtt: {broker: 'mqtt://h'}", "insecure: true if that is meant"),
        ("mqtt: {listen: '0.0.0.0:1883'}", "needs users"),
        ("mqtt: {listen: nowhere}", "expected host:port"),
        ("mqtt: {base_topic: a/b/c}", "expected a topic of one or two levels"),
        ("mqtt: {users: {a: {}}}", "mqtt.users.a.password: is missing"),
        ("mqtt: {users: {a: {password: x, read: '#'}}}", "expected a list of topic filters"),
        ("csms: {url: 'http://h'}", "expected ws:// or wss://"),
        ("csms: {url: 'ws://h:x'}", "expected ws:// or wss://"),
        ("csms: {url: 'ws://h', versions: [ocpp1.5]}", "did you mean 'ocpp1.6'"),
        ("csms: {url: 'ws://h', versions: [ocpp1.6, ocpp1.6]}", "stands twice"),
        ("csms: {url: 'ws://h', host_keys: files.lan}", "expected a list of lines"),
        (
            "chargers: {a: {" + KEBA + ", csms: {url: 'ws://h', host_keys: [a]}}}",
            "'a' is no line of ssh-keyscan",
        ),
        (
            "csms: {url: 'ws://h', host_keys: [a]}\nchargers: {a: {" + KEBA + ", csms: {identity: x}}}",
            "evhub.yaml:1:35: csms.host_keys.0: 'a' is no line of ssh-keyscan",
        ),
        ("csms: {url: 'ws://h', versions: 1}", "expected a list of"),
        ("csms: {url: 'ws://h', defaults: []}", "expected names and values"),
        ("csms: {urll: 'ws://h'}", "did you mean 'url'"),
        ("chargers: []", "chargers: expected a map"),
        ("chargers: {A: {" + KEBA + "}}", "a charger's id has 1 to 48"),
        ("chargers: {bridge: {" + KEBA + "}}", "its topics are the hub's"),
        ("chargers: {circuit: {" + KEBA + "}}", "its topics are the hub's"),
        ("chargers: {a: {}}", "use_blueprint: is missing"),
        ("chargers: {a: {integration: ocpp}}", "is not in this version yet"),
        ("chargers: {a: {" + KEBA + ", limits: {max_current: 0}}}", "expected amperes"),
        ("chargers: {a: {" + KEBA + ", limits: {fallback: of}}}", "is none of hold"),
        ("chargers: {a: {" + KEBA + ", csms: {identity: x}}}", "url: is missing"),
        ("chargers: {a: {" + KEBA + ", csms: {url: 'ws://h', security_profile: 2}}}", "needs a wss:// url"),
        ("chargers: {a: {" + KEBA + ", csms: {url: 'ws://h', security_profile: 1}}}", "needs a password"),
        ("chargers: {a: {" + KEBA + ", csms: {url: 'wss://h', security_profile: 3}}}", "needs cert and key"),
        (
            "chargers: {a: {" + KEBA + ", csms: {url: 'ws://h', identity: 'a:b', password: x}}}",
            "it has no ':'",
        ),
        ("chargers: {a: {" + KEBA + ", csms: {url: 'wss://h', ca: no.pem}}}", "no such file"),
        (
            "csms: {url: 'ws://h', identity: X}\nchargers: {a: {" + KEBA + "}, b: {" + KEBA + "}}",
            "that of a already",
        ),
        ("chargers: {a: {" + KEBA + ", name: !secret x}}", "secrets.yaml is missing"),
        ("hub: {a: 1, a: 2}", "evhub.yaml:1:13: key 'a' stands twice"),
        ("hub: {on: 1}", "is a boolean in YAML"),
        ("hub: {? [a] : 1}", "a key must be a word"),
        ("hub: !!python/object:os.system {}", "doesn't belong here"),
        ("hub: &a [*a]", "nested too deeply"),
        ("hub: " + "[" * 200, "nested deeper"),
        ("hub: [", "evhub.yaml:"),
        ("a: &" + " &".join(f"x{n} b" for n in range(80)), "anchors"),
    ],
)
def test_every_mistake_has_its_place_and_says_what_was_expected(
    tmp_path: Path, text: str, problem: str
) -> None:
    found = problems(tmp_path, text)
    assert any(problem in line for line in found), found
    assert all(line.split(":")[1].isdecimal() for line in found)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "hub: {languag: en}\nlog: {levl: info}\nmqtt: {listen: x}\n")) == 3


def test_a_bad_section_hides_no_mistake_of_another_or_of_a_charger(tmp_path: Path) -> None:
    text = """\
csms: {url: 'http://x'}
hub: {name: a, name: b}
mqtt: {broker: 'mqtt://far'}
chargers:
  a: {use_blueprint: {path: keba/p30}, csms: {identity: x}, limits: {max_current: 0}}
  b: {usebp: 1}
tokens: {X: {namee: x}}
"""
    told = [problem.split(": ")[0].removeprefix("evhub.yaml:") for problem in problems(tmp_path, text)]
    assert [place.split(":")[0] for place in told] == ["1", "2", "3", "7", "5", "6", "6"]
    assert problems(tmp_path, "csms: [1]") == ["evhub.yaml:1:7: csms: expected a map"]
    assert "did you mean 'name'?" in problems(tmp_path, text)[3]


def test_secrets_environment_and_includes_are_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets.yaml").write_text("pw: 0123456789abcdef\n")
    (tmp_path / "secrets.yaml").chmod(0o600)
    (tmp_path / "chargers.yaml").write_text("garage:\n  " + KEBA + "\n  limits: {max_current: 16}\n")
    (tmp_path / "ca.pem").touch()
    monkeypatch.setenv("EVHUB_TEST_NAME", "Depot")
    text = (
        "hub: {name: !env EVHUB_TEST_NAME}\n"
        "csms: {url: 'wss://h/ocpp/', password: !secret pw,\n"
        "  defaults: {HeartbeatInterval: 60, LocalPreAuthorize: false}}\n"
        "mqtt: {users: {ems: {password: !secret pw}}, listen: '0.0.0.0:1884', tls: {ca: ca.pem}}\n"
        "tokens: {04A2: {group: fleet}, x: null}\n"
        "chargers: !include chargers.yaml\n"
    )
    config = load(tmp_path, text)
    assert config.hub.name == "Depot"  # type: ignore[attr-defined]
    garage = config.chargers["garage"]  # type: ignore[attr-defined]
    assert garage.csms.url == "wss://h/ocpp"
    assert garage.csms.defaults == {"HeartbeatInterval": "60", "LocalPreAuthorize": "false"}
    assert "0123" not in repr(config)
    (tmp_path / "chargers.yaml").write_text("garage:\n  " + KEBA + "\n  limits: {max_curent: 16}\n")
    assert problems(tmp_path, text)[0].startswith("chargers.yaml:3:")
    (tmp_path / "secrets.yaml").chmod(0o666)
    with pytest.raises(ConfigError, match="chmod 600"):
        load(tmp_path, text)


def test_two_chargers_that_are_one_device_are_told_and_work(tmp_path: Path) -> None:
    rows = [("a", "{host: h, port: 502}"), ("b", "{port: 502, host: h}"), ("c", "{host: h, port: 503}")]
    text = "chargers:\n" + "".join(
        f"  {name}: {{use_blueprint: {{path: keba/p30, input: {given}}}}}\n" for name, given in rows
    )
    config = load(tmp_path, text)
    assert list(config.chargers) == ["a", "b", "c"]  # type: ignore[attr-defined]
    (told,) = config.odd  # type: ignore[attr-defined]
    assert told.endswith("evhub.yaml:3:6: chargers.b: is the same device as a: same blueprint and input")


def test_the_example_is_good() -> None:
    assert load_config(shipped("config") / "evhub.yaml").chargers["garage"].limits.max_current == 16


def test_the_place_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVHUB_CONFIG", raising=False)
    assert config_path("x.yaml") == Path("x.yaml")
    assert config_path(None).name == "evhub.yaml"
    monkeypatch.chdir(tmp_path)
    assert config_path(None) == Path("config/evhub.yaml")
    (tmp_path / "evhub.yaml").touch()
    assert config_path(None) == Path("evhub.yaml")
    monkeypatch.setenv("EVHUB_CONFIG", "y.yaml")
    assert config_path(None) == Path("y.yaml")
    assert repr(Secret("x")) == "'***'"


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "nowhere.yaml")


def test_changes_are_told_charger_by_charger(tmp_path: Path) -> None:
    def made(text: str) -> object:
        return load(tmp_path, text)

    old = made("chargers: {a: {" + KEBA + "}, b: {" + KEBA + "}}")
    new = made("chargers: {a: {" + KEBA + ", name: A}, c: {" + KEBA + "}}\nlog: {level: debug}")
    assert compare(old, new) == Changes(("c",), ("b",), ("a",), False, True, ())  # type: ignore[arg-type]
    assert str(compare(old, new)) == "added: c; removed: b; changed: a; log"
    assert str(Changes()) == "nothing changed"
    assert not compare(old, old)  # type: ignore[arg-type]
    moved = made("hub: {state_dir: x}\nmqtt: {base_topic: y}")
    assert compare(old, moved).restart == ("hub.state_dir", "mqtt.base_topic")  # type: ignore[arg-type]


SAMPLE = (shipped("config") / "evhub.yaml").read_text()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 30), st.text("{}[]:,'\"!&*-#\n abc01", max_size=8))
def test_a_mutant_is_read_or_told_never_more(tmp_path: Path, at: int, cut: int, new: str) -> None:
    mutant = SAMPLE[:at] + new + SAMPLE[at + cut :]
    for problem in problems(tmp_path, mutant):
        assert ":" in problem


def test_what_a_blueprint_finds_wrong_is_told_with_the_place_in_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, "chargers:\n  a: {" + KEBA + "}")
    (problem,) = config.chargers["a"].problems(["input 'hst' is not declared"])
    assert re.fullmatch(r".*evhub\.yaml:2:\d+: charger a: input 'hst' is not declared", problem)


def test_a_charger_that_only_moved_in_the_file_has_not_changed(tmp_path: Path) -> None:
    before = load(tmp_path, "chargers:\n  a: {" + KEBA + "}")
    assert not compare(before, load(tmp_path, "chargers:\n\n  # moved\n  a: {" + KEBA + "}"))
