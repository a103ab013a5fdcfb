"""What goes wrong on the command line is one clear line and an exit code, and never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.main import main

MAIN = [sys.executable, "-m", "hub.cli.main"]
CONFIG = """\
hub: {state_dir: state}
chargers: {garage: {use_blueprint: {path: keba/p30, input: {host: 127.0.0.1, port: 1}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evhub.yaml").write_text(CONFIG)
    (tmp_path / "dir").mkdir()
    (tmp_path / "bad.json").write_text("{\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("check -c nope.yaml", "nope.yaml: cannot be read: No such file or directory"),
        ("check -c dir", "dir: cannot be read: Is a directory"),
        ("check -c binary", "binary: cannot be read: it is no text in UTF-8"),
        ("run -c nope.yaml", "nope.yaml: cannot be read: No such file or directory"),
        ("status -c nope.yaml", "nope.yaml: there is no such file"),
        ("status -c evhub.yaml", "no hub is running on state (No such file or directory)"),
        ("mapping test nobody -c evhub.yaml", "no charger 'nobody' in evhub.yaml"),
        ("mapping test garaeg -c evhub.yaml", "no charger 'garaeg' in evhub.yaml; did you mean 'garage'?"),
        ("mapping test garage -c evhub.yaml", "127.0.0.1:1: Connection refused"),
        ("blueprint check nope", "no blueprint 'nope'"),
        ("blueprint check keba/p31", "no blueprint 'keba/p31'; did you mean 'keba/p30'?"),
        ("blueprint import nope", "nope: cannot be read: No such file or directory"),
        ("blueprint import dir", "dir: cannot be read: Is a directory"),
        ("blueprint import binary", "binary: cannot be read: it is no text in UTF-8"),
        ("blueprint import bad.json", "bad.json:2:1: no JSON: Expecting property name"),
        ("blueprint new binary/x", "binary/x.yaml: cannot be written: "),
        ("simulate csms --listen 127.0.0.1:99999", "'127.0.0.1:99999': expected host:port"),
        ("simulate csms --listen 192.0.2.1:9100", "192.0.2.1:9100: Cannot assign requested address"),
        ("simulate modbus keba/p30 --listen 192.0.2.1:1", "192.0.2.1:1: Cannot assign requested address"),
        ("topics --base a/#", "--base 'a/#': expected a topic of one or two levels"),
        ("discover modbus", "say where to look"),
        ("discover modbus 127.0.0.1 --port 99999", "--port 99999: expected 1 to 65535"),
    ],
)
def test_a_mishap_is_one_clear_line(
    folder: Path, command: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 1
    told = capsys.readouterr()
    assert words in told.out + told.err
    assert "Errno" not in told.out + told.err


def test_without_any_configuration_it_is_said_how_to_name_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("evhub.yaml: good")
    monkeypatch.chdir(folder / "dir")
    assert main(["check"]) == 1
    words = "config/evhub.yaml: cannot be read: No such file or directory; name yours with -c"
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        (
            {"host: 127.0.0.1": "host: 'http://h'"},
            ["evhub.yaml:2:36: charger garage: 'http://h': expected one"],
        ),
        (
            {"chargers": "csms: {url: 'ws://h', defaults: {HartbeatInterval: 3}}\nchargers"},
            ["evhub.yaml:2:52: csms.defaults.HartbeatInterval: OCPP has no such variable here; did you mean"],
        ),
        (
            {
                "chargers": "csms: {url: 'ws://h', defaults: {HeartbeatInterval: often}}\nchargers",
            },
            ["evhub.yaml:2:53: csms.defaults.HeartbeatInterval: 'often' is no value of it"],
        ),
    ],
)
def test_what_only_a_part_of_the_hub_can_judge_is_said_with_its_place(
    folder: Path, changed: dict[str, str], problems: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIG
    for before, after in changed.items():
        text = text.replace(before, after)
    (folder / "evhub.yaml").write_text(text)
    assert main(["check", "-c", "evhub.yaml"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(problems) + 1
    for line, begin in zip(told, problems, strict=False):
        assert line.startswith(begin), line


def test_a_name_that_nobody_knows_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert main(["discover", "modbus", "wallbox.invalid"]) == 1
    assert "wallbox.invalid: Name or service not known" in capsys.readouterr().err


def test_a_taken_port_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (folder / "evhub.yaml").write_text(CONFIG + f"mqtt: {{listen: '127.0.0.1:{port}'}}\n")
        assert main(["run", "-c", "evhub.yaml"]) == 1
        assert f"127.0.0.1:{port}: Address already in use\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["topics --asyncapi", "blueprint list"])
def test_whoever_reads_only_the_head_of_it_hears_no_complaint(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run([*MAIN, *command.split()], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_the_output_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([*MAIN, "blueprint", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ran.returncode, ran.stderr) == (1, "evhub blueprint: output: No space left on device\n")
