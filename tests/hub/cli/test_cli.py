"""The command line, as a person uses it."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.cli import demo
from hub.cli.main import main
from hub.cli.talk import shared
from tests.e2e.world import World

GOOD = "chargers: {garage: {use_blueprint: {path: keba/p30, input: {host: 192.0.2.1}}}}\n"
BAD = "chargers: {garage: {use_blueprint: {path: keba/p31}}}\n"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file = tmp_path / "evhub.yaml"
    file.write_text(GOOD)
    return file


def test_a_good_configuration_is_said_to_be_good(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-c", str(written)]) == 0
    assert "good, 1 charger" in capsys.readouterr().out
    assert main(["check", "-c", str(written), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("text", [BAD, "chargers: [", "hubb: {}", "chargers: {A B: {}}"])
def test_a_bad_one_is_told_with_its_lines(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evhub.yaml"
    file.write_text(text)
    assert main(["check", "-c", str(file)]) == 1
    assert "problem" in capsys.readouterr().out


def test_blueprints_are_listed_checked_tested_planned_and_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["blueprint", "list"]) == 0
    assert "keba/p30" in capsys.readouterr().out
    assert main(["blueprint", "check", "alfen/eve"]) == 0
    assert main(["blueprint", "test", "webasto/next"]) == 0
    assert "0 failed" in capsys.readouterr().out
    assert main(["blueprint", "plan", "abb/terra_ac"]) == 0
    assert "fast (every 1 s): 1 request" in capsys.readouterr().out
    new = tmp_path / "mine.yaml"
    assert main(["blueprint", "new", str(new)]) == 0
    assert main(["blueprint", "test", str(new)]) == 0
    assert main(["blueprint", "new", str(new)]) == 1
    new.write_text(new.read_text().replace("power: 11000", "power: 1"))
    assert main(["blueprint", "test", str(new)]) == 1
    new.write_text(new.read_text().replace("scale", "scael").replace("current_limit > 0", "current_limt > 0"))
    assert main(["blueprint", "check", str(new)]) == 1
    assert "did you mean 'current_limit'" in capsys.readouterr().out
    assert main(["blueprint", "check", "keba/p31"]) == 1
    assert main(["blueprint", "check"]) == 1


def test_wrong_usage_exits_with_2() -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["fly"])
    assert exit_.value.code == 2


def test_without_a_running_hub_that_is_said(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written.write_text(f"hub: {{state_dir: {written.parent}}}\n" + GOOD)
    for command in (["status"], ["reload"], ["cmd", "garage", "refresh"]):
        assert main([*command, "-c", str(written)]) == 1
    assert "no hub is running" in capsys.readouterr().err
    assert main(["cmd", "garage", "refresh", "{", "-c", str(written)]) == 1
    assert main(["mapping", "test", "nobody", "-c", str(written)]) == 1


@pytest.fixture
def running(tmp_path: Path) -> Iterator[World]:
    """A hub in a thread of its own, so that the command line can talk to it."""
    ready, stop, worlds = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with World(
            tmp_path, {"garage": ("keba/p30", {}, ", tokens: {free: true}")}, csms=False
        ) as world:
            await world.until(lambda: world.status("garage") == "available")
            worlds.append(world)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    yield worlds[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    loop.close()


def test_the_running_hub_is_asked_and_told(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["-c", str(running.path)]
    assert main(["status", *config]) == 0
    shown = capsys.readouterr().out
    assert "available" in shown
    assert "% in use" in shown
    assert main(["status", "--json", *config]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["chargers"][0]["id"] == "garage"
    assert {gauge["name"] for gauge in told["gauges"]} >= {"evhub_modbus_wire_use_ratio"}
    assert main(["cmd", "garage", "set_limit", '{"current": 10}', *config]) == 0
    assert main(["cmd", "garage", "set_limit", '{"current": "x"}', *config]) == 1
    assert "bad_value" in capsys.readouterr().out
    assert main(["reload", *config]) == 0
    assert main(["reload", "--json", *config]) == 0
    capsys.readouterr()
    assert main(["sessions", "garage", "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["sessions", *config]) == 0
    assert capsys.readouterr().err == "no closed session\n"
    assert main(["sessions", "garaeg", *config]) == 1
    assert "no session of one; did you mean 'garage'?" in capsys.readouterr().err
    assert main(["cmd", "garaeg", "refresh", *config]) == 1
    assert main(["cmd", "garage", "refreshh", *config]) == 1
    assert main(["cmd", "garage", "set_limit", '{"curent": 8}', *config]) == 1
    assert main(["cmd", "garage", "reset", '{"typee": "Soft"}', *config]) == 1
    told = capsys.readouterr().out
    assert [word in told for word in ("'garage'?", "'refresh'?", "'current'?", "'type'?")] == [True] * 4
    assert main(["cmd", "garage", "refresh", "[]", *config]) == 1
    assert "must be a JSON object" in capsys.readouterr().err
    assert main(["sessions", "--from", "soon", *config]) == 1
    assert main(["mapping", "test", "garage", *config]) == 0
    shown = capsys.readouterr().out
    assert "Energy.Active.Import.Register" in shown
    assert '"connectorStatus": "Available"' in shown
    assert "Current.Import" in shown
    assert "Current.Export" not in shown  # it can't take energy from a car
    assert "limits can be set" in shown
    assert main(["mapping", "test", "garage", "--json", *config]) == 0


def test_what_a_blueprint_offers_is_told_while_the_charger_is_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "evhub.yaml"
    box = "{use_blueprint: {path: keba/p30, input: {host: 127.0.0.1, port: 1}}}"
    written.write_text(f"chargers: {{garage: {box}}}\n")
    assert main(["mapping", "test", "garage", "-c", str(written)]) == 1
    told = capsys.readouterr()
    assert "limits can be set" in told.out
    assert "127.0.0.1:1: Connection refused" in told.err


def shown(world: World, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([command, "-c", str(world.path)]) == 0
    return capsys.readouterr().out


def until(said: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while not said():
        assert time.monotonic() < patience


def test_closed_sessions_are_told(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    outlet = running.chargers["garage"]
    running.loop.call_soon_threadsafe(outlet.plug)
    until(lambda: "available" not in shown(running, "status", capsys))
    running.loop.call_soon_threadsafe(outlet.unplug)
    until(lambda: shown(running, "sessions", capsys) != "")
    told = shown(running, "sessions", capsys).splitlines()
    assert len(told) == 1
    assert "garage/1" in told[0]
    assert told[0].endswith("kWh  -")


def test_who_is_away_is_told_with_the_reason(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    charger = running.chargers["garage"]
    asyncio.run_coroutine_threadsafe(charger.close(), running.loop).result(30)
    until(lambda: "OFFLINE" in shown(running, "status", capsys))
    assert "refused" in shown(running, "status", capsys).splitlines()[-1].lower()


async def test_a_day_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "SPEED", 600.0)
    real = asyncio.sleep
    monkeypatch.setattr(demo.asyncio, "sleep", lambda seconds: real(min(seconds, 2.5)))
    world = demo.Demo(tmp_path, demo.free_port(0))
    await world.start()
    await world.day()
    await world.stop()
    demo.print_hints(1883)
    shown = capsys.readouterr().out
    assert "0 complaints" in shown
    assert "mosquitto_sub" in shown


async def test_the_commands_of_a_second_day_of_the_demo_are_other_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = demo.Demo(tmp_path, demo.free_port(0))
    await world.start()
    sent: list[object] = []
    assert world.hub is not None
    world.hub.bus.subscribe("evhub/+/cmd", lambda message: sent.append(message.payload))
    for _ in range(2):
        await world._cmd("yard", "refresh", {})
    await world.stop()
    assert len(set(sent)) == 2


def test_a_circuit_in_the_status_is_a_line() -> None:
    seat = {"charger": "box", "evse": 2, "state": "waiting"}
    state = {
        "allocated": 16.0,
        "available": 20.0,
        "other": 12.0,
        "meter": "ok",
        "overloaded": False,
        "members": [seat],
    }
    assert shared(state) == "16 of 20 A given, 12 A drawn by others, waiting: box/2"
    state |= {"meter": "silent", "other": None, "overloaded": True, "members": []}
    assert shared(state) == "16 of 20 A given, its meter is SILENT, OVERLOADED"
    alike = {"allocated": 16.0, "available": 20.0}
    state["phases"] = {"L1": alike, "L2": alike}
    assert shared(state).startswith("16 of 20 A given, ")
    state["phases"] = {"L1": alike, "L2": {**alike, "allocated": 0.0}}
    assert shared(state).startswith("L1 16 of 20 A, L2 0 of 20 A given, ")
