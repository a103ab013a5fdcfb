"""evhub status, reload, cmd, sessions: talk to the running hub."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from hub.config.kept import state_dir
from hub.config.load import config_path, load_config
from hub.control import ask
from hub.errors import ConfigError, HubError


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    status = commands.add_parser("status", help="what the running hub does")
    status.set_defaults(work=work_status)
    reload = commands.add_parser("reload", help="apply what changed in the configuration")
    reload.set_defaults(work=work_reload)
    command = commands.add_parser(
        "cmd", help="a command to a charger: evhub cmd garage set_limit '{\"current\": 10}'"
    )
    command.add_argument("charger")
    command.add_argument("op")
    command.add_argument("message", nargs="?", default="{}", help="JSON")
    command.set_defaults(work=work_cmd)
    sessions = commands.add_parser("sessions", help="closed charging sessions, the newest first")
    sessions.add_argument("charger", nargs="?")
    sessions.add_argument("--from", dest="begin", metavar="TIME", help="such as 2026-01-31T00:00:00Z")
    sessions.add_argument("--to", dest="end", metavar="TIME")
    sessions.add_argument("--limit", type=int, default=100)
    sessions.set_defaults(work=work_sessions)
    for parser in (status, reload, command, sessions):
        parser.add_argument("-c", "--config", help="evhub.yaml")
        parser.add_argument("--json", action="store_true")


def _ask(given: argparse.Namespace, op: str, **arguments: object) -> Any:
    return asyncio.run(ask(_socket(given), op, **arguments))


def _socket(given: argparse.Namespace) -> Path:
    """Of a hub that may run although its file is broken by now."""
    path = config_path(given.config)
    if given.config and not path.is_file():
        raise HubError(f"{path}: there is no such file")
    try:
        folder = load_config(path).hub.state_dir
    except ConfigError:
        folder = state_dir(path)
    return folder / "control.sock"


def work_status(given: argparse.Namespace) -> int:
    told = _ask(given, "status")
    if given.json:
        print(json.dumps(told))
        return 0
    health = told["health"]
    online = f"{health['chargers_online']}/{health['chargers']} chargers online"
    print(f"up {health['uptime_s']} s, {health['rss_mb']} MB, {online}")
    for problem in told["config_problems"]:
        print(f"the last good configuration is used: {problem}")
    for gauge in told["gauges"]:
        if gauge["name"].endswith("_use_ratio"):
            print(f"{gauge['labels']['wire']}: {gauge['value']:.0%} in use")
    for circuit, state in told["circuits"].items():
        print(f"{circuit:<20} {shared(state)}")
    for charger in told["chargers"]:
        states = told["states"].get(charger["id"], {})
        words = ", ".join(f"{number}: {_words(state)}" for number, state in states.items())
        print(f"{charger['id']:<20} {'online' if charger['online'] else 'OFFLINE':<8} {words}")
        if away := told["away"].get(charger["id"]):
            print(f"{'':<20} {away}")
    return 0


def shared(state: dict[str, Any]) -> str:
    """A circuit in a line."""
    waiting = [f"{each['charger']}/{each['evse']}" for each in state["members"] if each["state"] == "waiting"]
    phases = state.get("phases", {})
    given = [f"{each['allocated']:g} of {each['available']:g} A" for each in phases.values()]
    if len(set(given)) > 1:
        words = ", ".join(f"{phase} {each}" for phase, each in zip(phases, given, strict=True)) + " given"
    else:
        words = f"{state['allocated']:g} of {state['available']:g} A given"
    if state["other"] is not None:
        words += f", {state['other']:g} A drawn by others"
    if state["meter"] == "silent":
        words += ", its meter is SILENT"
    if waiting:
        words += f", waiting: {', '.join(waiting)}"
    return words + (", OVERLOADED" if state["overloaded"] else "")


def _words(state: dict[str, Any]) -> str:
    power = state.get("power")
    return f"{state.get('status', 'unknown')}" + ("" if power is None else f" {power / 1000:.1f} kW")


def work_reload(given: argparse.Namespace) -> int:
    told = _ask(given, "reload")
    if given.json:
        print(json.dumps(told))
    else:
        changes = [f"{name}: {', '.join(ids)}" for name, ids in told.items() if isinstance(ids, list) and ids]
        changes += [name for name, changed in told.items() if changed is True]
        print("; ".join(changes) or "nothing changed")
    return 0


def work_cmd(given: argparse.Namespace) -> int:
    try:
        message = json.loads(given.message)
    except json.JSONDecodeError as error:
        raise HubError(f"the message is no JSON: {error}") from error
    told = _ask(given, "cmd", charger=given.charger, operation=given.op, message=message)
    print(json.dumps(told) if given.json else f"{told['status']} {json.dumps(told['result'])}")
    if told["error"] and not given.json:
        print(f"{told['error']['code']}: {told['error']['message']}")
    return 0 if told["status"] == "accepted" else 1


def work_sessions(given: argparse.Namespace) -> int:
    wanted = {"charger": given.charger, "from": given.begin, "to": given.end, "limit": given.limit}
    found = _ask(given, "sessions/query", **wanted)["sessions"]
    if given.json:
        print(json.dumps(found))
        return 0
    if not found:
        print("no closed session", file=sys.stderr)
    for session in found:
        place, minutes = f"{session['charger']}/{session['evse']}", session["duration_s"] / 60
        who = session["id_tag"] or "-"
        print(
            f"{session['started'][:19]}  {place:<24}{minutes:6.0f} min {session['energy_kwh']:9.3f} kWh  {who}"
        )
    return 0
