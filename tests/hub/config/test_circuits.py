"""The section `circuits`: who shares what, and every mistake with its place."""

from pathlib import Path

import pytest

from hub.cli.main import main
from hub.config.changes import compare
from hub.config.circuits import missing_evses
from hub.config.load import load_config
from hub.config.settings import CircuitSettings, Config, MemberSettings
from hub.errors import ConfigError

CHARGERS = """
chargers:
  a: {use_blueprint: {path: keba/p30, input: {host: h}}}
  b: {use_blueprint: {path: keba/p30, input: {host: i}}}
  twin: {use_blueprint: {path: alfen/eve, input: {host: j}}}
devices:
  panel: {integration: echonet_lite, input: {eoj: 0x0287, host: auto}}
circuits:
"""


def load(folder: Path, *lines: str) -> Config:
    file = folder / "evhub.yaml"
    file.write_text(CHARGERS + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
    return load_config(file)


def problems(folder: Path, *lines: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(folder, *lines)
    return [problem.replace(f"{folder}/", "") for problem in error.value.problems]


def test_a_circuit_with_all_its_keys(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "shed: {max_current: 16, members: [b, twin/2], phases: 1, voltage: 200}",
        "main: {name: All, max_current: 63, members: [{member: a, priority: 2, phases: [L2, L3, L1]},",
        "  {member: shed, phases: L3}, twin/1], reserve: 3, meter: [panel/current_l1, panel/current_l2],",
        "  rotate: 600, raise_delay: 10, fallback: stop, car_phases: seen}",
    )
    assert config.circuits["shed"] == CircuitSettings(
        *("shed", "shed", 16.0, (MemberSettings("b"), MemberSettings("twin", 2))), phases=1, voltage=200.0
    )
    main = config.circuits["main"]
    assert main.members == (
        MemberSettings("a", priority=2, phases=(2, 3, 1)),
        MemberSettings("shed", phases=(3,)),
        MemberSettings("twin", 1),
    )
    assert (main.voltage, main.car_phases) == (230.0, "seen")
    assert main.meter == (("panel", "current_l1"), ("panel", "current_l2"))
    assert (main.name, main.reserve, main.rotate, main.raise_delay) == ("All", 3.0, 600.0, 10.0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "m: {max_current: 16, members: [aa]}",
            "circuits.m.members.0: there is no charger and no circuit 'aa'",
        ),
        ("main: {max_current: 16, members: [twinn]}", "did you mean 'twin'?"),
        ("m: {max_current: 16, members: [a, a/1]}", "circuits.m.members.1: 'a/1' stands twice"),
        ("m: {max_current: 16, members: [m]}", "circuits.m.members: goes round: m in m"),
        ("m: {max_current: 16, members: [a], meter: pnael/power}", "did you mean 'panel'?"),
        ("m: {max_current: 16, members: [a], meter: panel/soc}", "expected a power or a current"),
        ("m: {max_current: 16, members: []}", "expected a list of chargers"),
        ("m: {max_current: 16, members: [{priority: 1}]}", "or {member: box, priority: 1}"),
        (
            "m: {max_current: 16, members: [b, {member: a, prio: 1}]}",
            "9:37: circuits.m.members.1: unknown key 'prio'; did you mean 'priority'?",
        ),
        ("m: {max_current: 16, members: [b, A]}", "9:37: circuits.m.members.1: 'A': expected a charger"),
        (
            "m: {max_current: 16, members: [a], meter: [panel/power_l1, panel/soc]}",
            "9:62: circuits.m.meter.1: expected a power or a current, not soc",
        ),
        ("m: {max_current: 16, members: [{member: a, phases: L4}]}", "expected L1, L2 or L3"),
        ("m: {max_current: 16, members: [{member: a, phases: [L1, L1]}]}", "expected L1, L2 or L3"),
        ("m: {max_current: 16, members: [{member: a, phases: L2}], phases: 1}", "the circuit has only L1"),
        ("m: {max_current: 16, members: [a], voltage: 400}", "the volts between a phase and neutral"),
        ("m: {max_current: 16, members: [a], car_phases: guessed}", "none of wired, seen"),
        ("m: {max_current: 16, members: [{member: a, priority: 10}]}", "from -9 to 9"),
        ("m: {max_current: 0, members: [a]}", "expected amperes (more than 0)"),
        ("m: {max_current: 16, members: [a], reserve: -1}", "expected amperes (0 or more)"),
        ("m: {max_current: 16, members: [a], rotate: -1}", "expected seconds from 0 to 86400"),
        ("m: {max_current: 16, members: [a], phases: 2}", "expected 1 or 3"),
        ("m: {max_current: 16, members: [a], phases: 1.0}", "expected 1 or 3, not 1.0"),
        ("m: {max_current: 16, members: [a], phases: true}", "expected 1 or 3, not True"),
        ("m: {max_curent: 16, members: [a]}", "did you mean 'max_current'?"),
        ("m: {members: [a]}", "max_current: is missing"),
        ("a: {max_current: 16, members: [b]}", "'a' is a charger's id"),
        ("panel: {max_current: 16, members: [b]}", "'panel' is a device's id"),
        ("bridge: {max_current: 16, members: [b]}", "its topics are the hub's"),
    ],
)
def test_mistakes(tmp_path: Path, line: str, problem: str) -> None:
    found = problems(tmp_path, line)
    assert any(problem in each and each.startswith("evhub.yaml:9:") for each in found), found


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "p: {max_current: 16, members: [a, q]}",
        "q: {max_current: 16, members: [a, r, b]}",
        "r: {max_current: 16, members: [p, nobody], rotate: 3}",
    )
    assert [each.partition(": ")[2] for each in found] == [
        "circuits.p.members: goes round: p in r in q in p",
        "circuits.q.members.0: 'a' is in p already",
        "circuits.r.members.1: there is no charger and no circuit 'nobody'",
        "circuits.r.rotate: is said at the outermost circuit, for all in it",
    ]


def test_a_circuit_that_is_too_small_is_odd_and_no_mistake(tmp_path: Path) -> None:
    config = load(tmp_path, "p: {max_current: 5, members: [a]}", "q: {max_current: 10, members: [b, twin]}")
    assert [each.partition(": ")[2] for each in config.odd] == [
        "circuits.p.max_current: 5 A are too little for any car, which needs 6 A",
        "circuits.q.max_current: 10 A are 6 A each for 1: 2 members will take turns",
    ]


def test_a_circuit_s_phases_are_counted_each(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "p: {max_current: 6, members: [{member: a, phases: L1}, {member: b, phases: L2}]}",
        "q: {max_current: 6, members: [{member: twin/1, phases: L1}, {member: twin/2, phases: [L3, L1]}]}",
    )
    assert [each.partition(": ")[2] for each in config.odd] == [
        "circuits.q.max_current: 6 A are 6 A each for 1: 2 members will take turns"
    ]


def test_the_phases_of_a_circuit_in_another_are_all_named(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "p: {max_current: 16, members: [{member: q, phases: [L1, L2]}, {member: r, phases: [L1, L2, L3]}]}",
        "q: {max_current: 16, members: [a], phases: 1}",
        "r: {max_current: 16, members: [b]}",
    )
    assert [each.partition(": ")[2] for each in found] == [
        "circuits.p.members.0: phases: 'q' has 1, and 2 are named"
    ]


def test_a_reserve_of_more_than_there_is_is_odd(tmp_path: Path) -> None:
    config = load(tmp_path, "p: {max_current: 16, reserve: 20, members: [a]}")
    assert [each.partition(": ")[2] for each in config.odd] == [
        "circuits.p.max_current: 0 A are too little for any car, which needs 6 A"
    ]


def test_an_evse_that_a_charger_does_not_have_is_told_with_its_place(tmp_path: Path) -> None:
    config = load(tmp_path, "p: {max_current: 16, members: [a, twin/3]}")
    assert missing_evses(config.circuits, {"a": 1, "twin": 2}) == [
        f"{tmp_path}/evhub.yaml:9:37: circuits.p.members: twin has no EVSE 3, only 2"
    ]
    assert missing_evses(config.circuits, {"a": 1}) == []


def test_a_changed_circuit_changes_no_charger(tmp_path: Path) -> None:
    before = load(tmp_path, "p: {max_current: 16, members: [a]}")
    changes = compare(before, load(tmp_path, "p: {max_current: 20, members: [a, b]}"))
    assert changes.circuits
    assert str(changes) == "circuits"


def test_a_check_tells_what_is_odd_and_what_a_charger_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, "p: {max_current: 10, members: [a, b]}")
    assert main(["check", "-c", str(tmp_path / "evhub.yaml")]) == 0
    assert "2 members will take turns" in capsys.readouterr().out
    load(tmp_path, "p: {max_current: 32, members: [a, b/2]}")
    assert main(["check", "-c", str(tmp_path / "evhub.yaml")]) == 1
    assert "circuits.p.members: b has no EVSE 2, only 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("meter", "problem"),
    [
        ("panel/current_l1", None),
        ("panel/channel_3_power", None),
        (
            "[panel/current_l1, panel/current_l3]",
            "9:64: circuits.p.meter: panel tells no current_l3",
        ),
        ("panel/channel_1_current", "9:45: circuits.p.meter: panel tells no channel_1_current; did you mean"),
    ],
)
def test_a_key_that_a_meter_never_tells_is_an_error_of_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], meter: str, problem: str | None
) -> None:
    load(tmp_path, f"p: {{max_current: 16, members: [a], meter: {meter}}}")
    assert main(["check", "-c", str(tmp_path / "evhub.yaml")]) == (0 if problem is None else 1)
    assert (problem or "good") in capsys.readouterr().out


def test_a_charger_s_meter_is_checked_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evhub.yaml"
    text = CHARGERS.replace("{host: h}}}", "{host: h}}, meter: {power: panel/powerr}}")
    file.write_text(text.replace("circuits:", ""), encoding="utf-8")
    assert main(["check", "-c", str(file)]) == 1
    assert "chargers.a.meter.power: panel tells no powerr; did you mean 'power'?" in capsys.readouterr().out
